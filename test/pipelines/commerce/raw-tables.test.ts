import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { commerceTables } from '../../../services/pipelines/commerce/answer/tables.ts';
import { openDatabase } from '../../../services/stages/serve/database.ts';
import type { ServePorts } from '../../../services/stages/serve/localise.ts';
import { runCommerceStep } from '../../support/commerce-run.ts';
import { openOwnEngine, START } from '../../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const SALES =
  'transaction_id,customer_id,product_id,quantity,price,total_amount,transaction_date,status';
const sale = (id: string) => `${id},c,p, 1 ,2.50,n/a,yesterday,COMPLETED`;
const click = (page: string) =>
  JSON.stringify({
    session_id: null,
    customer_id: 'c',
    event_type: 'x',
    page,
    timestamp: 1,
    device: 'd',
  });
/** Files by name below `raw/`, with what the tables should show of them: an id and the line of each row. */
const FILES: readonly (readonly [key: string, bytes: string | Uint8Array, rows: string[]])[] = [
  [
    'transactions/date=2026-01-01/a.csv',
    `${SALES}\n${sale('t1')}\n"t\n2",c,p,1,1,1,x,y\n${sale('t3')}\n`,
    ['t1 2', 't\n2 3', 't3 4'],
  ],
  ['transactions/date=2026-01-01/b.csv.gz', gzipSync(`${SALES}\n${sale('t4')}\n`), ['t4 2']],
  [
    'transactions/date=2026-01-02/c.csv',
    `note;${SALES.replaceAll(',', ';')}\nn;${sale('t5').replaceAll(',', ';')}\n`,
    ['t5 2'],
  ],
  ['transactions/date=2026-01-02/refused.csv', 'a,b\n1,2\n', []],
  ['clickstream/date=2026-01-01/a.json', `${click('/1')}\n\n${click('/2')}\n`, ['/1 1', '/2 3']],
  ['clickstream/date=2026-01-02/b.jsonl', `${click('/3')}\n`, ['/3 1']],
];

const store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
const records = objectRecords(store);
const { signal } = new AbortController();
let folder: TempFolder;
let ports: ServePorts;

beforeAll(async () => {
  folder = await tempFolder();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  ports = { store, openEngine: openOwnEngine, log, signal, cache: `${folder.path}/cache` };
  for (const [key, bytes] of FILES) await store.put(`raw/${key}`, Buffer.from(bytes));
  await runCommerceStep({ store, folder: folder.path }, 'validate');
});
afterAll(() => folder.remove());

async function select(sql: string): Promise<unknown[][]> {
  const request = { store, records, signal, sql, environment: 'local' };
  const engine = await openDatabase(ports, commerceTables(request));
  try {
    return (await engine.select(sql)).rows.map((row) => [...row]);
  } finally {
    await engine.close();
  }
}

it.each([
  ['transactions', 'transaction_id'],
  ['clickstream', 'page'],
])(
  'raw_local.%s has every row of every accepted file, with its object and line',
  async (feed, id) => {
    const expected = FILES.filter(([key]) => key.startsWith(feed)).flatMap(([key, , rows]) =>
      rows.map((row) => `raw/${key} ${row}`),
    );
    for (const _ of ['fetched', 'from the cache']) {
      const rows = await select(`SELECT file, ${id}, line FROM raw_local.${feed} ORDER BY 1, 3`);
      expect(rows.map((row) => row.join(' '))).toEqual(expected);
    }
  },
);

it('every cell is the text that the file has', async () => {
  const [row] = await select(
    `SELECT * EXCLUDE (file, line) FROM raw_local.transactions WHERE transaction_id = 't1'`,
  );
  expect(row).toEqual(['t1', 'c', 'p', ' 1 ', '2.50', 'n/a', 'yesterday', 'COMPLETED']);
});

it('a feed without a file is an empty table, and can be joined with others', async () => {
  const sql = `SELECT count(t.line), count(r.line) FROM raw_local.transactions t
    LEFT JOIN "raw_local"."reviews" r USING (product_id)`;
  expect((await select(sql)).map((row) => row.map(Number))).toEqual([[5, 0]]);
});

it('what is known of them is told without reading a row', async () => {
  const request = { store, records, signal, sql: null, environment: 'local' };
  const known = await commerceTables(request).learn?.(ports);
  expect(known?.get('raw_local.transactions')).toMatchObject({
    rows: 5,
    newest: '2026-01-02',
    objects: 3,
  });
});

it('no answer of their rows is kept: files come without a publish', () => {
  const databaseOf = (sql: string) =>
    commerceTables({ store, records, signal, sql, environment: 'local' });
  expect(databaseOf('FROM "RAW_local" . "Reviews"')).not.toHaveProperty('publishedUnder');
  expect(databaseOf('FROM reviews').publishedUnder?.('reviews')).toMatch(/\/$/);
});

it('rows of an object that is gone are in it no more', async () => {
  const key = `raw/${FILES[5]![0]}`;
  await store.delete(key);
  await runCommerceStep({ store, folder: folder.path }, 'validate', { runId: 'run-2' });
  const rows = await select('SELECT page FROM raw_local.clickstream ORDER BY 1');
  expect(rows).toEqual([['/1'], ['/2']]);
});
