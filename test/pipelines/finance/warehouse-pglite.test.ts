import { describe } from 'vitest';
import { pgliteWarehouse } from '../../../services/adapters/warehouse/pglite.ts';
import { financeClaims } from '../../contract/finance/all.ts';

describe('finance on the embedded PostgreSQL', () => {
  financeClaims(async (folder) => {
    const warehouse = await pgliteWarehouse({ folder: `${folder}/warehouse` });
    return { warehouse, close: () => warehouse.close() };
  });
});
