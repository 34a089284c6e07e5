import { postgresWarehouse } from '../../../services/adapters/warehouse/postgres.ts';
import { financeClaims } from '../../contract/finance/all.ts';
import { postgresProgram, startPostgres } from '../../support/postgres-server.ts';
import { describeLongWith } from '../../support/require-component.ts';

describeLongWith(await postgresProgram(), 'finance on a PostgreSQL server', (program) => {
  financeClaims(async () => {
    const server = await startPostgres(program);
    const warehouse = postgresWarehouse(await server.createDatabase('etl_db'));
    return {
      warehouse,
      close: async () => {
        await warehouse.close();
        await server.stop();
      },
    };
  });
});
