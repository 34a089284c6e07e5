import { readFileSync } from 'node:fs';
import type { ClientConfig } from 'pg';
import { PipelineError } from '../../core/error.ts';

/** Ways of TLS with a server, the safest first; each is tried when the server knows nothing of the one before. */
export type TlsPlan = readonly ClientConfig['ssl'][];

export interface PostgresAddress {
  /** For messages: without user, password and settings. */
  shown: string;
  client: ClientConfig;
  tls: TlsPlan;
}

const SETTINGS = [
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'connect_timeout',
  'application_name',
];
const CONNECT_SECONDS_MAX = 15;

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…`. The settings after `?` mean what they mean to libpq
 * (https://www.postgresql.org/docs/15/libpq-connect.html); `config-invalid` names one that is not known.
 */
export function postgresAddress(address: string, defaultPort = 5432): PostgresAddress {
  const url = new URL(address);
  const settings = url.searchParams;
  const host = decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1');
  const shown = `${url.protocol}//${url.hostname}:${url.port || defaultPort}${url.pathname}`;
  const strange = [...settings.keys()].find((name) => !SETTINGS.includes(name));
  if (strange !== undefined) throw wrong(shown, `${strange} is not a setting of an address`);
  const password = decodeURIComponent(url.password);
  const seconds = Number(settings.get('connect_timeout') ?? CONNECT_SECONDS_MAX);
  const database = decodeURIComponent(url.pathname.slice(1));
  return {
    shown,
    client: {
      host,
      port: Number(url.port || defaultPort),
      ...(url.username === '' ? {} : { user: decodeURIComponent(url.username) }),
      ...(database === '' ? {} : { database }),
      // As a function it is asked for only when the server wants one, and no other place is searched for it.
      password: () => password,
      application_name: settings.get('application_name') ?? 'argosy',
      connectionTimeoutMillis: (seconds > 0 ? seconds : CONNECT_SECONDS_MAX) * 1000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
    },
    tls: tlsPlan(settings, host, shown),
  };
}

function tlsPlan(settings: URLSearchParams, host: string, shown: string): TlsPlan {
  const isLocal = /^(?:localhost|127\.|::1$|\/)/.test(host) || host === '';
  const mode = settings.get('sslmode') ?? (isLocal ? 'disable' : 'prefer');
  const file = (name: string): Buffer | undefined => {
    const path = settings.get(name);
    return path === null ? undefined : readCertificate(path, name, shown);
  };
  const [ca, cert, key] = [file('sslrootcert'), file('sslcert'), file('sslkey')];
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  const unchecked = { ...files, rejectUnauthorized: false };
  // A certificate of the right authority, for whatever name.
  const checked = { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  switch (mode) {
    case 'disable':
      return [false];
    case 'allow':
    case 'prefer':
      return [unchecked, false];
    case 'require':
      return [ca === undefined ? unchecked : checked];
    case 'verify-ca':
      return [checked];
    case 'verify-full':
      return [{ ...files, rejectUnauthorized: true }];
    default:
      throw wrong(
        shown,
        'sslmode is none of disable, allow, prefer, require, verify-ca, verify-full',
      );
  }
}

function readCertificate(path: string, name: string, shown: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw wrong(shown, `${name}=${path} cannot be read`, cause);
  }
}

function wrong(shown: string, what: string, cause?: unknown): PipelineError {
  return new PipelineError('config-invalid', `${shown}: ${what}`, {
    hint: `settings of an address: ${SETTINGS.join(', ')} (docs/warehouse.md)`,
    ...(cause === undefined ? {} : { cause }),
  });
}
