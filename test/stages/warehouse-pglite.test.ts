import { afterAll, beforeAll, describe } from 'vitest';

import { pgliteWarehouse } from '../../services/adapters/warehouse/pglite.ts';
import type { Warehouse } from '../../services/ports/warehouse.ts';
import { fillContract } from '../contract/warehouse-fill.ts';
import { loadContract } from '../contract/warehouse-load.ts';
import { migrateContract } from '../contract/warehouse-migrate.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;
let warehouse: Warehouse;

beforeAll(async () => {
  folder = await tempFolder();
  warehouse = await pgliteWarehouse({ folder: folder.path });
}, 60_000);
afterAll(async () => {
  await warehouse.close();
  await folder.remove();
});

describe('migrations of the embedded warehouse', () => {
  migrateContract(() => ({ warehouse, another: null }));
});
describe('loads into the embedded warehouse', () => {
  loadContract(() => warehouse);
});
describe('an empty table of the embedded warehouse', () => {
  fillContract(() => warehouse);
});
