import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';

import { PipelineError } from '../../core/error.ts';
import { isPublicAddress } from './address.ts';

/** What a name resolves to. */
export interface Address {
  address: string;
  family: number;
}

export type Resolve = (hostname: string) => Promise<readonly Address[]>;

/** The machine's own resolver. */
export const systemResolve: Resolve = (hostname) => lookup(hostname, { all: true });

/** An address without what may be secret in it (query, user) and not longer than a line. */
export function showUrl(url: URL): string {
  const path = url.pathname.length > 200 ? `${url.pathname.slice(0, 200)}…` : url.pathname;
  return `${url.protocol}//${url.host}${path}${url.search === '' ? '' : '?…'}`;
}

/** The hosts that the operator named, as `host:port`. A name without a port stands for ports 80 and 443. */
export function namedHosts(allowedHosts: readonly string[]): ReadonlySet<string> {
  return new Set(
    allowedHosts.flatMap((host) => {
      const port = /^(?:\[.*\]|[^:]*):(\d+)$/.exec(host)?.[1];
      const hostname = /^[^/\\@?#\s]+$/.test(host) ? parse(`http://${host}`)?.hostname : '';
      if (hostname === undefined || hostname === '') {
        throw new PipelineError(
          'config-invalid',
          `allowed host ${JSON.stringify(host)} is no host`,
          {
            hint: 'write host or host:port, such as 127.0.0.1:8080',
          },
        );
      }
      return port === undefined ? [`${hostname}:80`, `${hostname}:443`] : [`${hostname}:${port}`];
    }),
  );
}

/** An address that may be asked, as far as can be told without asking a name server. */
export interface Target {
  url: URL;
  /** The operator named host and port: it may be anywhere, also in this machine. */
  isNamed: boolean;
}

/**
 * Checks an address before a request. Throws `config-invalid` unless it is http or https, without user and password,
 * and its host is named by the operator, a public IP address, or a name (which `guardedLookup` checks).
 */
export function checkUrl(text: string, named: ReadonlySet<string>, base?: URL): Target {
  const url = parse(text, base);
  if (url === null) throw refusal('an address', 'it is no URL');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refusal(`a ${url.protocol.slice(0, 20)} address`, 'only http and https are fetched');
  }
  if (url.username !== '' || url.password !== '') {
    throw new PipelineError(
      'config-invalid',
      `${showUrl(url)} is not fetched: it holds a user name or password`,
      { hint: 'leave them out of the address: docs/sources.md says where credentials belong' },
    );
  }
  const port = url.port === '' ? defaultPort(url) : url.port;
  const isNamed = named.has(`${url.hostname}:${port}`);
  const literal = url.hostname.replace(/^\[(.*)\]$/, '$1');
  // Node connects to IP addresses without asking the lookup function, so these are checked here.
  if (!isNamed && isIP(literal) !== 0 && !isPublicAddress(literal)) {
    throw refusal(showUrl(url), 'its host is no public address');
  }
  if (base?.protocol === 'https:' && url.protocol === 'http:' && !isNamed) {
    throw refusal(showUrl(url), 'it leads from https to http');
  }
  return { url, isNamed };
}

/** Names that only a private network knows: without a dot, or below a domain that is nobody's in public. */
const PRIVATE_NAME = /^[^.]+$|\.(?:svc|local|internal|localhost|home\.arpa)$/i;

/** Refuses (`config-invalid`) to send a credential in the clear to a host of the public internet. */
export function requireCover({ url }: Target): void {
  if (url.protocol === 'https:') return;
  const literal = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isPrivate = isIP(literal) === 0 ? PRIVATE_NAME.test(literal) : !isPublicAddress(literal);
  if (isPrivate) return;
  const message = `${showUrl(url)} is not fetched: the credential would cross the network in the clear`;
  throw new PipelineError('config-invalid', message, { hint: 'write https://' });
}

/**
 * The name resolution of one connection: the addresses that are checked are the ones connected to, so an answer that
 * changes in between cannot lead elsewhere. One address that is not public is enough to refuse.
 */
export function guardedLookup(resolve: Resolve, target: Target): LookupFunction {
  return (hostname, options, callback) => {
    const answer = async (): Promise<void> => {
      const resolved = await settle(resolveChecked(resolve, hostname, target));
      if ('error' in resolved) return callback(resolved.error as NodeJS.ErrnoException, '', 0);
      const [first] = resolved.addresses;
      if (options.all === true) return callback(null, [...resolved.addresses]);
      return callback(null, first.address, first.family);
    };
    void answer();
  };
}

type Addresses = readonly [Address, ...Address[]];

async function settle(
  resolving: Promise<Addresses>,
): Promise<{ addresses: Addresses } | { error: unknown }> {
  try {
    return { addresses: await resolving };
  } catch (error) {
    return { error };
  }
}

async function resolveChecked(
  resolve: Resolve,
  hostname: string,
  target: Target,
): Promise<Addresses> {
  const [first, ...others] = await resolve(hostname);
  if (first === undefined) throw new PipelineError('unavailable', `${hostname} has no address`);
  const addresses = [first, ...others] as const;
  if (target.isNamed || addresses.every(({ address }) => isPublicAddress(address))) {
    return addresses;
  }
  throw refusal(showUrl(target.url), 'its host has an address that is not public');
}

function parse(text: string, base?: URL): URL | null {
  return URL.canParse(text, base?.href) ? new URL(text, base) : null;
}

function defaultPort(url: URL): string {
  return url.protocol === 'https:' ? '443' : '80';
}

function refusal(what: string, why: string): PipelineError {
  return new PipelineError('config-invalid', `${what} is not fetched: ${why}`, {
    hint: 'only the host of an address that the operator gives as a parameter may have another than a public address',
  });
}
