import { expect, it } from 'vitest';

import type { Warehouse } from '../../services/ports/warehouse.ts';
import { migrate, type Migration } from '../../services/stages/serve/migrate.ts';

/** What `migrate` promises, on a warehouse that is handed over; `another` opens the same one a second time. */
export function migrateContract(
  of: () => { warehouse: Warehouse; another: (() => Warehouse) | null },
): void {
  let serial = 0;
  /** An owner of the test's own, whose tables have its name in theirs. */
  const owned = () => {
    const owner = `owner${serial++}`;
    const first: Migration = { id: '0001', sql: `CREATE TABLE ${owner}_a (n INTEGER)` };
    const second: Migration = {
      id: '0002',
      sql: `ALTER TABLE ${owner}_a ADD COLUMN m INTEGER; INSERT INTO ${owner}_a VALUES (1, 2)`,
    };
    return { owner, first, second };
  };

  it('migrations are applied in order, once, and noted with their sha256', async () => {
    const { warehouse } = of();
    const { owner, first, second } = owned();
    const set = { owner, migrations: [first, second] };
    expect(await migrate(warehouse, set)).toEqual(['0001', '0002']);
    expect(await migrate(warehouse, set)).toEqual([]);
    const { rows } = await warehouse.query(
      'SELECT id, length(sha256) FROM argosy.migration WHERE owner = $1 ORDER BY id',
      [owner],
    );
    expect(rows).toEqual([
      ['0001', 64],
      ['0002', 64],
    ]);
    expect((await warehouse.query(`SELECT * FROM ${owner}_a`)).rows).toEqual([[1, 2]]);
  });

  it('a further migration is applied to what is there', async () => {
    const { warehouse } = of();
    const { owner, first, second } = owned();
    await migrate(warehouse, { owner, migrations: [first] });
    await warehouse.transaction((tx) => tx.run(`INSERT INTO ${owner}_a VALUES (7)`));
    expect(await migrate(warehouse, { owner, migrations: [first, second] })).toEqual(['0002']);
    expect((await warehouse.query(`SELECT n FROM ${owner}_a ORDER BY 1`)).rows).toEqual([[1], [7]]);
  });

  it('a past migration with other text is config-invalid and named, and nothing is done', async () => {
    const { warehouse } = of();
    const { owner, first, second } = owned();
    await migrate(warehouse, { owner, migrations: [first] });
    const edited = { ...first, sql: `${first.sql} ` };
    const changed = migrate(warehouse, { owner, migrations: [edited, second] });
    await expect(changed).rejects.toMatchObject({ kind: 'config-invalid' });
    await expect(changed).rejects.toThrow(`${owner}/0001`);
    expect(await columnsOf(warehouse, `${owner}_a`)).toEqual(['n']);
  });

  it('a warehouse that is ahead of this program is config-invalid', async () => {
    const { warehouse } = of();
    const { owner, first, second } = owned();
    await migrate(warehouse, { owner, migrations: [first, second] });
    const behind = migrate(warehouse, { owner, migrations: [first] });
    await expect(behind).rejects.toMatchObject({ kind: 'config-invalid' });
    await expect(behind).rejects.toThrow(`${owner}/0002`);
  });

  it('a migration that fails leaves what was before it, and is tried again', async () => {
    const { warehouse } = of();
    const { owner, first, second } = owned();
    const wrong = { ...second, sql: `${second.sql}; SELECT nothing` };
    const failing = migrate(warehouse, { owner, migrations: [first, wrong] });
    await expect(failing).rejects.toMatchObject({ kind: 'bug' });
    expect(await columnsOf(warehouse, `${owner}_a`)).toEqual(['n']);
    expect(await migrate(warehouse, { owner, migrations: [first, second] })).toEqual(['0002']);
  });

  it.each(['DROP TABLE x', 'ALTER TABLE x DROP COLUMN y', 'drop  schema x'])(
    'a migration that would lose data is refused before anything is asked: %s',
    async (sql) => {
      const set = { owner: 'never', migrations: [{ id: '0001', sql }] };
      await expect(migrate(of().warehouse, set)).rejects.toMatchObject({ kind: 'bug' });
    },
  );

  it('of several at once one migrates, and the others find it done', async () => {
    const { warehouse, another } = of();
    const { owner, first, second } = owned();
    const set = { owner, migrations: [first, second] };
    const others = another === null ? [] : [another(), another()];
    try {
      const all = [warehouse, warehouse, ...others];
      const applied = await Promise.all(all.map((one) => migrate(one, set)));
      expect(applied.flat().toSorted()).toEqual(['0001', '0002']);
      expect((await warehouse.query(`SELECT * FROM ${owner}_a`)).rows).toEqual([[1, 2]]);
    } finally {
      for (const one of others) await one.close();
    }
  });
}

async function columnsOf(warehouse: Warehouse, table: string): Promise<unknown[]> {
  const { rows } = await warehouse.query(
    'SELECT column_name FROM information_schema.columns WHERE table_name = $1 ORDER BY 1',
    [table],
  );
  return rows.flat();
}
