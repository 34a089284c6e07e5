import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { athena, type AthenaOptions } from '../../services/adapters/query-service/athena.ts';
import { PipelineError } from '../../services/core/error.ts';
import { secret } from '../../services/core/secret.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { QueryAnswer, QueryRequest } from '../../services/ports/query-service.ts';
import {
  athenaCsv,
  type AthenaColumn,
  type AthenaScript,
  type AthenaServer,
  athenaServer,
  DONE,
} from '../support/athena-server.ts';

const START = new Date('2026-01-31T00:00:00Z');
const NUMBERS: readonly AthenaColumn[] = [
  { Name: 'n', Type: 'bigint', Precision: 19 },
  { Name: 'said', Type: 'varchar' },
];
const ONE: AthenaScript = { states: [DONE], columns: NUMBERS, rows: [['1', 'one']] };

let server: AthenaServer;
const results = memoryStore({ bucket: 'results', clock: manualClock(START) });

/** A service over a server that answers every query by this script; time passes by itself. */
async function serving(script: AthenaScript, more: Partial<AthenaOptions> = {}) {
  server = await athenaServer(() => script);
  const clock = manualClock(START, { autoAdvance: true });
  const waits: string[] = [];
  const service = athena({
    endpoint: server.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'id', secretAccessKey: secret('key') },
    workgroup: 'argosy-test',
    catalog: 'AwsDataCatalog',
    output: 's3://results/out/',
    clock,
    random: () => 0.5,
    onRetry: ({ what, error }) => waits.push(`${what}: ${(error as PipelineError).kind}`),
    openBucket: (): ObjectStore => results,
    ...more,
  });
  const ask = (request: Partial<QueryRequest> = {}): Promise<QueryAnswer> =>
    service.ask({
      sql: 'SELECT 1',
      database: 'curated_local',
      token: 'first',
      signal: new AbortController().signal,
      ...request,
    });
  return { service, ask, clock, waits };
}

async function failure(answer: Promise<unknown>): Promise<PipelineError> {
  const error: unknown = await answer.then(
    () => new Error('it succeeded'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof PipelineError) return error;
  throw error;
}

afterEach(() => server[Symbol.asyncDispose]());

describe('athena asks', () => {
  it('in its workgroup, catalogue and database, and waits until the query has succeeded', async () => {
    const states = [{ State: 'QUEUED' }, { State: 'RUNNING' }, { State: 'RUNNING' }, DONE] as const;
    const { ask } = await serving({ ...ONE, states });
    expect(await ask()).toEqual({
      columns: [
        { name: 'n', type: 'BIGINT' },
        { name: 'said', type: 'VARCHAR' },
      ],
      rows: [[1, 'one']],
      scannedBytes: 1_048_576,
      durationMs: 321,
      isReused: false,
      executionId: '00000000-0000-4000-8000-000000000001',
    });
    expect(server.requests[0]?.body).toEqual({
      QueryString: 'SELECT 1',
      WorkGroup: 'argosy-test',
      ResultConfiguration: { OutputLocation: 's3://results/out/' },
      QueryExecutionContext: { Catalog: 'AwsDataCatalog', Database: 'curated_local' },
      ClientRequestToken: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(server.actions()).toEqual([
      'StartQueryExecution',
      ...Array.from({ length: 4 }, () => 'GetQueryExecution'),
      'GetQueryResults',
    ]);
  });

  it('with a token that is that of one asking: its tries share a query, another asking does not', async () => {
    const { ask } = await serving(ONE);
    await ask({ token: 'a' });
    await ask({ token: 'a' });
    await ask({ token: 'b' });
    const ids = server.requests.flatMap(({ action, body }) =>
      action === 'GetQueryResults' ? String(body['QueryExecutionId']).at(-1) : [],
    );
    expect(ids).toEqual(['1', '1', '2']);
  });

  it('starts one query when the reply to the first start is lost', async () => {
    const { ask, waits } = await serving(ONE);
    server.faults.push({
      action: 'StartQueryExecution',
      status: 0,
      type: '',
      message: '',
      drop: true,
    });
    expect((await ask()).executionId).toMatch(/1$/);
    expect(waits).toEqual(['athena StartQueryExecution: unavailable']);
    const [first, second] = server.requests;
    expect(second?.body).toEqual(first?.body);
  });

  it('for answers that Athena still has only where they may be old, in whole minutes', async () => {
    const { ask } = await serving({
      ...ONE,
      states: [{ ...DONE, isReused: true, scannedBytes: 0 }],
    });
    const reused = await ask({ reuseMsMax: 119_999 });
    expect(reused).toMatchObject({ isReused: true, scannedBytes: 0 });
    await ask({ reuseMsMax: 59_999, token: 'second' });
    const asked = server.requests.filter(({ action }) => action === 'StartQueryExecution');
    expect(asked[0]?.body['ResultReuseConfiguration']).toEqual({
      ResultReuseByAgeConfiguration: { Enabled: true, MaxAgeInMinutes: 1 },
    });
    expect(asked[1]?.body).not.toHaveProperty('ResultReuseConfiguration');
  });

  it('nothing of a text that is longer than Athena takes', async () => {
    const { ask } = await serving(ONE);
    const error = await failure(ask({ sql: `SELECT '${'x'.repeat(262_144)}'` }));
    expect(error.kind).toBe('too-large');
    expect(server.requests).toEqual([]);
  });

  it('to define, without a database, and reads no rows', async () => {
    const { service } = await serving({ states: [DONE] });
    await service.define('CREATE DATABASE IF NOT EXISTS a');
    expect(server.actions()).toEqual(['StartQueryExecution', 'GetQueryExecution']);
    expect(server.requests[0]?.body['QueryExecutionContext']).toEqual({
      Catalog: 'AwsDataCatalog',
    });
  });
});

describe('athena reads', () => {
  it('every type as DuckDB would give it', async () => {
    const columns: AthenaColumn[] = [
      { Name: 'i', Type: 'integer' },
      { Name: 'b', Type: 'bigint' },
      { Name: 'd', Type: 'decimal', Precision: 12, Scale: 2 },
      { Name: 'x', Type: 'double' },
      { Name: 'nan', Type: 'double' },
      { Name: 'f', Type: 'float' },
      { Name: 't', Type: 'boolean' },
      { Name: 'day', Type: 'date' },
      { Name: 'at', Type: 'timestamp' },
      { Name: 'fine', Type: 'timestamp' },
      { Name: 'c', Type: 'char' },
      { Name: 'l', Type: 'array' },
      { Name: 'none', Type: 'varchar' },
      { Name: 'empty', Type: 'varchar' },
    ];
    const row = [
      '7', '9007199254740993', '1234.50', '1.0E-5', 'NaN', '1.5', 'true', '2026-01-02',
      '2026-01-02 03:04:05.000', '2026-01-02 03:04:05.120', 'ab ', '[1, 2]', null, '',
    ]; // prettier-ignore
    const { ask } = await serving({ states: [DONE], columns, rows: [row] });
    const answer = await ask();
    expect(answer.columns.map(({ type }) => type)).toEqual([
      'INTEGER', 'BIGINT', 'DECIMAL(12,2)', 'DOUBLE', 'DOUBLE', 'FLOAT', 'BOOLEAN', 'DATE',
      'TIMESTAMP', 'TIMESTAMP', 'VARCHAR', 'ARRAY', 'VARCHAR', 'VARCHAR',
    ]); // prettier-ignore
    expect(answer.rows).toEqual([
      [
        7, '9007199254740993', '1234.50', 0.00001, 'NaN', 1.5, true, '2026-01-02',
        '2026-01-02 03:04:05', '2026-01-02 03:04:05.12', 'ab ', '[1, 2]', null, '',
      ],
    ]); // prettier-ignore
  });

  it('no head where there is none, and an answer without rows', async () => {
    const bare = await serving({ ...ONE, hasHead: false });
    expect((await bare.ask()).rows).toEqual([[1, 'one']]);
    await server[Symbol.asyncDispose]();
    const none = await serving({ ...ONE, rows: [] });
    expect(await none.ask()).toMatchObject({
      rows: [],
      columns: [{ name: 'n' }, { name: 'said' }],
    });
  });

  const MANY = Array.from({ length: 2_500 }, (_, at) => [
    String(at),
    at % 7 === 0 ? null : at % 5 === 0 ? '' : `a "quoted", text\nno. ${at} – é`,
  ]);
  const EXPECTED = MANY.map(([n, said]) => [Number(n), said]);

  it('a large answer from the object in S3, in one reading', async () => {
    await results.put('out/many.csv', Buffer.from(athenaCsv(NUMBERS, MANY)));
    const script = { ...ONE, rows: MANY, outputLocation: 's3://results/out/many.csv' };
    const { ask } = await serving(script);
    expect((await ask()).rows).toEqual(EXPECTED);
    expect(server.actions().filter((action) => action === 'GetQueryResults')).toHaveLength(1);
  });

  it('a large answer page by page where the object may not be read', async () => {
    const script = { ...ONE, rows: MANY, outputLocation: 's3://results/out/absent.csv' };
    const { ask } = await serving(script);
    expect((await ask()).rows).toEqual(EXPECTED);
    expect(server.actions().filter((action) => action === 'GetQueryResults')).toHaveLength(3);
  });

  it.each([
    ['cut in a value', (text: string) => text.slice(0, -4), 'it is cut short'],
    [
      'of another query',
      (text: string) => `"a"\n${text}`,
      '1 values where the query has 2 columns',
    ],
  ])('no object that is %s', async (_, damage, message) => {
    await results.put('out/bad.csv', Buffer.from(damage(athenaCsv(NUMBERS, MANY))));
    const script = { ...ONE, rows: MANY, outputLocation: 's3://results/out/bad.csv' };
    const { ask } = await serving(script);
    expect(await failure(ask())).toMatchObject({
      kind: 'input-invalid',
      message: expect.stringContaining(message),
    });
  });

  it('no more rows than are wanted', async () => {
    const { ask } = await serving({ ...ONE, rows: MANY });
    expect(await failure(ask({ rowsMax: 2_499 }))).toMatchObject({
      kind: 'too-large',
      message: 'query returns more than 2499 rows',
    });
  });
});

describe('athena gives up on a query, and stops it,', () => {
  const RUNNING: AthenaScript = { ...ONE, states: [{ State: 'RUNNING', scannedBytes: 2_000 }] };

  it('after its time, and reads nothing of it', async () => {
    const { ask, clock } = await serving(RUNNING, { timeoutMs: 30_000 });
    const error = await failure(ask());
    expect(error).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('not done after 30 s in Athena'),
    });
    expect(server.stopped).toHaveLength(1);
    expect(server.actions()).not.toContain('GetQueryResults');
    const lookedCount = server.actions().filter((one) => one === 'GetQueryExecution').length;
    expect(lookedCount).toBeGreaterThan(28);
    expect(lookedCount).toBeLessThan(40);
    expect(clock.now().getTime() - START.getTime()).toBeLessThan(32_000);
  });

  it('above the scan limit', async () => {
    const { ask } = await serving(RUNNING);
    const error = await failure(ask({ scanBytesMax: 1_999 }));
    expect(error).toMatchObject({ kind: 'too-large' });
    expect(error.hint).toContain('--scan-limit');
    expect(server.stopped).toHaveLength(1);
  });

  it('when told to, while it waits', async () => {
    const controller = new AbortController();
    const { ask } = await serving(RUNNING, {
      clock: {
        now: () => START,
        sleep: async (_, signal) => {
          controller.abort();
          signal?.throwIfAborted();
        },
      },
    });
    const stopped = ask({ signal: controller.signal });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.stopped).toHaveLength(1);
  });

  it('when told to before the id has come: the query that has begun is found by its token', async () => {
    const controller = new AbortController();
    server = await athenaServer(() => {
      controller.abort();
      return RUNNING;
    });
    const started = server;
    const { ask } = await serving(RUNNING, { endpoint: started.url });
    await server[Symbol.asyncDispose]();
    server = started;
    expect(await failure(ask({ signal: controller.signal }))).toMatchObject({
      kind: 'interrupted',
    });
    expect(server.stopped).toEqual(['00000000-0000-4000-8000-000000000001']);
    expect(server.actions().slice(0, 2)).toEqual(['StartQueryExecution', 'StartQueryExecution']);
  });

  it('but not one that has ended by itself', async () => {
    const { ask } = await serving({ states: [{ State: 'FAILED', StateChangeReason: 'no' }] });
    await failure(ask());
    expect(server.stopped).toEqual([]);
  });
});

describe('athena tells', () => {
  it.each([
    ['FAILED', "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved", 2, 'input-invalid'],
    [
      'FAILED',
      'TABLE_NOT_FOUND: line 1:15: Table awsdatacatalog.a.b does not exist',
      2,
      'input-invalid',
    ],
    ['FAILED', 'HIVE_BAD_DATA: Error reading field value', 2, 'input-invalid'],
    ['FAILED', 'Access denied when writing output to url: s3://a/b', 2, 'denied'],
    [
      'FAILED',
      'Insufficient permissions to execute the query. Principal does not have any privilege',
      2,
      'denied',
    ],
    ['FAILED', 'Query exhausted resources at this scale factor', 2, 'too-large'],
    ['FAILED', 'GENERIC_INTERNAL_ERROR: null', 1, 'unavailable'],
    ['FAILED', 'Rate exceeded (Service: AWSGlue; Status Code: 400)', 3, 'throttled'],
    ['CANCELLED', 'Query cancelled! : Bytes scanned limit was exceeded', undefined, 'too-large'],
    ['CANCELLED', 'Query cancelled by user', undefined, 'unavailable'],
  ] as const)('of a query that is %s for "%s" (%s) as %s, and reads no rows', async (...one) => {
    const [state, reason, category, kind] = one;
    const detail = category === undefined ? {} : { AthenaError: { ErrorCategory: category } };
    const status = { State: state, StateChangeReason: reason, ...detail };
    const { ask } = await serving({ ...ONE, states: [{ State: 'RUNNING' }, status] });
    const error = await failure(ask());
    expect(error.kind).toBe(kind);
    expect(error.message).toContain(reason);
    expect(server.actions()).not.toContain('GetQueryResults');
  });

  it.each([
    [400, 'InvalidRequestException', "line 1:1: mismatched input 'SELEC'", 'input-invalid'],
    [400, 'InvalidRequestException', 'WorkGroup argosy-test is not found.', 'config-invalid'],
    [
      400,
      'InvalidRequestException',
      'No output location provided. An output location is required',
      'config-invalid',
    ],
    [
      400,
      'AccessDeniedException',
      'not authorized to perform: athena:StartQueryExecution',
      'denied',
    ],
    [400, 'UnrecognizedClientException', 'The security token is invalid', 'denied'],
    [400, 'ExpiredTokenException', 'The security token has expired', 'denied'],
  ])('of a refusal %d %s "%s" as %s, at once', async (status, type, message, kind) => {
    const { ask, waits } = await serving(ONE);
    server.faults.push({ action: 'StartQueryExecution', status, type, message });
    const error = await failure(ask());
    expect({ kind: error.kind, waits }).toEqual({ kind, waits: [] });
    expect(error.message).toContain(message);
  });

  it.each([
    [400, 'TooManyRequestsException', 'throttled'],
    [400, 'ThrottlingException', 'throttled'],
    [500, 'InternalServerException', 'unavailable'],
    [503, 'ServiceUnavailable', 'unavailable'],
  ])('tries again after %d %s', async (status, type, kind) => {
    const { ask, waits } = await serving(ONE);
    const actions = ['StartQueryExecution', 'GetQueryExecution', 'GetQueryResults'];
    for (const action of actions) server.faults.push({ action, status, type, message: 'later' });
    expect((await ask()).rows).toEqual([[1, 'one']]);
    expect(waits).toEqual(actions.map((action) => `athena ${action}: ${kind}`));
  });

  it('that it is throttled once its tries are used up', async () => {
    const { ask } = await serving(ONE);
    for (let tries = 0; tries < 6; tries += 1) {
      const said = { status: 400, type: 'TooManyRequestsException', message: 'slow down' };
      server.faults.push({ action: 'StartQueryExecution', ...said });
    }
    expect(await failure(ask())).toMatchObject({ kind: 'throttled' });
  });

  it('that nobody is there, without the credentials', async () => {
    const { ask } = await serving(ONE, { endpoint: 'http://127.0.0.1:1' });
    const error = await failure(ask());
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect(error.message).toContain('ECONNREFUSED');
  });
});
