import { mkdir } from 'node:fs/promises';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { QueryEngine } from '../../services/ports/query-engine.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

export interface EngineRequest {
  folders: readonly string[];
  signal?: AbortSignal;
}

/** Opens an engine of the test's own. */
export type OpenEngine = (request: EngineRequest) => Promise<QueryEngine>;

/** Every sentence of the query-engine port, as a test, but for those on being shut. */
export function queryEngineContract(name: string, open: OpenEngine): void {
  describe(`${name} keeps the query-engine contract`, () => {
    let outer: TempFolder;
    let folder: string;
    let engine: QueryEngine;

    beforeEach(async () => {
      outer = await tempFolder();
      folder = `${outer.path}/allowed`;
      await mkdir(folder);
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
      it.each([
        ['a number', 'CAST(mail AS INTEGER)'],
        ['a list', 'CAST(mail AS INTEGER[])'],
        ['a date', `strptime(mail, '%Y')`],
        ['JSON', 'CAST(mail AS JSON)'],
      ])('that fails by a value does not show it: %s', async (_, cast) => {
        const failing = engine.query(
          `SELECT ${cast} FROM (SELECT chr(39) || reverse('@nna') || chr(34) AS mail)`,
        );
        const error = await failing.catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ kind: 'bug' });
        expect(inspect(error, { depth: 10 })).not.toContain('ann@');
      });

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

    describe('namedTables', () => {
      it.each([
        ['SELECT a.n FROM s.a JOIN "b ""c"".csv" USING (n)', ['b "c".csv', 's.a']],
        ['WITH x AS (FROM a) SELECT (SELECT max(n) FROM B) FROM x', ['B', 'a']],
        ["SELECT 'b' AS c FROM a -- d", ['a']],
        ['DESCRIBE s.a', ['s.a']],
        ['-- x\nEXPLAIN SELECT * FROM s.a NATURAL JOIN b', ['b', 's.a']],
        ['-- x\rEXPLAIN SELECT * FROM S.a', ['S.a']],
        ['SELECT * FROM s.a, t.a, s.a', ['s.a', 't.a']],
        ['UNPIVOT a ON n', ['a']],
        ['WITH a AS (FROM b) SELECT * FROM a, s.a', ['b', 's.a']],
        ['WITH a AS (FROM a), b AS (FROM a) FROM b', ['a']],
        ['WITH RECURSIVE a AS (SELECT 1 AS n UNION SELECT n + 1 FROM a, b) FROM a', ['b']],
        ['SELECT (WITH a AS (FROM b) SELECT n FROM a) FROM c', ['b', 'c']],
        ['SELECT 1', []],
        ['SELECT FROM WHERE', []],
      ])('of %s are %j, whether they are there or not', async (sql, names) => {
        const named = await engine.namedTables(sql);
        const full = named.map((one) =>
          one.schema === '' ? one.name : `${one.schema}.${one.name}`,
        );
        expect(full.toSorted()).toEqual(names);
      });

      it.each([
        `FROM query_table(['s.a.csv', 's."a.csv"'])`,
        `FROM pragma_table_info('s."a.csv"')`,
        `PIVOT "a.csv" ON n USING count(*)`,
      ])('are among those of %s', async (sql) => {
        expect(await engine.namedTables(sql)).toContainEqual({ schema: null, name: 'a.csv' });
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

      it('to a table that is not there is a bug and names it', async () => {
        const batch = [{ type: 'INTEGER' as const, values: [1] }];
        await expect(engine.append('nowhere', batch)).rejects.toMatchObject({
          kind: 'bug',
          message: expect.stringContaining('nowhere'),
        });
      });
    });

    describe('a statement that fails for what it says', () => {
      it.each([
        ['run', 'bug'],
        ['query', 'bug'],
        ['select', 'input-invalid'],
      ] as const)('in %s is %s and names its line', async (method, kind) => {
        await expect(
          engine[method]('SELECT 1,\n\n  nothing_here\nFROM range(2)'),
        ).rejects.toMatchObject({
          kind,
          message: expect.stringMatching(/line 3.*nothing_here/),
        });
      });

      it.each([
        ['a word that is no SQL', 'SELEC 1'],
        ['a missing table', 'FROM nowhere'],
        ['a cast that cannot be', "SELECT CAST('x' AS INTEGER)"],
        ['nothing at all', ''],
      ])('(%s) is input-invalid, in one line', async (_what, sql) => {
        await expect(engine.select(sql)).rejects.toMatchObject({
          kind: 'input-invalid',
          message: expect.stringMatching(/^[^\n]+$/),
        });
      });

      it('leaves the engine usable', async () => {
        await expect(engine.query('FROM nowhere')).rejects.toMatchObject({ kind: 'bug' });
        expect((await engine.query('SELECT 1')).rows).toEqual([[1]]);
      });
    });

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
        await expect(engine.close()).resolves.toBeUndefined();
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
