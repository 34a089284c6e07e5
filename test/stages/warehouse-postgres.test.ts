import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { postgresWarehouse } from '../../services/adapters/warehouse/postgres.ts';
import type { Warehouse } from '../../services/ports/warehouse.ts';
import { loadOnce } from '../../services/stages/serve/load.ts';
import { fillContract } from '../contract/warehouse-fill.ts';
import { loadContract, putRows } from '../contract/warehouse-load.ts';
import { migrateContract } from '../contract/warehouse-migrate.ts';
import {
  ask,
  postgresProgram,
  type PostgresServer,
  startPostgres,
} from '../support/postgres-server.ts';
import { describeLongWith } from '../support/require-component.ts';

describeLongWith(await postgresProgram(), 'on a PostgreSQL server', (program) => {
  let server: PostgresServer;
  let url: string;
  let warehouse: Warehouse;

  beforeAll(async () => {
    server = await startPostgres(program);
    url = await server.createDatabase('etl_db');
    warehouse = postgresWarehouse(url);
  }, 60_000);
  afterAll(async () => {
    await warehouse.close();
    await server.stop();
  });

  describe('migrations', () => {
    migrateContract(() => ({ warehouse, another: () => postgresWarehouse(url) }));
  });

  describe('an empty table', () => {
    fillContract(() => warehouse);
  });

  describe('loads', () => {
    loadContract(() => warehouse);

    const entry = (digest: string) => ({
      pipeline: 'shop',
      digest,
      logicalDate: '2026-01-31',
      runId: 'run-1',
    });
    const many = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => [`k${from + at}`, '1.00', null] as const);

    it('into a table with rows keeps no reader out before it is committed', async () => {
      await loadOnce(warehouse, entry('a'), async (tx) => ({
        ...(await putRows(tx, { rows: many(0, 6000) })),
      }));
      await loadOnce(warehouse, entry('b'), async (tx) => {
        const counts = await putRows(tx, { rows: many(3000, 6000) });
        expect(await reads(url)).toBe(6000);
        return { ...counts };
      });
      expect(await reads(url)).toBe(9000);
    });

    it('into an empty table that somebody is reading waits for nobody', async () => {
      const reading = warehouse.transaction(async (tx) => {
        await tx.query('SELECT count(*) FROM sale');
        const started = performance.now();
        await loadOnce(warehouse, entry('c'), async (inner) => ({
          ...(await putRows(inner, { rows: many(0, 6000) })),
        }));
        return performance.now() - started;
      });
      expect(await reading).toBeLessThan(20_000);
    });
  });
});

async function reads(url: string): Promise<unknown> {
  const rows = await ask(url, 'SELECT count(*)::int FROM sale');
  return rows[0]?.[0];
}
