import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { namedQueries } from '../../../services/pipelines/commerce/answer/ask.ts';
import {
  databaseFor,
  publishedParts,
} from '../../../services/pipelines/commerce/answer/database.ts';
import { NAMED } from '../../../services/pipelines/commerce/answer/named.ts';
import {
  partitionOf,
  partitionsOf,
} from '../../../services/pipelines/commerce/answer/partition-filter.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import type { QueryEngine } from '../../../services/ports/query-engine.ts';
import { openDatabase } from '../../../services/stages/serve/database.ts';
import type { ServePorts } from '../../../services/stages/serve/localise.ts';
import { REFERENCE } from '../../support/named-reference.ts';
import { shopRows } from '../../support/commerce-rows.ts';
import { publishShop } from '../../support/commerce-shop.ts';
import { openOwnEngine } from '../../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const LAST = '2026-11-20';
const ROWS = shopRows({
  seed: 3,
  lastDay: LAST,
  dayCount: 95,
  transactions: 1500,
  sessions: 120,
});
let folder: TempFolder;
let store: ObjectStore;
let empty: ObjectStore;
let parser: QueryEngine;

beforeAll(async () => {
  folder = await tempFolder();
  parser = await openOwnEngine([]);
  store = filesystemStore({ folder: folder.path, bucket: 'commerce' });
  empty = filesystemStore({ folder: folder.path, bucket: 'empty' });
  await empty.put('_here', Buffer.from(''));
  await publishShop(store, folder.path, ROWS);
}, 30_000);

afterAll(async () => {
  await parser.close();
  await folder.remove();
});

function portsOn(bucket: ObjectStore): ServePorts {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { signal } = new AbortController();
  return { store: bucket, openEngine: openOwnEngine, log, signal, cache: `${folder.path}/cache` };
}

/** The objects that a query is given. */
async function objectsFor(sql: string): Promise<string[]> {
  const found = await databaseFor('local', sql).objects(portsOn(store), null);
  return [...found.values()].flat().map(({ key }) => key);
}

async function select(sql: string, environment = 'local') {
  const engine = await openDatabase(portsOn(store), databaseFor(environment, sql));
  try {
    return (await engine.select(sql)).rows;
  } finally {
    await engine.close();
  }
}

it.each(NAMED.map(({ name }) => name))(
  '%s over the published tables, of which it opens a part, says what it says over all rows',
  async (name) => {
    const { asOf, result } = await namedQueries.ask(portsOn(store), name, null);
    const expected = REFERENCE[name]!(ROWS, LAST);
    expect(asOf).toBe(LAST);
    expect(result.rows.map((row) => row.map(String))).toEqual(
      expected.map((row) => row.map(String)),
    );
    const before = await namedQueries.ask(portsOn(store), name, '2026-10-15');
    expect(before.result.rows.map((row) => row.map(String))).toEqual(
      REFERENCE[name]!(ROWS, '2026-10-15').map((row) => row.map(String)),
    );
  },
);

it('before anything is published, a named query says so', async () => {
  await expect(namedQueries.ask(portsOn(empty), 'top_products', null)).rejects.toMatchObject({
    kind: 'not-found',
  });
});

it('the tables are in curated_ENVIRONMENT, in curated, and without a schema', async () => {
  const count = [[String(ROWS.transactions.length)]];
  const text = (rows: unknown[][]) => rows.map((row) => row.map(String));
  for (const name of ['transactions', 'curated.transactions', 'curated_my_env.transactions'])
    expect(text(await select(`SELECT count(*) FROM ${name}`, 'my-env'))).toEqual(count);
});

it.each([
  'SELECT count(*) FROM TRANSACTIONS',
  'SELECT count(*) FROM Curated.Transactions',
  'SELECT count(*) FROM memory.curated_local."Transactions"',
  'SELECT count(*) FROM curated.transactions JOIN curated.PRODUCTS USING (product_id)',
  `SELECT count(*) FROM query_table('Curated.TRANSACTIONS')`,
])('%s finds all rows: case of letters makes no table another one', async (sql) => {
  const found = await select(sql);
  expect(found).toEqual(await select(sql.toLowerCase()));
  expect(Number(found[0]?.[0])).toBeGreaterThan(1_000);
});

it('a query of one zone opens no table of that name in another', async () => {
  for (const zone of ['raw_local', 'Processed_LOCAL'])
    expect(await objectsFor(`SELECT count(*) FROM ${zone}.transactions`)).toEqual([]);
  const both = await objectsFor('FROM curated.transactions, processed_local.transactions');
  expect(both.length).toBeGreaterThan(0);
  expect(await objectsFor('FROM elsewhere.transactions')).toEqual(both);
});

it('a query of one day opens the object of that day', async () => {
  const keys = await objectsFor(
    'SELECT sum(total_amount) FROM transactions WHERE year = 2026 AND month = 11 AND day = 3',
  );
  expect(keys).toEqual([
    expect.stringMatching(/^curated\/transactions\/year=2026\/month=11\/day=3\//),
  ]);
  const all = (await publishedParts({ store })).filter(({ key }) => key.includes('/transactions/'));
  const bytesOf = (parts: typeof all) => parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const opened = bytesOf(all.filter(({ key }) => keys.includes(key)));
  expect(opened / bytesOf(all)).toBeLessThanOrEqual(0.02);
});

const DAY = { year: 2026, month: 11, day: 3 };
it.each<[string, boolean]>([
  ['SELECT 1 FROM t WHERE year = 2026 AND month = 11 AND day = 3', true],
  ['SELECT 1 FROM s.t AS x WHERE x.day = 4', false],
  ['SELECT 1 FROM t WHERE 4 = day', false],
  ['SELECT 1 FROM t WHERE YEAR < 2026', false],
  ['SELECT 1 FROM t WHERE month IN (9, 10)', false],
  ['SELECT 1 FROM t WHERE month IN (9, 11)', true],
  ['SELECT 1 FROM t WHERE day BETWEEN 4 AND 9', false],
  ['SELECT 1 FROM t WHERE day BETWEEN 1 AND 3', true],
  ['SELECT 1 FROM t WHERE day = 4 OR day = 3', true],
  ['SELECT 1 FROM t WHERE day = 4 OR month = 10', false],
  ['SELECT 1 FROM t WHERE day = 4 OR status = 2', true],
  ['SELECT 1 FROM t WHERE day <> 3', false],
  ['SELECT 1 FROM t WHERE day > 3 AND status = 2', false],
  ['SELECT 1 FROM t WHERE NOT (day = 3)', false],
  ['SELECT 1 FROM t WHERE NOT (day = 4)', true],
  ['SELECT 1 FROM t WHERE NOT (day = 4 OR status = 2)', true],
  ['SELECT 1 FROM t WHERE day + 1 = 3', true],
  ["SELECT 1 FROM t WHERE day = '4'", true],
  ['SELECT (SELECT count(*) FROM t) FROM t WHERE day = 4', true],
  ['SELECT 1 FROM t JOIN u USING (day) WHERE day = 4', true],
  ['SELECT 1 FROM t WHERE day = 4 UNION ALL SELECT 2', true],
  ['WITH w AS (SELECT * FROM t WHERE day = 4) SELECT * FROM w', true],
  ['SELECT 1 FROM t', true],
  ['this is no SQL', true],
])('%s: a partition of 3 November is kept: %s', async (sql, isKept) => {
  const keep = await partitionsOf(parser, sql);
  expect(keep(DAY)).toBe(isKept);
});

it('the folders of a key are its partition', () => {
  expect(partitionOf('curated/transactions/year=2026/month=1/day=15/part-x=1.parquet')).toEqual({
    year: 2026,
    month: 1,
    day: 15,
  });
});
