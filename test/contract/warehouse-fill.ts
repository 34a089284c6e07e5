import { beforeEach, expect, it } from 'vitest';

import type { Warehouse, WarehouseTransaction } from '../../services/ports/warehouse.ts';
import { fillEmpty } from '../../services/stages/serve/fill.ts';
import { migrate } from '../../services/stages/serve/migrate.ts';
import { csvOf, type Row, SHOP, structure } from './warehouse-load.ts';

const many = (count: number, note: string | null = 'ann'): Row[] =>
  Array.from({ length: count }, (_, at) => [`k${at}`, `${at + 1}.00`, note]);

/** What `fillEmpty` promises, on a warehouse that is handed over. */
export function fillContract(of: () => Warehouse): void {
  beforeEach(async () => {
    await migrate(of(), SHOP);
    await of().transaction((tx) =>
      tx.run(`DELETE FROM sale; DELETE FROM buyer; INSERT INTO buyer VALUES ('ann'), ('bob')`),
    );
  });

  const fill = <T>(rows: Row[], settle: (tx: WarehouseTransaction) => Promise<T>, count?: number) =>
    of().transaction((tx) =>
      fillEmpty(
        tx,
        {
          table: 'sale',
          columns: ['id', 'amount', 'note'],
          csv: () => csvOf(rows),
          rows: count ?? rows.length,
        },
        () => settle(tx),
      ),
    );
  const sums = async () => (await of().query('SELECT count(*), sum(amount) FROM sale')).rows;

  it('many rows into an empty table are all there, and it has the indexes and keys that it had', async () => {
    const built = await structure(of());
    expect(await fill(many(6000), async () => 'settled')).toBe('settled');
    expect(await sums()).toEqual([[6000, '18003000.00']]);
    expect(await structure(of())).toEqual(built);
  });

  it('rows that a foreign key would refuse may be taken out before it is asked', async () => {
    const rows: Row[] = [...many(6000), ['late', '1.00', 'nobody']];
    const taken = await fill(rows, (tx) => tx.run(`DELETE FROM sale WHERE note = 'nobody'`));
    expect(taken).toBe(1);
    expect(await sums()).toEqual([[6000, '18003000.00']]);
  });

  it.each([
    ['one key in two rows', [...many(6000), ['k7', '1.00', null]] as Row[], /sale_pkey/],
    ['a row that a check refuses', [...many(6000), ['zero', '0.00', null]] as Row[], /amount/],
    [
      'a customer who is not there',
      [...many(6000), ['x', '1.00', 'nobody']] as Row[],
      /sale_note_fkey/,
    ],
  ])('%s is input-invalid, and the table is as it was', async (_, rows, said) => {
    const built = await structure(of());
    const filled = fill(rows, async () => null);
    await expect(filled).rejects.toMatchObject({ kind: 'input-invalid' });
    await expect(filled).rejects.toThrow(said);
    expect(await structure(of())).toEqual(built);
    expect(await sums()).toEqual([[0, null]]);
  });

  it('another number of rows than the manifest says is input-invalid', async () => {
    const filled = fill(many(6000), async () => null, 6001);
    await expect(filled).rejects.toThrow(/6000 rows arrived where the manifest says 6001/);
    expect(await sums()).toEqual([[0, null]]);
  });

  it.each([
    ['a table that holds a row', 6000, [['old', '9.00', null]] as Row[]],
    ['few rows', 100, []],
  ])('%s is left to others', async (_, count, before) => {
    const text = before.map(([id, amount]) => `INSERT INTO sale VALUES ('${id}', ${amount});`);
    await of().transaction((tx) => tx.run(`SELECT 1; ${text.join('')}`));
    const settled: string[] = [];
    expect(await fill(many(count), async () => settled.push('settled'))).toBeNull();
    expect(settled).toEqual([]);
    expect((await sums())[0]?.[0]).toBe(before.length);
  });
}
