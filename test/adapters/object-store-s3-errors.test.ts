import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

import { s3Connection } from '../../services/adapters/object-store/s3-connection.ts';
import { s3Store } from '../../services/adapters/object-store/s3.ts';
import { PipelineError } from '../../services/core/error.ts';
import { secret } from '../../services/core/secret.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import {
  badS3,
  reset,
  resetMidBody,
  s3Error,
  shortBody,
  silence,
  webPage,
  type Misbehaviour,
} from '../support/bad-s3.ts';
import { collect, listOf, textOf, utf8 } from '../support/bytes.ts';

/** What this process was warned of, from before the first client was made. */
const warnings: string[] = [];
process.on('warning', (warning) => warnings.push(warning.message));

const METHODS = {
  put: (store: ObjectStore) => store.put('a', utf8('x')),
  putIfAbsent: (store: ObjectStore) => store.putIfAbsent('a', utf8('x')),
  get: (store: ObjectStore) => store.get('a'),
  open: async (store: ObjectStore) => collect(await store.open('a')),
  head: (store: ObjectStore) => store.head('a'),
  list: (store: ObjectStore) => listOf(store.list('')),
  delete: (store: ObjectStore) => store.delete('a'),
} as const;

type Method = keyof typeof METHODS;
const ALL = Object.keys(METHODS) as Method[];

/** The kind with which each method answers a misbehaviour; `value` when it returns. */
async function outcomes(misbehave: Misbehaviour, methods = ALL): Promise<Record<string, string>> {
  await using bad = await badS3(misbehave, {
    // Long where it answers, that a busy machine is not taken for a silent one.
    silenceTimeoutMs: misbehave === silence ? 60 : 5_000,
  });
  const store = s3Store({ bucket: 'b', connection: bad.connection });
  const seen: Record<string, string> = {};
  for (const method of methods) {
    seen[method] = await METHODS[method](store).then(
      (value) => (value === null ? 'null' : 'value'),
      (error: unknown) => (error instanceof PipelineError ? error.kind : String(error)),
    );
  }
  return seen;
}

const each = (kind: string, but: Partial<Record<Method, string>> = {}): Record<string, string> => ({
  ...Object.fromEntries(ALL.map((method) => [method, kind])),
  ...but,
});

describe('an S3 server that answers', () => {
  it.each([
    [500, 'InternalError', each('unavailable', { putIfAbsent: 'commit-unknown' })],
    [502, 'BadGateway', each('unavailable', { putIfAbsent: 'commit-unknown' })],
    [503, 'ServiceUnavailable', each('unavailable', { putIfAbsent: 'commit-unknown' })],
    [504, 'GatewayTimeout', each('unavailable', { putIfAbsent: 'commit-unknown' })],
    [503, 'SlowDown', each('throttled', { head: 'unavailable' })],
    [429, 'TooManyRequests', each('throttled')],
    [403, 'AccessDenied', each('denied')],
    [403, 'InvalidAccessKeyId', each('denied')],
    [403, 'SignatureDoesNotMatch', each('denied')],
    [403, 'RequestTimeTooSkewed', each('denied')],
    [400, 'ExpiredToken', each('denied', { head: 'unsupported' })],
    [401, 'Unauthorized', each('denied')],
    [404, 'NoSuchBucket', each('config-invalid')],
    [409, 'ConditionalRequestConflict', each('conflict')],
    [409, 'OperationAborted', each('conflict')],
    [412, 'PreconditionFailed', each('conflict', { putIfAbsent: 'null' })],
    [400, 'BadDigest', each('unavailable', { head: 'unsupported' })],
    [400, 'XAmzContentSHA256Mismatch', each('unavailable', { head: 'unsupported' })],
    [400, 'RequestTimeout', each('unavailable', { head: 'unsupported' })],
    [501, 'NotImplemented', each('unsupported')],
    [400, 'InvalidRequest', each('unsupported')],
  ])('%i %s: every method gives the stated kind', async (status, code, expected) => {
    expect(await outcomes(s3Error(status, code))).toEqual(expected);
  });

  it('nothing in time: unavailable, and commit-unknown where it counts', async () => {
    expect(await outcomes(silence)).toEqual(each('unavailable', { putIfAbsent: 'commit-unknown' }));
  });

  it('by cutting the connection: unavailable, and commit-unknown where it counts', async () => {
    expect(await outcomes(reset)).toEqual(each('unavailable', { putIfAbsent: 'commit-unknown' }));
  });

  it.each([
    ['cut by a reset', resetMidBody],
    ['ended early', shortBody],
  ])('a body %s: unavailable to readers', async (_, misbehave) => {
    const readers: Method[] = ['get', 'open', 'list'];
    expect(await outcomes(misbehave, readers)).toEqual({
      get: 'unavailable',
      open: 'unavailable',
      list: 'unavailable',
    });
  });

  it('a web page in place of a listing: no listing', async () => {
    expect(await outcomes(webPage, ['list'])).toEqual({ list: 'unavailable' });
  });
});

describe('the S3 store', () => {
  it('passes on how long it is asked to wait', async () => {
    await using bad = await badS3(s3Error(503, 'SlowDown', { 'retry-after': '7' }));
    const store = s3Store({ bucket: 'b', connection: bad.connection });
    await expect(store.get('a')).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 7000 });
  });

  it('reads a body whose length was not promised', async () => {
    await using bad = await badS3((response) => {
      response.writeHead(200, { etag: '"x"' });
      response.write('some ');
      response.end('bytes');
    });
    const store = s3Store({ bucket: 'b', connection: bad.connection });
    expect(textOf(await store.get('a'))).toBe('some bytes');
    expect(textOf(await collect(await store.open('a')))).toBe('some bytes');
  });

  it('asks once: retry lives in a layer', async () => {
    await using bad = await badS3(s3Error(500, 'InternalError'));
    const store = s3Store({ bucket: 'b', connection: bad.connection });
    await store.get('a').catch(() => undefined);
    expect(bad.server.requests).toHaveLength(1);
  });

  it('tells what failed on which object, and what to do', async () => {
    await using bad = await badS3(s3Error(404, 'NoSuchBucket'));
    const store = s3Store({ bucket: 'argosy-finance', connection: bad.connection });
    await expect(store.put('a/b.csv', utf8('x'))).rejects.toMatchObject({
      message: 'put of s3://argosy-finance/a/b.csv failed: 404 NoSuchBucket',
      hint: 'argosy setup creates the bucket argosy-finance; or name another with ARGOSY_BUCKET_{PIPELINE}',
    });
  });

  it('never shows the secret key', async () => {
    await using bad = await badS3(s3Error(403, 'SignatureDoesNotMatch'));
    const store = s3Store({ bucket: 'b', connection: bad.connection });
    const error = (await store.get('a').catch((thrown: unknown) => thrown)) as PipelineError;
    expect(`${error.message} ${error.hint} ${JSON.stringify(error)}`).not.toContain(
      'bad-s3-secret',
    );
  });

  it('a server that is not there is unavailable to every method: nothing was sent', async () => {
    const bad = await badS3(silence);
    await bad.server.close();
    const store = s3Store({ bucket: 'b', connection: bad.connection });
    for (const method of ALL) {
      await expect(METHODS[method](store)).rejects.toMatchObject({ kind: 'unavailable' });
    }
    await bad[Symbol.asyncDispose]();
  });

  it('TLS to a server that speaks plain HTTP is config-invalid', async () => {
    await using bad = await badS3(silence);
    await using connection = s3Connection({
      endpoint: bad.server.url.replace('http:', 'https:'),
      region: 'us-east-1',
      isPathStyle: true,
      credentials: { accessKeyId: 'x', secretAccessKey: secret('y') },
    });
    const store = s3Store({ bucket: 'b', connection });
    await expect(store.get('a')).rejects.toMatchObject({ kind: 'config-invalid' });
  });

  it('a call that is stopped is interrupted', async () => {
    const stopper = new AbortController();
    await using bad = await badS3(() => stopper.abort());
    const store = s3Store({ bucket: 'b', connection: bad.connection });
    await expect(store.get('a', { signal: stopper.signal })).rejects.toMatchObject({
      kind: 'interrupted',
    });
  });

  it('opening a connection makes no client, and making one warns of no Node version', async () => {
    await using bad = await badS3(s3Error(403, 'AccessDenied'));
    await bad.connection.client();
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings.filter((message) => message.includes('NodeVersion'))).toEqual([]);
  });

  it.skipIf(Number(process.versions.node.split('.')[0]) >= 22)(
    'without the switch the SDK does warn of this Node: the test above can fail',
    async () => {
      const script = `
        const { S3Client } = await import('@aws-sdk/client-s3');
        new S3Client({ region: 'us-east-1' });
      `;
      const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
      expect((await run).stderr).toContain('NodeVersion');
    },
  );

  it('leaves the switch of that warning as it found it', async () => {
    const name = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';
    const before = process.env[name];
    await using bad = await badS3(s3Error(403, 'AccessDenied'));
    await bad.connection.client();
    expect(process.env[name]).toBe(before);
  });
});
