import { expect, it } from 'vitest';
import type { Dataset } from '../../../services/core/dataset.ts';
import type { Database } from '../../../services/stages/serve/database.ts';
import { duckdbDdl } from '../../../services/stages/serve/ddl/duckdb.ts';
import { openOwnEngine } from '../../support/pipeline.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const SALES: Dataset = {
  name: 'sales',
  kind: 'table',
  description: '',
  columns: [{ name: 'n', type: 'INTEGER', description: '' }],
  location: 'sales/',
};
const DATABASE: Database = {
  name: 'shop_local',
  datasets: [
    SALES,
    { ...SALES, name: 'none', schema: 'early_local' },
    { ...SALES, name: 'large', kind: 'view', sql: 'SELECT n FROM sales WHERE n > 1' },
  ],
  alias: 'shop',
  macroSql: 'CREATE MACRO above(least) AS TABLE SELECT n FROM sales WHERE n > least;',
  objects: async () => new Map(),
};

it('makes the tables as lists of their objects, the views, the other name and the macros', async () => {
  await using folder = await tempFolder();
  const engine = await openOwnEngine([folder.path]);
  try {
    await engine.run(
      `COPY (SELECT i::INTEGER AS n, 0 AS more FROM range(5) t(i)) TO '${folder.path}/a b.parquet'`,
    );
    const objects = new Map([['sales', [{ key: 'a b.parquet', sha256: '', rows: 5 }]]]);
    const url = `file://${folder.path.replaceAll(' ', '%20')}`;
    for (const statement of duckdbDdl(DATABASE, objects, url)) await engine.run(statement);
    const count = async (from: string) => (await engine.query(`SELECT count(*) FROM ${from}`)).rows;
    expect(await count('shop_local.sales')).toEqual([[5]]);
    expect(await count('shop.large')).toEqual([[3]]);
    expect(await count('early_local.none')).toEqual([[0]]);
    expect(await count('above(3)')).toEqual([[1]]);
  } finally {
    await engine.close();
  }
});
