import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LineageEvent } from '../../../services/ports/lineage.ts';
import { cli } from '../../support/cli.ts';
import { serveHandler } from '../../support/http-server.ts';
import { lineageFaults } from '../../support/lineage-schema.ts';
import { describeLong } from '../../support/require-component.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const PLANTED = 'planted-secret-8271';
const faultsOf = lineageFaults();

let folder: Awaited<ReturnType<typeof tempFolder>>;
let events: LineageEvent[];

beforeAll(async () => {
  folder = await tempFolder();
  const env = {
    ARGOSY_LINEAGE: 'file:events.jsonl',
    ARGOSY_PII_SALT: `${PLANTED}-salt-salt`,
    ARGOSY_SOURCE_AUTHORIZATION: `Bearer ${PLANTED}-token`,
    ARGOSY_LINEAGE_API_KEY: `${PLANTED}-lineage`,
    ARGOSY_SOURCE_DATABASE: `postgres://reader:${PLANTED}-pass@db.example/shop?sslmode=require`,
  };
  const end = await cli(['run', 'fama-french', '--sample'], { cwd: folder.path, env });
  if (end.exitCode !== 0) throw new Error(end.stderr);
  events = await eventsIn(folder.path);
}, 60_000);

afterAll(() => folder.remove());

it('every event follows the published schema, and so does every facet in it', () => {
  expect(events.length).toBeGreaterThan(8);
  expect(events.flatMap((event) => faultsOf(event))).toEqual([]);
});

it('the schemas find an event that is wrong', () => {
  const [first] = events;
  expect(faultsOf({ ...first, eventType: 'BEGUN' })).not.toEqual([]);
  expect(faultsOf({ ...first, run: { runId: 'run-1' } })).not.toEqual([]);
  const time = { ...first?.run.facets['nominalTime'], nominalStartTime: 'today' };
  expect(faultsOf({ ...first, run: { ...first?.run, facets: { time } } })).not.toEqual([]);
});

it('a run and each of its steps begin once and end once, and a step names its run', () => {
  expectWhole(events);
  const run = events.find(({ job }) => job.name === 'fama-french');
  const steps = events.filter(({ job }) => job.name.startsWith('fama-french.'));
  for (const { run: own } of steps)
    expect(own.facets['parent']).toMatchObject({ run: { runId: run?.run.runId } });
});

it('the views name the table that they are made of, column by column', () => {
  const end = events.find(
    ({ eventType, job }) => eventType === 'COMPLETE' && job.name === 'fama-french.tables',
  );
  const [table] = end?.inputs ?? [];
  const view = end?.outputs.find(({ name }) => name.endsWith('.current_data'));
  expect(table?.name).toMatch(/argosy-fama-french\/transformed_data$/);
  expect(view?.facets['columnLineage']).toMatchObject({
    fields: { value: { inputFields: [{ name: table?.name, field: 'value' }] } },
  });
  expect(end?.job.facets['sql']?.['query']).toContain('CREATE VIEW current_data');
});

it('what a step wrote and what its checks found are told with its end', () => {
  const end = events.find(
    ({ eventType, job }) => eventType === 'COMPLETE' && job.name === 'fama-french.transform',
  );
  const [rows] = end?.outputs ?? [];
  expect(rows?.outputFacets?.['outputStatistics']).toMatchObject({ rowCount: 83184 });
  expect(rows?.facets['schema']?.['fields']).toHaveLength(6);
  const [csv] = end?.inputs ?? [];
  const assertions = csv?.inputFacets?.['dataQualityAssertions']?.['assertions'];
  expect(assertions).toContainEqual(expect.objectContaining({ assertion: 'csv-readable' }));
});

it('a run that fails tells why, and no secret of its settings', async () => {
  await using server = await serveHandler((_request, response) => {
    response.writeHead(404).end('gone');
  });
  const end = await cli(
    ['run', 'fama-french', '-p', `archive-url=${server.url}/page.html?apikey=${PLANTED}-query`],
    {
      cwd: folder.path,
      env: {
        ARGOSY_LINEAGE: 'file:failed.jsonl',
        ARGOSY_SOURCE_AUTHORIZATION: `Bearer ${PLANTED}-token`,
      },
    },
  );
  expect(end.exitCode).not.toBe(0);
  const failed = await eventsIn(folder.path, 'failed.jsonl');
  expectWhole(failed);
  expect(failed.flatMap((event) => faultsOf(event))).toEqual([]);
  const last = failed.at(-1);
  expect(last).toMatchObject({ eventType: 'FAIL', job: { name: 'fama-french' } });
  expect(last?.run.facets['errorMessage']?.['message']).toContain(server.host);
  expect(JSON.stringify([...events, ...failed])).not.toContain(PLANTED);
});

it('a run that is stopped tells that it was aborted', async () => {
  const end = await cli(['run', 'fama-french', '--sample', '-p', 'force=true'], {
    cwd: folder.path,
    env: { ARGOSY_LINEAGE: 'file:stopped.jsonl' },
    interrupt: { signal: 'SIGINT', when: 'extract' },
  });
  expect(end.exitCode).toBe(130);
  const stopped = await eventsIn(folder.path, 'stopped.jsonl');
  expectWhole(stopped);
  expect(stopped.at(-1)).toMatchObject({ eventType: 'ABORT', job: { name: 'fama-french' } });
});

describeLong('lineage of whole runs', () => {
  it('a server that never answers fails no run, and what it has not taken is in the log', async () => {
    await using server = await serveHandler(() => undefined);
    const end = await cli(['run', 'fama-french', '--sample'], {
      cwd: folder.path,
      env: { ARGOSY_LINEAGE: server.url, ARGOSY_LOG_FORMAT: 'json' },
    });
    expect(end).toMatchObject({ exitCode: 0 });
    expect(end.stderr).toContain('"event":"lineage.lost"');
  });

  for (const pipeline of ['csv-intake', 'finance', 'market-data', 'commerce'])
    it(`every event of ${pipeline} follows the published schema`, async () => {
      const file = `${pipeline}.jsonl`;
      const env = {
        ARGOSY_LINEAGE: `file:${file}`,
        ARGOSY_MARKET_API_KEY: `${PLANTED}-key`,
      };
      const end = await cli(['run', pipeline, '--sample'], { cwd: folder.path, env });
      expect(end).toMatchObject({ exitCode: 0 });
      const own = await eventsIn(folder.path, file);
      expectWhole(own);
      expect(own.flatMap((event) => faultsOf(event))).toEqual([]);
      expect(JSON.stringify(own)).not.toContain(PLANTED);
    }, 120_000);
});

/** Every run begins once and ends once. */
function expectWhole(all: readonly LineageEvent[]): void {
  for (const runId of new Set(all.map(({ run }) => run.runId))) {
    const own = all.filter(({ run }) => run.runId === runId);
    const types = own.map(({ eventType }) => eventType);
    expect([own[0]?.job.name, types[0], types.length]).toEqual([own[0]?.job.name, 'START', 2]);
    expect(types[1]).toMatch(/^(?:COMPLETE|FAIL|ABORT)$/);
  }
}

async function eventsIn(path: string, name = 'events.jsonl'): Promise<LineageEvent[]> {
  const text = await readFile(join(path, name), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LineageEvent);
}
