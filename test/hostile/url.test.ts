import type { LookupFunction } from 'node:net';
import { isIPv6 } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { manualClock } from '../../services/adapters/clock/manual.ts';
import { isPublicAddress } from '../../services/adapters/source/address.ts';
import {
  checkUrl,
  guardedLookup,
  namedHosts,
  type Resolve,
} from '../../services/adapters/source/guard.ts';
import { httpSource } from '../../services/adapters/source/http.ts';
import type { Source } from '../../services/ports/source.ts';
import { textOf } from '../support/bytes.ts';
import { serveHandler, type LoopbackServer } from '../support/http-server.ts';
import { ANSWERS, HOSTILE_URLS } from './url-cases.ts';

const resolve: Resolve = async (hostname) => {
  const addresses = ANSWERS[hostname];
  if (addresses === undefined) throw new Error(`the test resolves no ${hostname}`);
  return addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
};

describe('the fetcher', () => {
  let server: LoopbackServer;
  let source: Source;

  beforeAll(async () => {
    server = await serveHandler((request, response) => {
      const { searchParams } = new URL(request.url ?? '/', 'http://x');
      const location = searchParams.get('to');
      if (location === null) response.end('inside');
      else response.writeHead(302, { location: encodeURI(location) }).end();
    });
    source = httpSource({
      allowedHosts: [server.host],
      clock: manualClock(new Date('2026-11-21')),
      random: () => 0,
      resolve,
      policy: { attemptsMax: 1 },
    });
  });
  afterAll(() => server.close());

  const fetchUrl = (url: string) => source.fetch({ url, sizeBytesMax: 1000 });

  it('is tried with at least sixty addresses', () => {
    expect(new Set(HOSTILE_URLS.map(([, url]) => url)).size).toBeGreaterThanOrEqual(60);
  });

  it.each(HOSTILE_URLS)('refuses %s: %s', async (_what, url) => {
    await expect(fetchUrl(url)).rejects.toMatchObject({ kind: 'config-invalid' });
  });

  // Nothing is a redirect to the same page; a backslash and a space arrive percent-encoded, as no host at all.
  const absolute = HOSTILE_URLS.filter(([, url]) => /^[a-z0-9]+:/.test(url) && url !== 'http:///');

  it.each(absolute)('refuses a redirect to %s: %s', async (_what, url) => {
    const before = server.requests.length;
    const to = encodeURIComponent(url);
    await expect(fetchUrl(`${server.url}/?to=${to}`)).rejects.toMatchObject({
      kind: 'config-invalid',
    });
    expect(server.requests.length - before).toBe(1);
  });

  it('reaches what the operator named, by that very host and port', async () => {
    const reply = await fetchUrl(`${server.url}/plain`);
    expect(reply.status === 'fresh' && textOf(reply.bytes)).toBe('inside');
  });

  it('does not reach another port of a named host', async () => {
    await expect(fetchUrl('http://127.0.0.1:1/')).rejects.toMatchObject({ kind: 'config-invalid' });
  });

  it('does not reach a named address by another name', async () => {
    const { port } = new URL(server.url);
    for (const host of ['localhost', 'private.example', '[::ffff:127.0.0.1]', '127.0.0.2']) {
      await expect(fetchUrl(`http://${host}:${port}/`)).rejects.toMatchObject({
        kind: 'config-invalid',
      });
    }
  });

  it('reaches a named name wherever it leads', async () => {
    const { port } = new URL(server.url);
    const named = httpSource({
      allowedHosts: [`localhost:${port}`],
      clock: manualClock(new Date('2026-11-21')),
      random: () => 0,
      resolve,
    });
    const reply = await named.fetch({ url: `http://localhost:${port}/`, sizeBytesMax: 100 });
    expect(reply).toMatchObject({ status: 'fresh' });
  });

  it('never shows a password', async () => {
    const error = await fetchUrl('http://user:s3cret@public.example/').catch(
      (e: Error) => e.message,
    );
    expect(error).not.toContain('s3cret');
    expect(error).not.toContain('user@');
  });
});

describe('a name whose answer changes', () => {
  const lookUp = (lookup: LookupFunction): Promise<string> =>
    new Promise((done, fail) => {
      lookup('rebind.example', { all: false }, (error, address) => {
        if (error) fail(error);
        else done(typeof address === 'string' ? address : JSON.stringify(address));
      });
    });

  it('is connected to at the address that was checked, and checked at every connection', async () => {
    const answers = ['8.8.8.8', '127.0.0.1'];
    let asked = 0;
    const changing: Resolve = async () => {
      asked += 1;
      return [{ address: answers[asked - 1] ?? '127.0.0.1', family: 4 }];
    };
    const target = checkUrl('http://rebind.example/', new Set());
    const lookup = guardedLookup(changing, target);
    expect(await lookUp(lookup)).toBe('8.8.8.8');
    expect(asked).toBe(1);
    await expect(lookUp(lookup)).rejects.toMatchObject({ kind: 'config-invalid' });
  });

  it('that has no address is unavailable', async () => {
    const target = checkUrl('http://rebind.example/', new Set());
    const lookup = guardedLookup(async () => [], target);
    await expect(lookUp(lookup)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('a redirect from https', () => {
  const base = new URL('https://public.example/a');

  it('to http is refused, to https and to a named host it is not', () => {
    const check = (location: string) => () =>
      checkUrl(location, namedHosts(['named.example']), base);
    expect(check('http://public.example/b')).toThrow(/from https to http/);
    expect(check('//public.example/b')()).toMatchObject({ isNamed: false });
    expect(check('http://named.example/b')()).toMatchObject({ isNamed: true });
  });
});

describe('named hosts', () => {
  it.each([
    ['example.com', 'https://example.com/', true],
    ['example.com', 'http://example.com/', true],
    ['example.com', 'http://example.com:8080/', false],
    ['EXAMPLE.com:8080', 'http://example.com:8080/', true],
    ['[::1]:9000', 'http://[::1]:9000/', true],
    ['[::1]', 'http://[::1]/', true],
    ['127.0.0.1:443', 'https://127.0.0.1/', true],
    ['127.0.0.1:80', 'https://8.8.8.8/', false],
  ])('%s names %s: %s', (host, url, isNamed) => {
    const outcome = (() => {
      try {
        return checkUrl(url, namedHosts([host])).isNamed;
      } catch {
        // Refused is not named.
        return false;
      }
    })();
    expect(outcome).toBe(isNamed);
  });

  it.each(['', ':80', 'http://x y'])('%j is no host', (host) => {
    expect(() => namedHosts([host])).toThrow(expect.objectContaining({ kind: 'config-invalid' }));
  });
});

describe('public addresses', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '129.170.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '11.0.0.1',
    '223.255.255.254',
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));
  it.each([
    '2606:4700:4700::1111',
    '2a00:1450:4001:81b::200e',
    '2001:4860:4860::8888',
    '2400:cb00::1',
  ])('%s is public', (address) => expect(isPublicAddress(address)).toBe(true));
  it.each(['', 'example.com', '1.2.3', '8.8.8.8/8', 'fe80::1%eth0', '2606:4700::1%eth0'])(
    '%j is not',
    (address) => expect(isPublicAddress(address)).toBe(false),
  );
});
