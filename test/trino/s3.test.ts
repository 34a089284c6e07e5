import { afterAll, beforeAll, expect, it } from 'vitest';
import { s3Store } from '../../services/adapters/object-store/s3.ts';
import { openCurated } from '../../services/pipelines/commerce/answer/ask.ts';
import { namedForAthena } from '../../services/pipelines/commerce/answer/athena.ts';
import { commerceDatabase } from '../../services/pipelines/commerce/answer/database.ts';
import { askNamed, findNamed } from '../../services/pipelines/commerce/answer/named.ts';
import { athenaDdl } from '../../services/stages/serve/ddl/athena.ts';
import { writeLinks } from '../../services/stages/serve/links/write.ts';
import type { ServePorts } from '../../services/stages/serve/localise.ts';
import { type ShopRows, shopRows } from '../support/commerce-rows.ts';
import { publishShop } from '../support/commerce-shop.ts';
import { openOwnEngine } from '../support/pipeline.ts';
import { describeLongWith } from '../support/require-component.ts';
import { minioProgram, type S3Server, startMinio } from '../support/s3-server.ts';
import { plainRow } from '../support/same-cells.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { startTrino, trinoProgram, type TrinoServer } from '../support/trino-server.ts';

const DATABASE = commerceDatabase('local');
const COUNTED =
  'SELECT count(*), sum(total_amount), max(day) FROM curated_local.transactions WHERE year = 2026 AND month = 1';

const rowsOf = (seed: number, dayCount: number): ShopRows =>
  shopRows({ seed, lastDay: '2026-01-20', dayCount, transactions: 60, sessions: 20 });

describeLongWith(trinoProgram(), 'Trino over an S3 server', (launcher) => {
  describeLongWith(minioProgram(), 'with lists of s3:// addresses', (minio) => {
    let folder: TempFolder;
    let server: S3Server;
    let trino: TrinoServer;
    let ports: ServePorts;

    beforeAll(async () => {
      folder = await tempFolder();
      server = await startMinio(minio);
      trino = await startTrino(launcher, server);
      await server.createBucket('shop');
      const store = s3Store({ bucket: 'shop', connection: server.connection });
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const { signal } = new AbortController();
      const cache = `${folder.path}/cache`;
      ports = { store, openEngine: openOwnEngine, log, signal, cache };
      await publishShop(store, folder.path, rowsOf(1, 5));
      const { years } = await writeLinks(ports, DATABASE);
      const statements = athenaDdl({ database: DATABASE, storeUrl: store.url, years });
      for (const one of statements) await trino.define(one);
    }, 300_000);

    afterAll(async () => {
      await trino.stop();
      await server.stop();
      await folder.remove();
    });

    it('reads what is published, as DuckDB does', async () => {
      const asOf = '2026-01-20';
      const query = findNamed('daily_kpis');
      const engine = await openCurated(ports, { asOf, queries: [query] });
      try {
        const here = await askNamed(engine, query, asOf);
        const there = await trino.ask(namedForAthena(query, asOf), 'curated_local');
        expect(here.rows).toHaveLength(5);
        expect(there.rows.map(plainRow)).toEqual(here.rows.map(plainRow));
      } finally {
        await engine.close();
      }
    }, 60_000);

    it('a named query reads no list of a month that it does not look back on', async () => {
      const list = '_catalog/symlink/curated_local/transactions/year=2026/month=6/day=1/manifest';
      await ports.store.put(list, Buffer.from('s3://shop/curated/transactions/none.parquet\n'));
      try {
        const sql = namedForAthena(findNamed('top_products'), '2026-01-20');
        expect((await trino.ask(sql, 'curated_local')).rows.length).toBeGreaterThan(0);
        const whole = trino.ask('SELECT count(status) FROM curated_local.transactions');
        await expect(whole).rejects.toThrow(/none\.parquet|Failed to open/);
      } finally {
        await ports.store.delete(list);
      }
    }, 60_000);

    it('sees a publish when its lists are written, days that are gone and days that are new among it', async () => {
      const before = await trino.ask(COUNTED);
      expect(before.rows[0]?.[0]).toBe(60);
      await publishShop(ports.store, folder.path, rowsOf(2, 3));
      expect((await trino.ask(COUNTED)).rows).toEqual(before.rows);
      await writeLinks(ports, DATABASE);
      const after = await trino.ask(COUNTED);
      expect(after.rows[0]?.[0]).toBe(60);
      expect(after.rows).not.toEqual(before.rows);
      const days = 'SELECT DISTINCT day FROM curated_local.transactions ORDER BY 1';
      expect((await trino.ask(days)).rows).toEqual([[18], [19], [20]]);
    }, 60_000);
  });
});
