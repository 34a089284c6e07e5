import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { QueryEngine } from '../../services/ports/query-engine.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

export interface EngineRequest {
  folders: readonly string[];
  signal?: AbortSignal;
}

/** Every sentence of the query-engine port, as a test. `open` opens an engine of the test's own. */
export function queryEngineContract(
  name: string,
  open: (request: EngineRequest) => Promise<QueryEngine>,
): void {
  describe(`${name} keeps the query-engine contract`, () => {
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

    describe('run', () => {
      it('tells how many rows the last statement inserted, changed or copied out', async () => {
        expect(await engine.run('CREATE TABLE t (n INTEGER)')).toBe(0);
        expect(await engine.run('INSERT INTO t VALUES (1); INSERT INTO t VALUES (2), (3)')).toBe(2);
        expect(await engine.run('UPDATE t SET n = 9 WHERE n > 1')).toBe(2);
        expect(await engine.run('DELETE FROM t WHERE n = 1')).toBe(1);
        expect(await engine.run(`COPY t TO '${folder}/t.parquet' (FORMAT parquet)`)).toBe(2);
        const read = await engine.query(`SELECT sum(n) FROM read_parquet('${folder}/t.parquet')`);
        expect(read.rows).toEqual([[18]]);
      });

      it('of USE holds for all that is asked after it, also beside each other', async () => {
        await engine.run('CREATE SCHEMA s');
        await engine.run('USE s');
        await engine.run('CREATE TABLE t AS SELECT 1 AS n');
        const asked = Array.from({ length: 20 }, () => engine.query('SELECT n FROM t'));
        for (const { rows } of await Promise.all(asked)) expect(rows).toEqual([[1]]);
      });
    });

    describe('query', () => {
      it('returns the names and types of the columns and all rows in order', async () => {
        const sql =
          "SELECT i AS n, i * 0.5 AS half, 'é' || i AS t FROM range(3) r(i) ORDER BY i DESC";
        expect(await engine.query(sql)).toEqual({
          columns: [
            { name: 'n', type: 'BIGINT' },
            { name: 'half', type: expect.stringMatching(/^DECIMAL/) },
            { name: 't', type: 'VARCHAR' },
          ],
          rows: [
            [2, '1.0', 'é2'],
            [1, '0.5', 'é1'],
            [0, '0.0', 'é0'],
          ],
        });
      });

      it('without rows still tells the columns', async () => {
        expect(await engine.query("SELECT 1 AS a, DATE '2017-07-31' AS b WHERE false")).toEqual({
          columns: [
            { name: 'a', type: 'INTEGER' },
            { name: 'b', type: 'DATE' },
          ],
          rows: [],
        });
      });

      it.each([
        ['NULL', null],
        ['true', true],
        ['42::INTEGER', 42],
        ['9007199254740991', 9007199254740991],
        ['9007199254740993', '9007199254740993'],
        ['-9007199254740993', '-9007199254740993'],
        ['18446744073709551615::UBIGINT', '18446744073709551615'],
        [
          '170141183460469231731687303715884105727::HUGEINT',
          '170141183460469231731687303715884105727',
        ],
        ['12345678901234567.89::DECIMAL(19,2)', '12345678901234567.89'],
        ['0.1::DOUBLE', 0.1],
        ["DATE '2017-07-31'", '2017-07-31'],
        ["DATE '0001-02-03'", '0001-02-03'],
        ["TIMESTAMP '2017-07-31 01:02:03'", '2017-07-31 01:02:03'],
        ["'it''s; \"x\" é \u{1F6A2}'", 'it\'s; "x" é \u{1F6A2}'],
        ["''", ''],
      ])('gives %s as it is', async (sql, cell) => {
        expect((await engine.query(`SELECT ${sql}`)).rows).toEqual([[cell]]);
      });

      it('binds values, which are never read as SQL', async () => {
        const values = ["x'; DROP TABLE t; --", 1.5, true, null];
        const { rows } = await engine.query('SELECT $1, $2, $3, $4, $1', values);
        expect(rows).toEqual([[...values, values[0]]]);
      });

      it('returns up to rowsMax rows, and is too-large for one more', async () => {
        expect((await engine.query('FROM range(5000)', [], 5000)).rows).toHaveLength(5000);
        await expect(engine.query('FROM range(5001)', [], 5000)).rejects.toMatchObject({
          kind: 'too-large',
          message: expect.stringContaining('5000 rows'),
        });
        await expect(engine.select('FROM range(11)', 10)).rejects.toMatchObject({
          kind: 'too-large',
        });
      });

      it('that is too large by far ends at once: the rest is not computed', async () => {
        await expect(engine.query('FROM range(1000000000000)', [], 10)).rejects.toMatchObject({
          kind: 'too-large',
        });
      });

      it('answers many at a time, each with its own rows', async () => {
        const asked = Array.from({ length: 30 }, (_, at) => engine.query(`SELECT ${at}`));
        const answers = await Promise.all(asked);
        expect(answers.map(({ rows }) => rows[0]?.[0])).toEqual(answers.map((_, at) => at));
      });
    });

    describe('append', () => {
      it('adds the rows of all batches, however many, with NULLs and any text', async () => {
        await engine.run('CREATE TABLE "a b" (n INTEGER, v DOUBLE, t VARCHAR)');
        const batch = (count: number) => [
          { type: 'INTEGER' as const, values: Array.from({ length: count }, (_, at) => at) },
          { type: 'DOUBLE' as const, values: Array.from({ length: count }, () => 0.1) },
          { type: 'VARCHAR' as const, values: Array.from({ length: count }, () => "é'\n\0x") },
        ];
        const nulls = batch(1).map(({ type }) => ({ type, values: [null] }));
        await engine.append('a b', batch(5000), batch(1), batch(0), nulls);
        const counted = await engine.query('SELECT count(*), count(n), sum(v) > 500 FROM "a b"');
        expect(counted.rows).toEqual([[5002, 5001, true]]);
        const texts = await engine.query('SELECT DISTINCT t FROM "a b" WHERE t IS NOT NULL');
        expect(texts.rows).toEqual([["é'\n\0x"]]);
      });

      it('to a table that is not there is input-invalid and names it', async () => {
        const batch = [{ type: 'INTEGER' as const, values: [1] }];
        await expect(engine.append('nowhere', batch)).rejects.toMatchObject({
          kind: 'input-invalid',
          message: expect.stringContaining('nowhere'),
        });
      });
    });

    describe('a statement that fails for what it says', () => {
      it.each(['run', 'query', 'select'] as const)(
        'is input-invalid in %s and names its line',
        async (method) => {
          await expect(
            engine[method]('SELECT 1,\n\n  nothing_here\nFROM range(2)'),
          ).rejects.toMatchObject({
            kind: 'input-invalid',
            message: expect.stringMatching(/line 3.*nothing_here/),
          });
        },
      );

      it.each([
        ['a word that is no SQL', 'SELEC 1'],
        ['a missing table', 'FROM nowhere'],
        ['a cast that cannot be', "SELECT CAST('x' AS INTEGER)"],
        ['nothing at all', ''],
      ])('(%s) is input-invalid, in one line', async (_what, sql) => {
        await expect(engine.query(sql)).rejects.toMatchObject({
          kind: 'input-invalid',
          message: expect.stringMatching(/^[^\n]+$/),
        });
      });

      it('leaves the engine usable', async () => {
        await expect(engine.query('FROM nowhere')).rejects.toMatchObject({ kind: 'input-invalid' });
        expect((await engine.query('SELECT 1')).rows).toEqual([[1]]);
      });
    });

    describe('the engine is shut', () => {
      const forbidden: [string, (folders: { outer: string; folder: string }) => string][] = [
        ['reading a file of the system', () => "SELECT * FROM read_csv('/etc/passwd')"],
        ['reading text', () => "SELECT * FROM read_text('/etc/passwd')"],
        ['reading by a bare path', () => "SELECT * FROM '/etc/passwd.csv'"],
        ['reading up by ..', ({ folder }) => `FROM read_csv('${folder}/../outside/secret.csv')`],
        ['reading beside', ({ outer }) => `SELECT * FROM read_csv('${outer}/outside/secret.csv')`],
        ['reading a twin folder', ({ folder }) => `SELECT * FROM read_csv('${folder}-2/x.csv')`],
        ['listing', () => "SELECT * FROM glob('/etc/*')"],
        ['listing up by ..', ({ folder }) => `SELECT * FROM glob('${folder}/../outside/*')`],
        ['reading a glob', ({ outer }) => `SELECT * FROM read_csv('${outer}/out*/*.csv')`],
        ['reading the web', () => "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')"],
        ['reading S3', () => "SELECT * FROM read_parquet('s3://bucket/x.parquet')"],
        ['writing outside', ({ outer }) => `COPY (SELECT 1) TO '${outer}/outside/out.csv'`],
        ['writing up by ..', ({ folder }) => `COPY (SELECT 1) TO '${folder}/../out.csv'`],
        ['exporting', ({ outer }) => `EXPORT DATABASE '${outer}/outside/dump'`],
        ['attaching', ({ outer }) => `ATTACH '${outer}/outside/x.db' AS x`],
        ['installing', () => 'INSTALL httpfs'],
        ['loading', () => 'LOAD httpfs'],
        ['loading a file', () => "LOAD '/tmp/x.duckdb_extension'"],
        ['opening access', () => 'SET enable_external_access = true'],
        ['allowing a folder', () => "SET allowed_directories = ['/']"],
        ['unlocking', () => 'SET lock_configuration = false'],
        ['moving the spill', () => "SET temp_directory = '/tmp/elsewhere'"],
        ['taking more memory', () => "SET memory_limit = '100GB'"],
        ['resetting', () => 'RESET memory_limit'],
        ['a pragma', () => 'PRAGMA enable_external_access = true'],
      ];

      it.each(forbidden)('%s is refused', async (_what, sql) => {
        const statement = sql({ outer: outer.path, folder });
        await expect(engine.run(statement)).rejects.toMatchObject({
          kind: expect.stringMatching(/^(?:denied|input-invalid)$/),
        });
        await expect(engine.query(statement)).rejects.toMatchObject({ name: 'PipelineError' });
        await expect(engine.select(statement)).rejects.toMatchObject({ name: 'PipelineError' });
      });

      it.each(
        forbidden.filter(([what]) => /^(?:reading|listing|writing|attach|unlock)/.test(what)),
      )('%s is denied, and says so', async (_what, sql) => {
        const statement = sql({ outer: outer.path, folder });
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
        await expect(other.query('FROM t')).rejects.toMatchObject({ kind: 'input-invalid' });
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

    describe('close', () => {
      it('while queries run waits for them, and they are answered', async () => {
        const asked = Array.from({ length: 12 }, () =>
          engine.query('SELECT count(*) FROM range(3000000) a(i) WHERE i % 7 = 3'),
        );
        await engine.close();
        for (const { rows } of await Promise.all(asked)) expect(rows).toEqual([[428571]]);
      });

      it('twice is once', async () => {
        await Promise.all([engine.close(), engine.close()]);
        await engine.close();
      });

      it('makes every later call fail, none wait', async () => {
        await engine.close();
        const calls = [
          engine.run('SELECT 1'),
          engine.run('USE main'),
          engine.query('SELECT 1'),
          engine.select('SELECT 1'),
          engine.append('t', []),
        ];
        for (const call of calls) await expect(call).rejects.toMatchObject({ kind: 'bug' });
      });
    });

    it('a signal ends the statements under way as interrupted', async () => {
      const controller = new AbortController();
      const own = await open({ folders: [folder], signal: controller.signal });
      const sql =
        'SELECT count(*) FROM range(100000000) a, range(1000) b WHERE (a.range + b.range) % 7 = 3';
      const long = [own.query(sql), own.run(`CREATE TABLE x AS ${sql}`)];
      const ends = Promise.allSettled(long);
      await own.query('SELECT 1');
      controller.abort();
      for (const end of await ends) {
        expect(end).toMatchObject({ status: 'rejected', reason: { kind: 'interrupted' } });
      }
      await own.close();
    });
  });
}
