import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';

import { textOf, utf8 } from '../support/bytes.ts';
import type { LoopbackServer } from '../support/http-server.ts';
import { raw, sourceBench, status } from '../support/source-bench.ts';

describe('the body of an answer by http', () => {
  const servers: LoopbackServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close();
  });

  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', (bytes: Uint8Array) => bytes],
  ] as const)('reads an answer in %s although it did not ask for it', async (encoding, encode) => {
    const { fetchPath } = await sourceBench(servers, (request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity');
      response.writeHead(200, { 'content-encoding': encoding }).end(encode(utf8('a,b\n1,2\n')));
    });
    const reply = await fetchPath('/x');
    expect(reply.status === 'fresh' && textOf(reply.bytes)).toBe('a,b\n1,2\n');
  });

  it('reads two encodings, one in the other, and refuses three', async () => {
    const twice = gzipSync(deflateSync(utf8('x')));
    const { fetchPath } = await sourceBench(servers, (request, response) => {
      const encodings = request.url === '/2' ? 'deflate, gzip' : 'gzip, deflate, gzip';
      response.writeHead(200, { 'content-encoding': encodings }).end(twice);
    });
    const reply = await fetchPath('/2');
    expect(reply.status === 'fresh' && textOf(reply.bytes)).toBe('x');
    await expect(fetchPath('/3')).rejects.toMatchObject({ kind: 'input-invalid' });
  });

  it('an encoding that it does not know is input-invalid', async () => {
    const { fetchPath } = await sourceBench(servers, status(200, { 'content-encoding': 'zstd' }));
    await expect(fetchPath('/x')).rejects.toMatchObject({ kind: 'input-invalid' });
  });

  it('a bomb is too-large long before it is unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    const { fetchPath } = await sourceBench(servers, (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    const before = process.memoryUsage().rss;
    await expect(fetchPath('/x', 1_000_000)).rejects.toMatchObject({ kind: 'too-large' });
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('endless empty gzip members are too-large, though they unpack to nothing', async () => {
    const nothing = Buffer.concat(Array.from({ length: 500 }, () => gzipSync(Buffer.alloc(0))));
    const { fetchPath } = await sourceBench(servers, (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(nothing);
    });
    await expect(fetchPath('/x', 1000)).rejects.toMatchObject({ kind: 'too-large' });
  });

  it('an endless answer without a promised length is too-large', async () => {
    const { fetchPath } = await sourceBench(servers, (_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await expect(fetchPath('/x', 1_000_000)).rejects.toMatchObject({ kind: 'too-large' });
  });

  it.each([
    ['a body cut short', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this'],
    ['a chunked body cut short', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'],
    ['no answer', ''],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a head cut short', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ])('%s is unavailable', async (_, text) => {
    const { server, fetchPath } = await sourceBench(servers, raw(text));
    await expect(fetchPath('/x')).rejects.toMatchObject({ kind: 'unavailable' });
    expect(server.requests).toHaveLength(5);
  });

  it.each([
    ['cut gzip', gzipSync(utf8('some text that is long enough to be cut')).subarray(0, 20)],
    ['broken gzip', utf8('this is no gzip at all')],
  ])('%s is unavailable', async (_, bytes) => {
    const { fetchPath } = await sourceBench(servers, (_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes);
    });
    await expect(fetchPath('/x')).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('a promised length above the limit is too-large before a byte is read', async () => {
    const { fetchPath } = await sourceBench(
      servers,
      raw('HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n', false),
    );
    await expect(fetchPath('/x')).rejects.toMatchObject({ kind: 'too-large' });
  });

  it('a promised length below the truth gives no more than was promised', async () => {
    const { fetchPath } = await sourceBench(
      servers,
      raw('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdefghijklmnop', false),
    );
    const outcome = await fetchPath('/x').then(
      (reply) => (reply.status === 'fresh' ? textOf(reply.bytes) : reply.status),
      (error: { kind: string }) => error.kind,
    );
    expect(['abc', 'unavailable']).toContain(outcome);
  });
});
