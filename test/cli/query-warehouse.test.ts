import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { pgliteWarehouse } from '../../services/adapters/warehouse/pglite.ts';
import { cli } from '../support/cli.ts';
import {
  ask,
  postgresProgram,
  type PostgresServer,
  startPostgres,
} from '../support/postgres-server.ts';
import { describeWith } from '../support/require-component.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const FRUIT = `CREATE TABLE fruit (name TEXT, price NUMERIC(5,2)); INSERT INTO fruit VALUES ('apple', 1.50), ('pear', NULL)`;
const SQL = 'SELECT name, price FROM fruit ORDER BY 1';

describe('argosy query --warehouse, embedded', () => {
  let folder: TempFolder;
  let empty: TempFolder;
  const query = (...argv: string[]) => cli(['query', '--warehouse', ...argv], { cwd: folder.path });

  beforeAll(async () => {
    folder = await tempFolder();
    empty = await tempFolder();
    const warehouse = await pgliteWarehouse({ folder: join(folder.path, '.argosy/warehouse') });
    await warehouse.transaction((tx) => tx.run(FRUIT));
    await warehouse.close();
  }, 30_000);
  afterAll(async () => {
    await folder.remove();
    await empty.remove();
  });

  it('prints a table, and leaves the warehouse to the next', async () => {
    const { exitCode, stdout, stderr } = await query(SQL);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toBe('name   price\n─────  ─────\napple   1.50\npear       ∅\n');
    expect(existsSync(join(folder.path, '.argosy/warehouse/lock'))).toBe(false);
  });

  it('prints JSON and CSV', async () => {
    const json = await query('--json', SQL);
    expect(JSON.parse(json.stdout)).toEqual([
      { name: 'apple', price: '1.50' },
      { name: 'pear', price: null },
    ]);
    expect((await query('--csv', SQL)).stdout).toMatch(
      /^name,price\r?\napple,1\.50\r?\npear,\r?\n$/,
    );
  });

  it('changes nothing', async () => {
    const { exitCode, stderr } = await query('DELETE FROM fruit');
    expect(exitCode).toBe(50);
    expect(stderr).toMatch(/only reading is allowed\nhint: give one SELECT/);
  });

  it('tells what is wrong with the SQL', async () => {
    const { exitCode, stderr } = await query('SELECT nothing FROM fruit');
    expect(exitCode).toBe(20);
    expect(stderr).toContain('column "nothing" does not exist');
  });

  it.each(['--as-of=2026-01-01', '--pipeline=finance'])(
    'refuses %s, which says nothing to it',
    async (flag) => {
      const { exitCode, stderr } = await query(flag, SQL);
      expect(exitCode).toBe(51);
      expect(stderr).toContain('says nothing to the warehouse');
    },
  );

  it('makes no warehouse where there is none, and says what makes one', async () => {
    const { exitCode, stderr } = await cli(['query', '--warehouse', SQL], { cwd: empty.path });
    expect(exitCode).toBe(23);
    expect(stderr).toMatch(/there is no warehouse in .*\nhint: the first load makes it/);
    expect(existsSync(join(empty.path, '.argosy'))).toBe(false);
  });

  it('is told of by the doctor, there or not, without being made', async () => {
    const there = await cli(['doctor'], { cwd: folder.path });
    expect(there.stdout).toMatch(
      /ok +warehouse +pglite:\/\/\/.*\/\.argosy\/warehouse: PostgreSQL \d+/,
    );
    const absent = await cli(['doctor'], { cwd: empty.path });
    expect(absent.stdout).toMatch(
      /ok +warehouse +there is no warehouse in .* yet: the first load makes it/,
    );
    expect(existsSync(join(empty.path, '.argosy/warehouse'))).toBe(false);
  });
});

describeWith(
  await postgresProgram(),
  'argosy query --warehouse on a PostgreSQL server',
  (program) => {
    let server: PostgresServer;
    let folder: TempFolder;

    beforeAll(async () => {
      folder = await tempFolder();
      server = await startPostgres(program);
      await ask(await server.createDatabase('etl_db'), FRUIT);
    }, 60_000);
    afterAll(async () => {
      await server.stop();
      await folder.remove();
    });

    it('reads from where DB_HOST, DB_PORT, DB_NAME and DB_USER of the original say', async () => {
      const env = {
        DB_HOST: '127.0.0.1',
        DB_PORT: String(server.port),
        DB_NAME: 'etl_db',
        DB_USER: 'etl_user',
        DB_PASSWORD: 'not-asked-for',
      };
      const { exitCode, stdout } = await cli(['query', '--warehouse', '--csv', SQL], {
        cwd: folder.path,
        env,
      });
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/apple,1\.50/);
      const doctor = await cli(['doctor'], { cwd: folder.path, env });
      expect(doctor.stdout).toMatch(
        /ok +warehouse +postgres:\/\/127\.0\.0\.1:\d+\/etl_db: PostgreSQL 1\d/,
      );
      expect(doctor.stdout).not.toContain('not-asked-for');
    });

    it('says what cannot be reached', async () => {
      const env = { ARGOSY_WAREHOUSE: 'postgres://etl_user:s3cr3t@127.0.0.1:1/etl_db' };
      const { exitCode, stderr } = await cli(['query', '--warehouse', SQL], {
        cwd: folder.path,
        env,
      });
      expect(exitCode).toBe(30);
      expect(stderr).toMatch(
        /postgres:\/\/127\.0\.0\.1:1\/etl_db.*\nhint: see that the warehouse runs/,
      );
      expect(stderr).not.toContain('s3cr3t');
      expect((await cli(['doctor'], { cwd: folder.path, env })).exitCode).toBe(30);
    });
  },
);
