import * as fc from 'fast-check';
import { beforeEach, expect, it } from 'vitest';

import type { Warehouse, WarehouseTransaction } from '../../services/ports/warehouse.ts';
import { loadOnce } from '../../services/stages/serve/load.ts';
import { migrate } from '../../services/stages/serve/migrate.ts';
import { stageRows } from '../../services/stages/serve/stage-rows.ts';
import { type UpsertCounts, upsertRows } from '../../services/stages/serve/upsert.ts';

/** A row of the table that the tests load: its key, an amount and a note; null is NULL. */
export type Row = readonly [id: string, amount: string | null, note: string | null];

export const SHOP = {
  owner: 'shop',
  migrations: [
    {
      id: '0001',
      sql: `
        CREATE TABLE buyer (id VARCHAR(20) PRIMARY KEY);
        CREATE TABLE sale (
          id VARCHAR(20) PRIMARY KEY,
          amount NUMERIC(12,2) CHECK (amount > 0),
          note VARCHAR(20) CONSTRAINT sale_note_fkey REFERENCES buyer (id),
          created_at TIMESTAMP DEFAULT clock_timestamp(),
          updated_at TIMESTAMP DEFAULT clock_timestamp()
        );
        CREATE INDEX sale_amount ON sale (amount DESC) WHERE amount > 1;
        CREATE UNIQUE INDEX sale_once ON sale (id, note);
        CREATE INDEX "Sale Note" ON sale (note)`,
    },
  ],
};

/** What `loadOnce`, `stageRows` and `upsertRows` promise, on a warehouse that is handed over. */
export function loadContract(of: () => Warehouse): void {
  let serial = 0;
  const entry = () => ({
    pipeline: 'shop',
    digest: String(serial++).padStart(64, '0'),
    logicalDate: '2026-01-31',
    runId: 'run-1',
  });

  beforeEach(async () => {
    await migrate(of(), SHOP);
    await of().transaction((tx) =>
      tx.run(`DELETE FROM sale; DELETE FROM buyer; DELETE FROM argosy.load_log;
        INSERT INTO buyer VALUES ('ann'), ('bob')`),
    );
  });

  const put = (tx: WarehouseTransaction, rows: readonly Row[], more: object = {}) =>
    putRows(tx, { rows, ...more });
  const load = (rows: readonly Row[], one = entry()) =>
    loadOnce(of(), one, async (tx) => ({ ...(await put(tx, rows)) }));
  const table = async () =>
    (await of().query('SELECT id, amount, note FROM sale ORDER BY id')).rows;
  const times = async () =>
    (await of().query('SELECT id, created_at, updated_at, ctid::text FROM sale ORDER BY id')).rows;

  it('new rows are inserted, others left as they are', async () => {
    expect((await load([['a', '1.00', null]])).counts).toEqual(counts(1, 0, 0));
    expect((await load([['b', '2.00', 'ann']])).counts).toEqual(counts(1, 0, 0));
    expect(await table()).toEqual([
      ['a', '1.00', null],
      ['b', '2.00', 'ann'],
    ]);
  });

  it('the same rows again touch nothing, not even the place of a row on the disk', async () => {
    const rows: Row[] = [
      ['a', '1.00', null],
      ['b', null, 'ann'],
    ];
    await load(rows);
    const before = await times();
    expect((await load(rows)).counts).toEqual(counts(0, 0, 2));
    expect(await times()).toEqual(before);
  });

  it('a changed row moves its updated_at alone, also from and to NULL', async () => {
    await load([
      ['a', '1.00', null],
      ['b', '2.00', 'ann'],
      ['c', '3.00', null],
    ]);
    const before = await times();
    const again = await load([
      ['a', '1.00', 'bob'],
      ['b', '2.00', null],
      ['c', '3.00', null],
    ]);
    expect(again.counts).toEqual(counts(0, 2, 1));
    const after = await times();
    expect(after.map(([id, created]) => [id, created])).toEqual(
      before.map(([id, created]) => [id, created]),
    );
    const moved = after.map(([, , updated], at) => String(updated) > String(before[at]?.[2]));
    expect(moved).toEqual([true, true, false]);
  });

  it('only the compared columns make a row a changed one, and then all are written', async () => {
    await load([['a', '1.00', 'ann']]);
    const compared = { compared: ['amount'] };
    const put2 = (rows: Row[]) =>
      loadOnce(of(), entry(), async (tx) => ({ ...(await put(tx, rows, compared)) }));
    expect((await put2([['a', '1.00', 'bob']])).counts).toEqual(counts(0, 0, 1));
    expect(await table()).toEqual([['a', '1.00', 'ann']]);
    expect((await put2([['a', '2.00', 'bob']])).counts).toEqual(counts(0, 1, 0));
    expect(await table()).toEqual([['a', '2.00', 'bob']]);
  });

  it('what was loaded before is not loaded again, and says what it did then', async () => {
    const one = entry();
    expect(await load([['a', '1.00', null]], one)).toEqual({
      isRepeat: false,
      counts: counts(1, 0, 0),
    });
    expect(await load([['b', '1.00', null]], one)).toEqual({
      isRepeat: true,
      counts: counts(1, 0, 0),
    });
    expect(await table()).toEqual([['a', '1.00', null]]);
    const { rows } = await of().query(
      'SELECT pipeline, digest, logical_date, run_id, counts FROM argosy.load_log',
    );
    const noted = '{"updated": 0, "inserted": 1, "unchanged": 0}';
    expect(rows).toEqual([['shop', one.digest, '2026-01-31', 'run-1', noted]]);
  });

  it('the same load several times at once is done once', async () => {
    const one = entry();
    const all = await Promise.all([1, 2, 3, 4].map(() => load([['a', '1.00', null]], one)));
    expect(all.filter(({ isRepeat }) => !isRepeat)).toHaveLength(1);
    expect(await table()).toHaveLength(1);
  });

  it('loads of other rows at once are each done', async () => {
    const rows = ['a', 'b', 'c', 'd'].map((id): Row[] => [[id, '1.00', null]]);
    await Promise.all(rows.map((one) => load(one)));
    expect(await table()).toHaveLength(4);
  });

  it('work that fails leaves no row and no entry, and can be done again', async () => {
    const one = entry();
    const failing = loadOnce(of(), one, async (tx) => {
      await put(tx, [['a', '1.00', null]]);
      throw new Error('of the work');
    });
    await expect(failing).rejects.toThrow('of the work');
    expect(await table()).toEqual([]);
    expect(await load([['a', '1.00', null]], one)).toMatchObject({ isRepeat: false });
  });

  it('another number of rows than the manifest says is input-invalid', async () => {
    const short = loadOnce(of(), entry(), async (tx) => ({
      ...(await put(tx, [['a', '1.00', null]], { count: 2 })),
    }));
    await expect(short).rejects.toMatchObject({ kind: 'input-invalid' });
    await expect(short).rejects.toThrow(/1 rows arrived where the manifest says 2/);
    expect(await table()).toEqual([]);
  });

  it('one key in two rows is input-invalid and named', async () => {
    const twice = load([
      ['a', '1.00', null],
      ['b', '1.00', null],
      ['b', '2.00', null],
    ]);
    await expect(twice).rejects.toMatchObject({ kind: 'input-invalid' });
    await expect(twice).rejects.toThrow(/\bb\b/);
    expect(await table()).toEqual([]);
  });

  const many = (count: number, note: string | null = 'ann'): Row[] =>
    Array.from({ length: count }, (_, at) => [`k${at}`, `${at + 1}.00`, note]);

  it.each([
    ['an empty table', []],
    [
      'a table with next to nothing in it',
      [
        ['k0', '9.00', null],
        ['old', '9.00', null],
      ] as Row[],
    ],
  ])(
    'many rows into %s are all there, and the table has the indexes and keys that it had',
    async (_, before) => {
      await load(before);
      const built = await structure(of());
      const { counts: done } = await load(many(6000));
      const known = before.filter(([id]) => id === 'k0').length;
      expect(done).toEqual(counts(6000 - known, known, 0));
      expect(await structure(of())).toEqual(built);
      const { rows } = await of().query('SELECT count(*), sum(amount) FROM sale');
      const kept = before.length - known;
      expect(rows).toEqual([[6000 + kept, `${18_003_000 + kept * 9}.00`]]);
    },
  );

  it('many rows of which one breaks a foreign key are input-invalid, and the table is as it was', async () => {
    await load([['old', '9.00', null]]);
    const built = await structure(of());
    const broken = load([...many(6000), ['late', '1.00', 'nobody']]);
    await expect(broken).rejects.toMatchObject({ kind: 'input-invalid' });
    await expect(broken).rejects.toThrow(/sale_note_fkey/);
    expect(await structure(of())).toEqual(built);
    expect(await table()).toEqual([['old', '9.00', null]]);
  });

  it('any loads one after another leave what a map of the rows would hold', async () => {
    const cell = fc.constantFrom(null, 'ann', 'bob');
    const amount = fc.option(
      fc.integer({ min: 1, max: 3 }).map((n) => `${n}.00`),
      { nil: null },
    );
    const row = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), amount, cell);
    const batch = fc.uniqueArray(row, { selector: ([id]) => id, maxLength: 5 });
    const model = new Map<string, Row>();
    await fc.assert(
      fc.asyncProperty(batch, async (rows) => {
        const expected = countsOf(rows, model);
        for (const one of rows) model.set(one[0], one);
        expect((await load(rows)).counts).toEqual(expected);
        expect(await table()).toEqual(
          [...model.values()].toSorted((a, b) => (a[0] < b[0] ? -1 : 1)),
        );
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });
}

/** Loads rows of `sale`, `count` of which the manifest is to have named. */
export async function putRows(
  tx: WarehouseTransaction,
  given: { rows: readonly Row[]; count?: number; compared?: readonly string[] },
): Promise<UpsertCounts> {
  const { rows, count = rows.length, compared } = given;
  const staged = await stageRows(tx, {
    table: 'sale',
    columns: ['id', 'amount', 'note'],
    csv: csvOf(rows),
    rows: count,
  });
  return upsertRows(tx, {
    staged,
    table: 'sale',
    key: ['id'],
    changedAt: 'updated_at',
    ...(compared === undefined ? {} : { compared }),
  });
}

export async function* csvOf(rows: readonly Row[]): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(
    rows.map((row) => `${row.map((one) => one ?? '').join(',')}\n`).join(''),
  );
}

function counts(inserted: number, updated: number, unchanged: number): UpsertCounts {
  return { inserted, updated, unchanged };
}

function countsOf(rows: readonly Row[], before: ReadonlyMap<string, Row>): UpsertCounts {
  const done = { inserted: 0, updated: 0, unchanged: 0 };
  for (const row of rows) {
    const known = before.get(row[0]);
    if (known === undefined) done.inserted++;
    else if (known.every((cell, at) => cell === row[at])) done.unchanged++;
    else done.updated++;
  }
  return done;
}

/** Every index and constraint of `sale`, in the words of the server. */
export async function structure(warehouse: Warehouse): Promise<unknown[]> {
  const { rows: indexes } = await warehouse.query(
    `SELECT indexdef FROM pg_indexes WHERE tablename = 'sale' ORDER BY 1`,
  );
  const { rows: constraints } = await warehouse.query(
    `SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint
     WHERE conrelid = 'sale'::regclass ORDER BY 1`,
  );
  return [...indexes, ...constraints];
}
