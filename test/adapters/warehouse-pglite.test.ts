import { pgliteWarehouse } from '../../services/adapters/warehouse/pglite.ts';
import { warehouseContract } from '../contract/warehouse.ts';
import { tempFolder } from '../support/temp-folder.ts';

warehouseContract('the embedded PostgreSQL', async () => {
  const folder = await tempFolder();
  const warehouse = await pgliteWarehouse({ folder: folder.path });
  return {
    warehouse,
    close: async () => {
      await warehouse.close();
      await folder.remove();
    },
  };
});
