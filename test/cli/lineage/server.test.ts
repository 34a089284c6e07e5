import { beforeEach, expect, it } from 'vitest';
import { lineageFile } from '../../../services/adapters/lineage/file.ts';
import { lineageHttp } from '../../../services/adapters/lineage/http.ts';
import { secret } from '../../../services/core/secret.ts';
import { lineageQueue } from '../../../services/layers/lineage-queue.ts';
import type { LineageEvent } from '../../../services/ports/lineage.ts';
import type { Log } from '../../../services/ports/step.ts';
import { serveHandler } from '../../support/http-server.ts';

/** A process waits no longer than this for its lineage, whatever the server does. */
const CLOSE_MS = 300;
const EVENT = event('run-1');

const warned: Record<string, unknown>[] = [];
const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (name, fields) => void warned.push({ name, ...fields }),
  error: () => undefined,
};

beforeEach(() => void warned.splice(0));

it('an event is posted to /api/v1/lineage with the key, and told as it is', async () => {
  const bodies: string[] = [];
  let authorization: string | undefined;
  await using server = await serveHandler(async (request, response) => {
    authorization = request.headers.authorization;
    bodies.push(await bodyOf(request));
    response.writeHead(201).end();
  });
  const sink = lineageHttp({ url: server.url, apiKey: secret('key-1') });
  const queue = lineageQueue({ sink, log });
  queue.send(EVENT);
  queue.send(event('run-2'));
  await queue.close();
  expect(server.requests).toEqual(Array(2).fill('POST /api/v1/lineage'));
  expect(authorization).toBe('Bearer key-1');
  expect(JSON.parse(bodies[0] ?? '')).toEqual(EVENT);
});

it('a server that never answers costs the bound of the end and no more', async () => {
  await using server = await serveHandler(() => undefined);
  const ms = await closeOf(server.url);
  expect(ms).toBeGreaterThan(CLOSE_MS - 50);
  expect(ms).toBeLessThan(CLOSE_MS + 1_000);
  expect(lost()).toBe(3);
});

it('a server that refuses connections is given up after two events', async () => {
  await using gone = await serveHandler(() => undefined);
  await gone.close();
  expect(await closeOf(gone.url)).toBeLessThan(CLOSE_MS + 1_000);
  expect(lost()).toBe(3);
  expect(String(warned.at(-1)?.['reason'])).toContain('ECONNREFUSED');
});

it('a server that answers 500 is asked twice for an event, and not again after two events', async () => {
  await using server = await serveHandler((_request, response) => {
    response.writeHead(500).end('no');
  });
  await closeOf(server.url);
  expect(server.requests).toHaveLength(4);
  expect(lost()).toBe(3);
});

it('events that come after a server was given up are lost at once', async () => {
  await using server = await serveHandler((_request, response) => {
    response.writeHead(500).end('no');
  });
  const sink = lineageHttp({ url: server.url, apiKey: undefined });
  const queue = lineageQueue({ sink, log, closeMsMax: 10_000 });
  for (const id of ['run-1', 'run-2']) queue.send(event(id));
  await queue.close();
  queue.send(event('run-3'));
  await queue.close();
  expect(server.requests).toHaveLength(4);
  expect(warned).toMatchObject([{ events: 2 }, { events: 1 }]);
});

it('a server that was given up is asked again later, and is heard when it is back', async () => {
  let isBack = false;
  await using server = await serveHandler((_request, response) => {
    response.writeHead(isBack ? 201 : 500).end();
  });
  const sink = lineageHttp({ url: server.url, apiKey: undefined });
  const queue = lineageQueue({ sink, log });
  for (let at = 0; at < 10; at += 1) queue.send(event(`run-${at}`));
  await queue.close();
  isBack = true;
  for (let at = 0; at < 100; at += 1) queue.send(event(`later-${at}`));
  await queue.close();
  // Two that were tried, eight and 42 that were not; from then on all are taken.
  expect(lost()).toBe(52);
  expect(server.requests).toHaveLength(4 + 58);
});

it('an event that a server refuses is lost alone, and not tried again', async () => {
  let count = 0;
  await using server = await serveHandler((_request, response) => {
    count += 1;
    response.writeHead(count === 1 ? 422 : 201).end();
  });
  await closeOf(server.url);
  expect(server.requests).toHaveLength(3);
  expect(lost()).toBe(1);
});

it('a server that refuses every event for what it is, is still asked for each, once', async () => {
  await using server = await serveHandler((_request, response) => {
    response.writeHead(422).end();
  });
  const queue = lineageQueue({ sink: lineageHttp({ url: server.url, apiKey: undefined }), log });
  for (let at = 0; at < 12; at += 1) queue.send(event(`run-${at}`));
  await queue.close();
  expect(server.requests).toHaveLength(12);
  expect(lost()).toBe(12);
});

it.each([401, 403, 307])('a server that answers %i is given up after two events', async (code) => {
  await using server = await serveHandler((_request, response) => {
    response.writeHead(code).end();
  });
  await closeOf(server.url);
  expect(server.requests).toHaveLength(2);
  expect(lost()).toBe(3);
});

it('a sink that hears no signal costs the bound of the end and no more', async () => {
  const sink = { url: 'file:x', send: () => new Promise<void>(() => undefined) };
  const queue = lineageQueue({ sink, log, closeMsMax: CLOSE_MS });
  queue.send(EVENT);
  queue.send(EVENT);
  await queue.close();
  expect(lost()).toBe(2);
});

it('a folder that cannot be made loses the events, and ends', async () => {
  const queue = lineageQueue({ sink: lineageFile('/proc/nope/x/y'), log });
  queue.send(EVENT);
  await queue.close();
  expect(warned).toMatchObject([{ events: 1, reason: '/proc/nope/x/y cannot be written' }]);
});

/** Events that were told as lost by this test. */
function lost(): number {
  return warned.reduce((sum, { events }) => sum + Number(events), 0);
}

async function closeOf(url: string): Promise<number> {
  const sink = lineageHttp({ url, apiKey: undefined });
  const queue = lineageQueue({ sink, log, closeMsMax: CLOSE_MS });
  for (const id of ['run-1', 'run-2', 'run-3']) queue.send(event(id));
  const before = process.uptime();
  await queue.close();
  return (process.uptime() - before) * 1_000;
}

function event(runId: string): LineageEvent {
  return {
    eventType: 'START',
    eventTime: '2026-01-05T00:00:00.000Z',
    run: { runId, facets: {} },
    job: { namespace: 'argosy-local', name: 'fama-french', facets: {} },
    inputs: [],
    outputs: [],
    producer: 'https://argosy.dev/argosy/0',
    schemaURL: 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent',
  };
}

async function bodyOf(request: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
