import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { type Dataset, datasetId } from '../../services/core/dataset.ts';
import { namedForAthena } from '../../services/pipelines/commerce/answer/athena.ts';
import { commerceDatabase } from '../../services/pipelines/commerce/answer/database.ts';
import { newestDay, openCurated } from '../../services/pipelines/commerce/answer/ask.ts';
import { askNamed, NAMED, prepareNamed } from '../../services/pipelines/commerce/answer/named.ts';
import athenaMacros from '../../services/pipelines/commerce/answer/named/arithmetic.athena.sql';
import { dartmouthDb } from '../../services/pipelines/fama-french/database.ts';
import { financeDb } from '../../services/pipelines/finance/database.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { QueryEngine } from '../../services/ports/query-engine.ts';
import { type Database, openDatabase } from '../../services/stages/serve/database.ts';
import { athenaDdl, offeredOn } from '../../services/stages/serve/ddl/athena.ts';
import { athenaQuery } from '../../services/stages/serve/ddl/athena-query.ts';
import { writeLinks } from '../../services/stages/serve/links/write.ts';
import type { ServePorts } from '../../services/stages/serve/localise.ts';
import { cli } from '../support/cli.ts';
import { openOwnEngine } from '../support/pipeline.ts';
import { describeLongWith } from '../support/require-component.ts';
import { plainRow, sortedRows } from '../support/same-cells.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { startTrino, trinoProgram, type TrinoServer } from '../support/trino-server.ts';

const START_MS = 300_000;
/** Part, whole, and the whole number that is nearest to their quotient. */
const QUOTIENTS = [
  ['5', '2', '3'],
  ['-5', '2', '-3'],
  ['7', '3', '2'],
  ['-7', '3', '-2'],
  ['0', '9', '0'],
  ['4', '0', null],
  [`CAST('12345678901234567890125' AS DECIMAL(38, 0))`, '10', '1234567890123456789013'],
] as const;
const DATABASES: readonly (readonly [string, Database])[] = [
  ['fama-french', dartmouthDb],
  ['finance', financeDb],
  ['commerce', commerceDatabase('local')],
];

describeLongWith(trinoProgram(), 'DuckDB and Trino over the same Parquet', (launcher) => {
  let folder: TempFolder;
  let trino: TrinoServer;
  let strays = 0;

  beforeAll(async () => {
    folder = await tempFolder();
    const starting = startTrino(launcher);
    try {
      for (const [pipeline] of DATABASES) await runSample(folder.path, pipeline);
    } finally {
      trino = await starting;
    }
    for (const [pipeline, database] of DATABASES) {
      const ports = portsOf(folder.path, pipeline);
      const { years } = await writeLinks(ports, database);
      strays += await plantStrays(ports, database);
      for (const sql of athenaDdl({ database, storeUrl: ports.store.url, years }))
        await trino.define(sql);
    }
  }, START_MS);

  afterAll(async () => {
    await trino.stop();
    await folder.remove();
  });

  describe.each(DATABASES)('of %s', (pipeline, database) => {
    const offered = offeredOn(database.datasets);
    let engine: QueryEngine;

    beforeAll(async () => {
      engine = await openDatabase(portsOf(folder.path, pipeline), database);
    });

    afterAll(() => engine.close());

    it('every table and view is offered, and objects stand beside theirs that no commit names', () => {
      expect(strays).toBeGreaterThan(10);
      expect(offered).toEqual(database.datasets);
    });

    it.each(offered.map((one) => [datasetId(one), one] as const))(
      '%s has the same rows',
      async (_, dataset) => {
        const sql = selectOf(dataset, database.name);
        const there = await trino.ask(sql);
        const here = await engine.query(sql);
        expect(there.rows.length).toBeGreaterThan(0);
        expect(there.columns.map(({ name }) => name)).toEqual(here.columns.map(({ name }) => name));
        expect(sortedRows(there.rows)).toEqual(sortedRows(here.rows));
      },
      60_000,
    );
  });

  describe('of commerce, as of its newest day', () => {
    it('curated is curated_local by another name', async () => {
      const counted = 'SELECT count(*) FROM curated.sales_enriched';
      const real = 'SELECT count(*) FROM curated_local.sales_enriched';
      expect((await trino.ask(counted)).rows).toEqual((await trino.ask(real)).rows);
    });

    it('quotients are rounded half away from zero, below zero and beyond 64 bits too', async () => {
      const asked = QUOTIENTS.map(([part, whole]) => `half_up(${part}, ${whole})`).join(', ');
      const engine = await openOwnEngine([]);
      try {
        await prepareNamed(engine);
        const here = await engine.query(`SELECT ${asked}`);
        const there = await trino.ask(athenaQuery(`SELECT ${asked}`, { macros: athenaMacros }));
        const rounded = QUOTIENTS.map(([, , result]) => result);
        expect(here.rows.map(plainRow)).toEqual([rounded]);
        expect(there.rows.map(plainRow)).toEqual([rounded]);
      } finally {
        await engine.close();
      }
    }, 60_000);

    it.each(NAMED.map((query) => [query.name, query] as const))(
      '%s has the same rows in the same order',
      async (_, query) => {
        const ports = portsOf(folder.path, 'commerce');
        const asOf = await newestDay(ports);
        const engine = await openCurated(ports, { asOf, queries: [query] });
        try {
          const here = await askNamed(engine, query, asOf);
          const there = await trino.ask(namedForAthena(query, asOf), 'curated_local');
          expect(here.rows.length).toBeGreaterThan(0);
          expect(there.columns.map((one) => one.name)).toEqual(here.columns.map((one) => one.name));
          expect(there.rows.map(plainRow)).toEqual(here.rows.map(plainRow));
        } finally {
          await engine.close();
        }
      },
      60_000,
    );
  });
});

async function runSample(cwd: string, pipeline: string): Promise<void> {
  const { exitCode, stderr } = await cli(['run', pipeline, '--sample'], { cwd });
  // 20: a file of the sample was refused, and all others are published.
  if (exitCode !== 0 && exitCode !== 20) throw new Error(stderr);
}

/** A copy of an object beside it, which no commit names, as of a run that is under way: neither engine may see it. */
async function plantStrays(ports: ServePorts, database: Database): Promise<number> {
  const { store } = ports;
  let count = 0;
  for (const [table, [first]] of await database.objects(ports, null)) {
    const isFolder = database.datasets.some((one) => datasetId(one) === table && one.isFolder);
    const bytes = first === undefined || isFolder ? null : await store.get(first.key);
    if (first === undefined || bytes === null) continue;
    const folder = first.key.slice(0, first.key.lastIndexOf('/') + 1);
    await store.put(`${folder}stray-${table}.parquet`, bytes);
    count += 1;
  }
  return count;
}

/** The ports of a pipeline's sample; its addresses are those that Trino has local files under. */
function portsOf(root: string, pipeline: string): ServePorts {
  const local = filesystemStore({
    folder: `${root}/.argosy/sample/store`,
    bucket: `argosy-${pipeline}`,
    clock: systemClock(),
  });
  const store: ObjectStore = { ...local, url: local.url.replace('file://', 'local://') };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { signal } = new AbortController();
  return { store, openEngine: openOwnEngine, log, signal, cache: `${root}/cache` };
}

function selectOf({ schema, name, columns }: Dataset, home: string): string {
  const names = columns.map((column) => `"${column.name}"`).join(', ');
  return `SELECT ${names} FROM "${schema ?? home}"."${name}"`;
}
