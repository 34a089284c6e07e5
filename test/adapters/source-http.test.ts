import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';

import { manualClock } from '../../services/adapters/clock/manual.ts';
import { httpSource } from '../../services/adapters/source/http.ts';
import { sourceContract } from '../contract/source.ts';
import { textOf } from '../support/bytes.ts';
import { serveHandler, type LoopbackServer } from '../support/http-server.ts';
import { raw, sourceBench, START, status } from '../support/source-bench.ts';

const LAST_MODIFIED = 'Fri, 20 Nov 2026 12:00:00 GMT';

sourceContract('the http source', async (files) => {
  const server = await serveHandler((request, response) => {
    const name = decodeURIComponent((request.url ?? '/').slice(1));
    const bytes = files.get(name);
    if (bytes === undefined) {
      response.writeHead(404).end('nothing');
      return;
    }
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    const isSameTag = request.headers['if-none-match'] === etag;
    const isSameTime = request.headers['if-modified-since'] === LAST_MODIFIED;
    const isUnchanged = request.headers['if-none-match'] === undefined ? isSameTime : isSameTag;
    response.writeHead(isUnchanged ? 304 : 200, { etag, 'last-modified': LAST_MODIFIED });
    response.end(isUnchanged ? undefined : bytes);
  });
  return {
    source: httpSource({
      allowedHosts: [server.host],
      clock: manualClock(START),
      random: () => 0,
    }),
    urlOf: (name) => `${server.url}/${name.split('/').map(encodeURIComponent).join('/')}`,
    close: () => server.close(),
  };
});

describe('the http source', () => {
  const servers: LoopbackServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  it('tries a request that says so once, whatever is answered', async () => {
    const { server, source } = await sourceBench(servers, status(503));
    const request = { url: `${server.url}/x`, sizeBytesMax: 10, attemptsMax: 1 };
    await expect(source.fetch(request)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    [400, 'config-invalid', 1],
    [401, 'denied', 1],
    [403, 'denied', 1],
    [404, 'not-found', 1],
    [405, 'config-invalid', 1],
    [408, 'unavailable', 5],
    [410, 'not-found', 1],
    [429, 'throttled', 5],
    [500, 'unavailable', 5],
    [502, 'unavailable', 5],
    [503, 'unavailable', 5],
    [206, 'unavailable', 5],
    [304, 'unavailable', 5],
  ])('an answer %i is %s after %i tries', async (code, kind, tries) => {
    const { server, fetchPath } = await sourceBench(servers, status(code));
    await expect(fetchPath('/x')).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(`${server.url}/x answered ${code}`),
    });
    expect(server.requests).toHaveLength(tries);
  });

  it('a passing fault is cured by trying again', async () => {
    let count = 0;
    const { fetchPath, waits } = await sourceBench(servers, (request, response) => {
      count += 1;
      if (count === 1) return void request.socket.destroy();
      return void response.writeHead(count < 4 ? 500 : 200).end('fine');
    });
    const reply = await fetchPath('/x');
    expect(reply.status === 'fresh' && textOf(reply.bytes)).toBe('fine');
    expect(waits).toEqual([100, 200, 400]);
  });

  it.each([
    ['7', 7350],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 31_500],
  ])('waits as long as Retry-After says: %s', async (header, waitMs) => {
    let count = 0;
    const { fetchPath, waits } = await sourceBench(servers, (_request, response) => {
      count += 1;
      if (count > 1) return void response.end('fine');
      return void response.writeHead(429, { 'retry-after': header }).end();
    });
    await fetchPath('/x');
    expect(waits).toEqual([waitMs]);
  });

  it('does not wait an hour because it is told to: it tells', async () => {
    const { server, fetchPath } = await sourceBench(
      servers,
      status(429, { 'retry-after': '3600' }),
    );
    await expect(fetchPath('/x')).rejects.toMatchObject({
      kind: 'throttled',
      retryAfterMs: 3_600_000,
    });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['before the answer', ''],
    ['within the body', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome'],
  ])('silence %s is unavailable', async (_, text) => {
    const { fetchPath } = await sourceBench(servers, raw(text, false), {
      silenceTimeoutMs: 40,
      policy: { attemptsMax: 2 },
    });
    await expect(fetchPath('/x')).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('an answer that drips for ever ends at the deadline', async () => {
    const { fetchPath } = await sourceBench(
      servers,
      (_request, response) => {
        const drip = setInterval(() => response.write('x'), 5);
        response.once('close', () => clearInterval(drip));
      },
      { timeoutMs: 60, policy: { attemptsMax: 1 } },
    );
    await expect(fetchPath('/x', 1_000_000)).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('took longer than 60 ms'),
    });
  });

  it('a stop ends a fetch in the middle of the body', async () => {
    const stopper = new AbortController();
    const { source, server } = await sourceBench(servers, (_request, response) => {
      response.writeHead(200).write('some');
      setImmediate(() => stopper.abort());
    });
    await expect(
      source.fetch({ url: server.url, sizeBytesMax: 100, signal: stopper.signal }),
    ).rejects.toMatchObject({ kind: 'interrupted' });
    expect(server.requests).toHaveLength(1);
  });

  it('nobody listening is unavailable', async () => {
    const { server, fetchPath } = await sourceBench(servers, status(200));
    await server.close();
    await expect(fetchPath('/x')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('follows redirects and tells where they ended', async () => {
    const { server, fetchPath } = await sourceBench(servers, (request, response) => {
      const hop = Number((request.url ?? '').slice(1));
      if (hop >= 5) return void response.end('the end');
      return void response
        .writeHead([301, 302, 303, 307, 308][hop] ?? 500, { location: `/${hop + 1}` })
        .end();
    });
    expect(await fetchPath('/0')).toMatchObject({ status: 'fresh', url: `${server.url}/5` });
    expect(server.requests).toHaveLength(6);
  });

  it('gives up after five redirects', async () => {
    const { server, fetchPath } = await sourceBench(servers, status(302, { location: '/again' }));
    await expect(fetchPath('/x')).rejects.toMatchObject({ kind: 'config-invalid' });
    expect(server.requests).toHaveLength(6);
  });

  it('follows none where each request is counted', async () => {
    const location = 'ftp://elsewhere/secret';
    const { server, source } = await sourceBench(servers, status(302, { location }));
    const request = { url: `${server.url}/x`, sizeBytesMax: 100, redirectsMax: 0 };
    await expect(source.fetch(request)).rejects.toMatchObject({
      kind: 'config-invalid',
      message: `${server.url}/x leads to another address, and is not followed`,
    });
    expect(server.requests).toHaveLength(1);
  });

  it('sends neither cookies nor the query of the first address to another host', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serveHandler((request, response) => {
      seen.push(request.url, request.headers.cookie, request.headers.referer);
      seen.push(request.headers.authorization);
      response.end('fine');
    });
    servers.push(other);
    const first = await serveHandler((_request, response) => {
      response.writeHead(302, { location: `${other.url}/landing`, 'set-cookie': 'a=1' }).end();
    });
    servers.push(first);
    const source = httpSource({
      allowedHosts: [first.host, other.host],
      clock: manualClock(START),
      random: () => 0,
    });
    await source.fetch({ url: `${first.url}/?apikey=s3cret`, sizeBytesMax: 100 });
    expect(seen).toEqual(['/landing', undefined, undefined, undefined]);
  });

  it('no message holds the query of an address, where keys are', async () => {
    const { fetchPath } = await sourceBench(servers, status(404));
    const said = await fetchPath('/data?apikey=s3cret').then(
      () => 'nothing',
      (error: Error) => `${error.message} ${JSON.stringify(error)}`,
    );
    expect(said).toContain('/data?…');
    expect(said).not.toContain('s3cret');
  });
});
