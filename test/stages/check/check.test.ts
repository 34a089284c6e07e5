import { pgliteWarehouse } from '../../../services/adapters/warehouse/pglite.ts';
import { postgresWarehouse } from '../../../services/adapters/warehouse/postgres.ts';
import type { Warehouse } from '../../../services/ports/warehouse.ts';
import { type CheckPlace, checkContract } from '../../contract/table-check.ts';
import { openOwnEngine } from '../../support/pipeline.ts';
import { postgresProgram, startPostgres } from '../../support/postgres-server.ts';
import { describeWith } from '../../support/require-component.ts';
import { tempFolder } from '../../support/temp-folder.ts';

function warehousePlace(warehouse: Warehouse, stop: () => Promise<void>): CheckPlace {
  return {
    db: warehouse,
    run: (sql) => warehouse.transaction((tx) => tx.run(sql)),
    close: async () => {
      await warehouse.close();
      await stop();
    },
  };
}

checkContract('DuckDB', async () => {
  const engine = await openOwnEngine([]);
  return { db: engine, run: (sql) => engine.run(sql), close: () => engine.close() };
});

checkContract('PGlite', async () => {
  const folder = await tempFolder();
  const warehouse = await pgliteWarehouse({ folder: `${folder.path}/warehouse` });
  return warehousePlace(warehouse, () => folder.remove());
});

describeWith(await postgresProgram(), 'on a real server', (program) => {
  checkContract('PostgreSQL', async () => {
    const server = await startPostgres(program);
    const warehouse = postgresWarehouse(await server.createDatabase('etl_db'));
    return warehousePlace(warehouse, () => server.stop());
  });
});
