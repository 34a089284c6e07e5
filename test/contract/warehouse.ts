import { inspect } from 'node:util';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import type { Warehouse, WarehouseBatch } from '../../services/ports/warehouse.ts';

/** Opens a warehouse of the test's own, empty. */
export type OpenWarehouse = () => Promise<{ warehouse: Warehouse; close: () => Promise<void> }>;

/** Every sentence of the warehouse port, as a test; one warehouse serves them all, for making one takes time. */
export function warehouseContract(name: string, open: OpenWarehouse): void {
  describe(`${name} keeps the warehouse contract`, () => {
    let warehouse: Warehouse;
    let close: () => Promise<void>;

    beforeAll(async () => {
      ({ warehouse, close } = await open());
      await warehouse.transaction((tx) =>
        tx.run(`
          CREATE TABLE fruit (
            name VARCHAR(10) PRIMARY KEY, price NUMERIC(30,2), count BIGINT, picked TIMESTAMP, is_sweet BOOLEAN,
            note TEXT, CHECK (price > 0)
          );
          CREATE TABLE basket (fruit VARCHAR(10) REFERENCES fruit (name))`),
      );
    }, 60_000);
    beforeEach(() =>
      warehouse.transaction((tx) => tx.run('DELETE FROM basket; DELETE FROM fruit')),
    );
    afterAll(() => close());

    const put = (...names: string[]) =>
      warehouse.transaction(async (tx) => {
        for (const one of names) await tx.run('INSERT INTO fruit (name) VALUES ($1)', [one]);
      });
    const names = async () =>
      (await warehouse.query('SELECT name FROM fruit ORDER BY 1')).rows.flat();

    describe('a transaction', () => {
      it('keeps everything that was done in it', async () => {
        await put('apple', 'pear');
        expect(await names()).toEqual(['apple', 'pear']);
      });

      it('keeps nothing when the work throws, and passes its error on', async () => {
        const failure = new Error('of the work');
        const failing = warehouse.transaction(async (tx) => {
          await tx.run(`INSERT INTO fruit (name) VALUES ('apple')`);
          throw failure;
        });
        await expect(failing).rejects.toBe(failure);
        expect(await names()).toEqual([]);
      });

      it('returns what the work returns', async () => {
        expect(await warehouse.transaction(async () => 42)).toBe(42);
      });

      it('sees what it has written itself', async () => {
        const seen = await warehouse.transaction(async (tx) => {
          await tx.run(`INSERT INTO fruit (name) VALUES ('apple')`);
          return (await tx.query('SELECT name FROM fruit')).rows;
        });
        expect(seen).toEqual([['apple']]);
      });

      it('goes on after a savepoint was rolled back to', async () => {
        await warehouse.transaction(async (tx) => {
          await tx.run(`INSERT INTO fruit (name) VALUES ('apple'); SAVEPOINT one`);
          await tx.run(`INSERT INTO fruit (name) VALUES ('apple')`).catch(() => undefined);
          await tx.run('ROLLBACK TO SAVEPOINT one');
        });
        expect(await names()).toEqual(['apple']);
      });

      it('is refused at its end when a statement failed and the work went on', async () => {
        const swallowing = warehouse.transaction(async (tx) => {
          await tx.run(`INSERT INTO fruit (name) VALUES ('apple')`);
          await tx.run('SELECT nothing').catch(() => undefined);
        });
        await expect(swallowing).rejects.toMatchObject({ kind: 'bug' });
        expect(await names()).toEqual([]);
      });

      it('cannot be used after its end', async () => {
        const leaked = await warehouse.transaction(async (tx) => tx);
        await expect(leaked.run('SELECT 1')).rejects.toMatchObject({ kind: 'bug' });
      });

      it('is rolled back and interrupted when its signal is aborted', async () => {
        const abort = new AbortController();
        const stopped = warehouse.transaction(
          async (tx) => {
            await tx.run(`INSERT INTO fruit (name) VALUES ('apple')`);
            abort.abort();
          },
          { signal: abort.signal },
        );
        await expect(stopped).rejects.toMatchObject({ kind: 'interrupted' });
        expect(await names()).toEqual([]);
      });

      it('does not begin when its signal was aborted before', async () => {
        let hasBegun = false;
        const work = async () => {
          hasBegun = true;
        };
        const late = warehouse.transaction(work, { signal: AbortSignal.abort() });
        await expect(late).rejects.toMatchObject({ kind: 'interrupted' });
        expect(hasBegun).toBe(false);
      });

      it('may be one of several at once, and each is whole', async () => {
        await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((one) => put(`${one}1`, `${one}2`)));
        expect(await names()).toHaveLength(12);
      });
    });

    describe('a statement', () => {
      it('tells how many rows the last of several touched', async () => {
        await put('apple', 'pear');
        const touched = await warehouse.transaction((tx) =>
          tx.run(`INSERT INTO fruit (name) VALUES ('plum'); UPDATE fruit SET note = 'x'`),
        );
        expect(touched).toBe(3);
      });

      it('tells of none where none was touched', async () => {
        expect(await warehouse.transaction((tx) => tx.run('DELETE FROM fruit'))).toBe(0);
      });

      it('binds values as they are', async () => {
        const values = ["a'b", '99999999999999999999.99', 5, '2024-02-29 23:59:59', true, 'x;\n"'];
        await warehouse.transaction((tx) =>
          tx.run('INSERT INTO fruit VALUES ($1, $2, $3, $4, $5, $6)', values),
        );
        expect((await warehouse.query('SELECT * FROM fruit')).rows).toEqual([values]);
      });

      it('binds null', async () => {
        await warehouse.transaction((tx) =>
          tx.run('INSERT INTO fruit (name, note) VALUES ($1, $2)', ['apple', null]),
        );
        expect((await warehouse.query('SELECT note FROM fruit')).rows).toEqual([[null]]);
      });

      it('gives exact numbers, times and the rest without loss', async () => {
        const { rows, columns } = await warehouse.query(`
          SELECT 1::int, 9007199254740991::bigint, 9007199254740993::bigint, 0.10::numeric(5,2),
            12345678901234567890.12::numeric, 0.5::float8, 'NaN'::float8, true, DATE '2024-02-29',
            TIMESTAMP '2024-02-29 12:00:00.123456', '{"b": 1}'::jsonb, NULL::int, ''`);
        expect(rows).toEqual([
          [
            1,
            9007199254740991,
            '9007199254740993',
            '0.10',
            '12345678901234567890.12',
            0.5,
            'NaN',
            true,
            '2024-02-29',
            '2024-02-29 12:00:00.123456',
            '{"b": 1}',
            null,
            '',
          ],
        ]);
        expect(columns.slice(0, 4).map(({ type }) => type)).toEqual([
          'INTEGER',
          'BIGINT',
          'BIGINT',
          'NUMERIC',
        ]);
      });

      it('names the columns where there are no rows', async () => {
        const { columns, rows } = await warehouse.query('SELECT name, price FROM fruit');
        expect(columns).toEqual([
          { name: 'name', type: 'VARCHAR' },
          { name: 'price', type: 'NUMERIC' },
        ]);
        expect(rows).toEqual([]);
      });

      it('reads times as UTC, wherever it runs', async () => {
        const asked = `SELECT current_setting('TimeZone'), TIMESTAMPTZ '2024-01-01 00:00:00+02'::text`;
        const { rows } = await warehouse.query(asked);
        expect(rows).toEqual([['UTC', '2023-12-31 22:00:00+00']]);
      });

      it.each([
        ['a key twice', `INSERT INTO fruit (name) VALUES ('a'), ('a')`],
        ['a check', `INSERT INTO fruit (name, price) VALUES ('a', 0)`],
        ['a reference to nothing', `INSERT INTO basket VALUES ('none')`],
        ['a text too long', `INSERT INTO fruit (name) VALUES ('longer than ten')`],
        ['no key', `INSERT INTO fruit (name) VALUES (NULL)`],
      ])('that data breaks is input-invalid: %s', async (_, sql) => {
        const broken = warehouse.transaction((tx) => tx.run(sql));
        await expect(broken).rejects.toMatchObject({ kind: 'input-invalid' });
      });

      it('that is wrong in itself is a bug of ours', async () => {
        const wrong = warehouse.transaction((tx) => tx.run('SELEC 1'));
        await expect(wrong).rejects.toMatchObject({ kind: 'bug' });
        await expect(warehouse.query('SELECT * FROM nothing')).rejects.toMatchObject({
          kind: 'bug',
        });
      });

      it('names the key that is there twice, and no value of the row', async () => {
        const twice = warehouse.transaction((tx) =>
          tx.run(`INSERT INTO fruit (name, note) VALUES ('fig', 'secret'), ('fig', 'secret')`),
        );
        const error = await errorOf(twice);
        expect(error.message).toMatch(/"fruit_pkey" \(SQLSTATE 23505, key name\)$/);
        expect(everythingIn(error)).not.toMatch(/fig|secret/);
      });

      it.each([
        [
          'a cast',
          `SELECT note::int FROM fruit`,
          /invalid input syntax for type integer \(SQLSTATE 22P02\)$/,
        ],
        ['a date', `SELECT to_date(note, 'YYYY-MM-DD') FROM fruit`, /SQLSTATE 22007/],
        ['JSON', `SELECT note::json FROM fruit`, /invalid input syntax for type json/],
        ['an array', `SELECT note::int[] FROM fruit`, /malformed array literal/],
        [
          'a reference',
          `INSERT INTO basket SELECT left(note, 10) FROM fruit`,
          /"basket_fruit_fkey"/,
        ],
        [
          'a check',
          `INSERT INTO fruit (name, price, note) SELECT 'b', -1, note FROM fruit`,
          /"fruit_price_check"/,
        ],
        ['a null', `INSERT INTO fruit (name, note) SELECT NULL, note FROM fruit`, /column "name"/],
        [
          'words of the server',
          `DO $$ BEGIN RAISE EXCEPTION 'no %', (SELECT note FROM fruit LIMIT 1); END $$`,
          /an error of the server's own code \(SQLSTATE P0001\)$/,
        ],
      ])('that fails shows no value of a row: %s', async (_, sql, told) => {
        const note = 'anne" of column "ann@db.example';
        const failing = warehouse.transaction(async (tx) => {
          await tx.run('INSERT INTO fruit (name, note) VALUES ($1, $2)', ['a', note]);
          await tx.run(sql);
        });
        const error = await errorOf(failing);
        expect(error.message).toMatch(told);
        expect(everythingIn(error)).not.toMatch(/anne|example/);
      });
    });

    describe('a copy', () => {
      const target = { table: 'fruit', columns: ['name', 'price', 'note'] };
      const copied = (...chunks: (string | Uint8Array)[]) =>
        warehouse.transaction((tx) => tx.copyIn(target, bytesOf(chunks)));

      it('takes an unquoted empty field as NULL and a quoted one as empty text', async () => {
        expect(await copied('a,1.50,\nb,,""\n')).toBe(2);
        const { rows } = await warehouse.query('SELECT name, price, note FROM fruit ORDER BY 1');
        expect(rows).toEqual([
          ['a', '1.50', null],
          ['b', null, ''],
        ]);
      });

      it('takes texts with quotes, commas and line ends, cut anywhere into chunks', async () => {
        const bytes = new TextEncoder().encode('"ä,1",2,"say ""no""\nor\r\nyes"\n');
        const chunks = [...bytes].map((byte) => Uint8Array.of(byte));
        expect(await copied(...chunks)).toBe(1);
        const { rows } = await warehouse.query('SELECT name, note FROM fruit');
        expect(rows).toEqual([['ä,1', 'say "no"\nor\r\nyes']]);
      });

      it('of nothing is no row', async () => {
        expect(await copied()).toBe(0);
      });

      it('with a row that the table refuses is input-invalid, names the line, and leaves nothing', async () => {
        const refused = copied('a,1,\n', 'b,2,\n', 'c,many,secret\n', 'd,4,\n');
        await expect(refused).rejects.toMatchObject({ kind: 'input-invalid' });
        await expect(refused).rejects.toThrow(/line 3, column price/);
        await expect(refused).rejects.not.toThrow(/secret/);
        expect(await names()).toEqual([]);
      });

      it('whose source fails passes its error on, and leaves nothing', async () => {
        const failure = new Error('of the source');
        const failing = warehouse.transaction((tx) =>
          tx.copyIn(target, failingAfter('a,1,\n', failure)),
        );
        await expect(failing).rejects.toBe(failure);
        expect(await names()).toEqual([]);
        expect(await copied('a,1,\n')).toBe(1);
      });

      it('of many rows arrives whole', async () => {
        const line = (at: number) => `k${at},${at + 1}.25,${'x'.repeat(50)}\n`;
        const chunk = (from: number) =>
          Array.from({ length: 1000 }, (_, at) => line(from + at)).join('');
        const chunks = Array.from({ length: 30 }, (_, at) => chunk(at * 1000));
        expect(await copied(...chunks)).toBe(30_000);
        const { rows } = await warehouse.query('SELECT count(*), sum(price) FROM fruit');
        expect(rows).toEqual([[30_000, '450022500.00']]);
      });
    });

    describe("a reader's select", () => {
      beforeEach(() => put('apple', 'pear', 'plum'));

      it('answers with columns and rows', async () => {
        const { columns, rows } = await warehouse.select(
          'SELECT name FROM fruit ORDER BY 1 LIMIT 2;',
        );
        expect(columns).toEqual([{ name: 'name', type: 'VARCHAR' }]);
        expect(rows).toEqual([['apple'], ['pear']]);
      });

      it.each([
        ['WITH f AS (SELECT name FROM fruit) SELECT count(*) FROM f', 1],
        ['VALUES (1), (2)', 2],
        ['TABLE fruit', 3],
        ['(SELECT 1) UNION (SELECT 2)', 2],
        ['-- a comment; with a semicolon\nSELECT 1', 1],
        [`SELECT ';'`, 1],
        ['SELECT name FROM fruit WHERE false', 0],
        ['SHOW server_version', 1],
      ])('may be %s', async (sql, count) => {
        expect((await warehouse.select(sql)).rows).toHaveLength(count);
      });

      it('may be an EXPLAIN', async () => {
        expect((await warehouse.select('EXPLAIN SELECT * FROM fruit')).rows.length).toBeGreaterThan(
          0,
        );
      });

      it.each([
        'DELETE FROM fruit',
        'SELECT 1; DELETE FROM fruit',
        'SELECT 1; COMMIT; DELETE FROM fruit',
        'WITH gone AS (DELETE FROM fruit RETURNING 1) SELECT * FROM gone',
        'SELECT * INTO more FROM fruit',
        'SELECT * FROM fruit FOR UPDATE',
        'EXPLAIN ANALYZE DELETE FROM fruit',
        'CREATE TABLE more (a INT)',
        'DROP TABLE fruit',
        'TRUNCATE fruit',
        'COMMIT',
        'BEGIN READ WRITE',
        'SET default_transaction_read_only = off',
        `COPY fruit TO '/tmp/fruit'`,
        'DO $$ BEGIN DELETE FROM fruit; END $$',
        'CALL nothing()',
        '',
        ';',
      ])('that would write is denied, and nothing happens: %s', async (sql) => {
        await expect(warehouse.select(sql)).rejects.toMatchObject({ kind: 'denied' });
        expect(await names()).toEqual(['apple', 'pear', 'plum']);
      });

      it('that is wrong is input-invalid', async () => {
        const wrong = warehouse.select('SELECT nothing FROM fruit');
        await expect(wrong).rejects.toMatchObject({ kind: 'input-invalid' });
        await expect(wrong).rejects.toThrow(/nothing/);
        await expect(warehouse.select('SELECT FROM WHERE')).rejects.toMatchObject({
          kind: 'input-invalid',
        });
        await expect(warehouse.select('SELECT 1/0')).rejects.toMatchObject({
          kind: 'input-invalid',
        });
      });

      it('with more rows than may be is too-large; with as many it is answered', async () => {
        await expect(warehouse.select('SELECT name FROM fruit', 2)).rejects.toMatchObject({
          kind: 'too-large',
        });
        expect((await warehouse.select('SELECT name FROM fruit', 3)).rows).toHaveLength(3);
      });

      it('of endlessly many rows is given up soon', async () => {
        const endless = 'SELECT generate_series(1, 2000000000)';
        await expect(warehouse.select(endless, 10)).rejects.toMatchObject({ kind: 'too-large' });
      }, 20_000);
    });

    describe('reading in batches', () => {
      const readAll = async (sql: string, batchRows: number, values: string[] = []) => {
        const batches: WarehouseBatch[] = [];
        for await (const batch of warehouse.read(sql, { batchRows, values })) batches.push(batch);
        return batches;
      };

      it('gives every row once, as text, in batches', async () => {
        await put('a', 'b', 'c', 'd', 'e');
        const batches = await readAll(
          'SELECT name, count FROM fruit WHERE name > $1 ORDER BY 1',
          2,
          ['a'],
        );
        expect(batches).toEqual([
          {
            columns: ['name', 'count'],
            rows: [
              ['b', null],
              ['c', null],
            ],
          },
          {
            columns: ['name', 'count'],
            rows: [
              ['d', null],
              ['e', null],
            ],
          },
        ]);
      });

      it('gives one empty batch with the columns where there are no rows', async () => {
        expect(await readAll('SELECT name FROM fruit', 10)).toEqual([
          { columns: ['name'], rows: [] },
        ]);
      });

      it('may be left before its end, and the warehouse goes on', async () => {
        await put('a', 'b', 'c');
        for await (const { rows } of warehouse.read('SELECT name FROM fruit', { batchRows: 1 })) {
          expect(rows).toHaveLength(1);
          break;
        }
        await put('d');
        expect(await names()).toHaveLength(4);
      });

      it('cannot write', async () => {
        const writing = readAll('SELECT nextval(pg_get_serial_sequence($1, $2))', 1, [
          'fruit',
          'name',
        ]);
        await expect(writing).resolves.toEqual([{ columns: ['nextval'], rows: [[null]] }]);
        await expect(readAll('DELETE FROM fruit', 1)).rejects.toMatchObject({ kind: 'bug' });
      });
    });

    it('says what it is, without a password', () => {
      expect(warehouse.dialect).toBe('postgres');
      expect(warehouse.url).toMatch(/^(?:postgres:\/\/127\.0\.0\.1:\d+\/\w+|pglite:\/\/\/.+)$/);
    });

    it('closes twice like once, and is not used after it', async () => {
      const other = await open();
      await other.warehouse.close();
      await other.warehouse.close();
      const late = other.warehouse.query('SELECT 1');
      await expect(late).rejects.toMatchObject({ kind: 'bug' });
      await expect(readOne(other.warehouse)).rejects.toMatchObject({ kind: 'bug' });
      await other.close();
    }, 30_000);
  });
}

async function readOne(warehouse: Warehouse): Promise<unknown> {
  return warehouse.read('SELECT 1', { batchRows: 1 })[Symbol.asyncIterator]().next();
}

async function* bytesOf(chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
  }
}

async function* failingAfter(text: string, failure: Error): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
  throw failure;
}

async function errorOf(failing: Promise<unknown>): Promise<Error> {
  const outcome = await failing.then(
    () => null,
    (error: unknown) => error,
  );
  if (outcome instanceof Error) return outcome;
  throw new Error('it has not failed');
}

/** All that a log could show of an error: its message and stack, its fields, and its causes. */
function everythingIn(error: unknown): string {
  return inspect(error, { depth: 10, showHidden: true });
}
