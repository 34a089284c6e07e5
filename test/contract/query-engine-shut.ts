import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { QueryEngine } from '../../services/ports/query-engine.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import type { OpenEngine } from './query-engine.ts';

/** That an engine is shut (design B6 S8): what it must refuse, and what a reader's SQL may not do. */
export function shutEngineContract(name: string, open: OpenEngine): void {
  describe(`${name} is shut`, () => {
    let outer: TempFolder;
    let folder: string;
    let engine: QueryEngine;

    beforeEach(async () => {
      outer = await tempFolder();
      folder = `${outer.path}/allowed`;
      await mkdir(folder);
      await mkdir(`${outer.path}/outside`);
      await writeFile(`${outer.path}/outside/secret.csv`, 'a\n1\n');
      engine = await open({ folders: [folder] });
    });

    afterEach(async () => {
      await engine.close();
      await outer.remove();
    });

    const placed = (sql: string): string =>
      sql.replace('{in}', folder).replace('{out}', outer.path);

    describe('against what lies outside its folders', () => {
      // {in} is its folder, {out} the one around it.
      const forbidden: [what: string, sql: string][] = [
        ['reading a file of the system', "SELECT * FROM read_csv('/etc/passwd')"],
        ['reading text', "SELECT * FROM read_text('/etc/passwd')"],
        ['reading by a bare path', "SELECT * FROM '/etc/passwd.csv'"],
        ['reading up by ..', "FROM read_csv('{in}/../outside/secret.csv')"],
        ['reading beside', "SELECT * FROM read_csv('{out}/outside/secret.csv')"],
        ['reading a twin folder', "SELECT * FROM read_csv('{in}-2/x.csv')"],
        ['listing', "SELECT * FROM glob('/etc/*')"],
        ['listing up by ..', "SELECT * FROM glob('{in}/../outside/*')"],
        ['reading a glob', "SELECT * FROM read_csv('{out}/out*/*.csv')"],
        ['reading the web', "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')"],
        ['reading S3', "SELECT * FROM read_parquet('s3://bucket/x.parquet')"],
        ['writing outside', "COPY (SELECT 1) TO '{out}/outside/out.csv'"],
        ['writing up by ..', "COPY (SELECT 1) TO '{in}/../out.csv'"],
        ['exporting', "EXPORT DATABASE '{out}/outside/dump'"],
        ['attaching', "ATTACH '{out}/outside/x.db' AS x"],
        ['installing', 'INSTALL httpfs'],
        ['loading', 'LOAD httpfs'],
        ['loading a file', "LOAD '/tmp/x.duckdb_extension'"],
        ['opening access', 'SET enable_external_access = true'],
        ['allowing a folder', "SET allowed_directories = ['/']"],
        ['unlocking', 'SET lock_configuration = false'],
        ['moving the spill', "SET temp_directory = '/tmp/elsewhere'"],
        ['taking more memory', "SET memory_limit = '100GB'"],
        ['resetting', 'RESET memory_limit'],
        ['a pragma', 'PRAGMA enable_external_access = true'],
      ];

      it.each(forbidden)('%s is refused', async (_what, sql) => {
        const statement = placed(sql);
        await expect(engine.run(statement)).rejects.toMatchObject({
          kind: expect.stringMatching(/^(?:denied|bug)$/),
        });
        await expect(engine.query(statement)).rejects.toMatchObject({ name: 'PipelineError' });
        await expect(engine.select(statement)).rejects.toMatchObject({ name: 'PipelineError' });
      });

      it.each(
        forbidden.filter(([what]) => /^(?:reading|listing|writing|attach|unlock)/.test(what)),
      )('%s is denied, and says so', async (_what, sql) => {
        const statement = placed(sql);
        await expect(engine.run(statement)).rejects.toMatchObject({ kind: 'denied' });
      });

      it('a link that leads out of the folder is refused', async () => {
        await symlink(`${outer.path}/outside/secret.csv`, `${folder}/link.csv`);
        const reading = engine.select(`SELECT * FROM read_csv('${folder}/link.csv')`);
        await expect(reading).rejects.toMatchObject({ kind: 'denied' });
      });

      it('its own folder is open, also where its name holds a quote', async () => {
        const odd = `${outer.path}/it's`;
        await mkdir(odd);
        await using own = Object.assign(await open({ folders: [folder, odd] }), {
          [Symbol.asyncDispose]: () => own.close(),
        });
        const path = `${odd}/x.csv`.replaceAll("'", "''");
        await own.run(`COPY (SELECT 7 AS n) TO '${path}'`);
        expect(await readFile(`${odd}/x.csv`, 'utf8')).toBe('n\n7\n');
        expect((await own.select(`SELECT n FROM '${path}'`)).rows).toEqual([[7]]);
      });

      it('two engines do not see each other', async () => {
        const other = await open({ folders: [folder] });
        await engine.run('CREATE TABLE t (n INTEGER)');
        await expect(other.query('FROM t')).rejects.toMatchObject({ kind: 'bug' });
        await other.close();
      });
    });

    describe('select', () => {
      beforeEach(async () => {
        await engine.run('CREATE TABLE t AS SELECT 1 AS n');
      });

      it.each([
        ['SELECT n FROM t'],
        ['FROM t'],
        ['WITH x AS (SELECT * FROM t) SELECT * FROM x'],
        ['SELECT n FROM t;'],
        ['  -- a note\nSELECT n FROM t'],
        ['DESCRIBE t'],
        ['SUMMARIZE t'],
        ['SHOW TABLES'],
        ['EXPLAIN SELECT * FROM t'],
        ['VALUES (1)'],
      ])('answers %s', async (sql) => {
        expect((await engine.select(sql)).rows.length).toBeGreaterThan(0);
      });

      it.each([
        ['CREATE TABLE u (n INTEGER)'],
        ['CREATE OR REPLACE VIEW t2 AS FROM t'],
        ['INSERT INTO t VALUES (2)'],
        ['INSERT INTO t VALUES (2) RETURNING n'],
        ['UPDATE t SET n = 2'],
        ['DELETE FROM t'],
        ['DELETE FROM t RETURNING n'],
        ['TRUNCATE t'],
        ['DROP TABLE t'],
        ['ALTER TABLE t ADD COLUMN m INTEGER'],
        ['SELECT 1; DROP TABLE t'],
        ['SELECT 1; SELECT 2'],
        ['EXPLAIN ANALYZE DELETE FROM t'],
        ['explain analyze insert into t values (2)'],
        ['EXPLAIN (ANALYZE) DELETE FROM t'],
        ['PREPARE p AS DELETE FROM t'],
        ['BEGIN TRANSACTION'],
        ['USE memory'],
        ['CALL pragma_version()'],
        ['PRAGMA enable_profiling'],
        ['COPY t TO STDOUT'],
        ['CHECKPOINT'],
        ['VACUUM'],
        ['SET threads = 1'],
      ])('refuses %s as denied, and nothing has changed', async (sql) => {
        await expect(engine.select(sql)).rejects.toMatchObject({ kind: 'denied' });
        expect((await engine.query('FROM t')).rows).toEqual([[1]]);
        expect((await engine.query('SHOW TABLES')).rows).toEqual([['t']]);
      });
    });

    it.each(['', ';', '-- only a note'])(
      'select of nothing (%j) is input-invalid or denied',
      async (sql) => {
        await expect(engine.select(sql)).rejects.toMatchObject({
          kind: expect.stringMatching(/^(?:input-invalid|denied)$/),
        });
      },
    );
  });
}
