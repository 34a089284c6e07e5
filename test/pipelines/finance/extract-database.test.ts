import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { postgresWarehouse } from '../../../services/adapters/warehouse/postgres.ts';
import { commitWatermarks } from '../../../services/pipelines/finance/extract/watermark.ts';
import type { Warehouse } from '../../../services/ports/warehouse.ts';
import { customersCsv, type ExtractBench, extractBench } from '../../support/extract-bench.ts';
import {
  ask,
  type PostgresServer,
  postgresProgram,
  startPostgres,
} from '../../support/postgres-server.ts';
import { describeWith } from '../../support/require-component.ts';
import { type TcpProxy, tcpProxy } from '../../support/tcp-proxy.ts';

const COLUMNS =
  'transaction_id, customer_id, transaction_date, amount, merchant_id, category, status, payment_method';
const QUERY = `SELECT ${COLUMNS} FROM t ORDER BY transaction_id`;
const SINCE = `SELECT ${COLUMNS} FROM t WHERE transaction_date >= $1 ORDER BY transaction_id`;

/** A database that gives these batches, as the port promises them. */
function fakeDatabase(rows: (string | null)[][], calls: unknown[] = []): Warehouse {
  const absent = (): never => {
    throw new Error('not for a source');
  };
  return {
    dialect: 'postgres',
    url: 'postgres://db:5432/bank',
    transaction: absent,
    query: absent,
    select: absent,
    read: async function* read(sql, { values }) {
      calls.push([sql, values]);
      yield { columns: COLUMNS.split(', '), rows };
    },
    close: async () => undefined,
  };
}

const withCustomers = async (bench: ExtractBench): Promise<ExtractBench> => {
  await bench.put('inbox/customers/a.csv', customersCsv());
  return bench;
};

describe('a database as source', () => {
  const row = ['T1', 'C1', '2026-11-19 10:00:00', '1.10', null, '', 'a"b\n,c', ' x '];

  it('gives every value as the server prints it, NULL apart from an empty text', async () => {
    await using bench = await withCustomers(
      await extractBench({ sourceDatabase: fakeDatabase([row]) }),
    );
    await bench.run({ transactions: 'postgres:', 'transactions-query': QUERY });
    const [source] = (await bench.manifest())?.sources ?? [];
    expect(source?.address).toMatch(/^postgres:\/\/db:5432\/bank#transactions-[0-9a-f]{16}$/);
    expect(await bench.text(source?.key ?? '')).toBe(
      `${COLUMNS.replaceAll(', ', ',')}\nT1,C1,2026-11-19 10:00:00,1.10,,"","a""b\n,c"," x "\n`,
    );
  });

  it('is asked by $1 for what came since the last load, and at first for all', async () => {
    const calls: unknown[] = [];
    await using bench = await withCustomers(
      await extractBench({ sourceDatabase: fakeDatabase([row], calls) }),
    );
    const parameters = { transactions: 'postgres:', 'transactions-query': SINCE };
    await bench.run({ ...parameters, increment: 'true' });
    await commitWatermarks(bench.records, (await bench.manifest())!);
    await bench.run({ ...parameters, increment: 'true' }, { day: '2026-11-21' });
    await bench.run(parameters);
    expect(calls).toEqual([
      [SINCE, ['-infinity']],
      [SINCE, ['2026-11-19 10:00:00']],
      [SINCE, ['-infinity']],
    ]);
  });

  it('without a query, or without $1 for an increment, is refused', async () => {
    await using bench = await withCustomers(
      await extractBench({ sourceDatabase: fakeDatabase([row]) }),
    );
    const kind = 'config-invalid';
    await expect(bench.run({ transactions: 'postgres:' })).rejects.toMatchObject({ kind });
    const parameters = { transactions: 'postgres:', 'transactions-query': QUERY };
    await bench.run({ ...parameters, increment: 'true' });
    await commitWatermarks(bench.records, (await bench.manifest())!);
    const day = '2026-11-21';
    await expect(bench.run({ ...parameters, increment: 'true' }, { day })).rejects.toMatchObject({
      kind,
    });
  });
});

const SCHEMA = `
  CREATE TABLE t (transaction_id text, customer_id text, transaction_date timestamp,
    amount numeric(30,10), merchant_id text, category text, status text, payment_method text);
  INSERT INTO t SELECT 'T' || lpad(i::text, 6, '0'), 'C1', timestamp '2026-11-01' + i * interval '1 s',
    i + 0.0000000001, NULL, '', 'completed', 'cash' FROM generate_series(1, 12000) i;
  CREATE ROLE nobody LOGIN; CREATE SEQUENCE s`;

describeWith(await postgresProgram(), 'PostgreSQL as source', (initdb) => {
  let server: PostgresServer;
  let url = '';
  beforeAll(async () => {
    server = await startPostgres(initdb, { fsync: 'off' });
    url = await server.createDatabase('bank');
    await ask(url, SCHEMA);
  });
  afterAll(() => server?.stop());

  async function extracted(
    address: string,
    query: string,
    meanwhile?: (database: Warehouse) => Warehouse,
  ): Promise<{ outputs: Record<string, string>; text: string }> {
    const database = postgresWarehouse(address);
    const sourceDatabase = meanwhile?.(database) ?? database;
    await using bench = await withCustomers(await extractBench({ sourceDatabase }));
    const parameters = { transactions: 'postgres:', 'transactions-query': query };
    try {
      const { outputs } = await bench.run(parameters);
      const [source] = (await bench.manifest())?.sources ?? [];
      return { outputs, text: await bench.text(source?.key ?? '') };
    } catch (error) {
      const landed = await bench.keys('extracted/');
      throw landed.length === 0 ? error : new Error(`landed all the same: ${landed.join(' ')}`);
    } finally {
      await database.close();
    }
  }

  it('that fails at a value tells which type it is not, and not the value', async () => {
    const query = `SELECT mail::integer FROM (VALUES ('dbleak0@db.example')) cu (mail)`;
    const error: unknown = await extracted(url, query).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: 'input-invalid',
      message: expect.stringMatching(
        /^transactions-query fails: .*invalid input syntax for type integer \(SQLSTATE 22P02\)$/,
      ),
      hint: expect.stringContaining('psql'),
    });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('dbleak0');
  });

  it('gives all rows, exact, over several batches', async () => {
    const { outputs, text } = await extracted(url, QUERY);
    expect(outputs['transactions']).toBe('12000');
    const lines = text.trimEnd().split('\n');
    expect(lines[1]).toBe('T000001,C1,2026-11-01 00:00:01,1.0000000001,,"",completed,cash');
    expect(lines[12_000]).toBe(
      'T012000,C1,2026-11-01 03:20:00,12000.0000000001,,"",completed,cash',
    );
  });

  it('gives all rows before the first load to a query with $1', async () => {
    const { outputs } = await extracted(url, SINCE);
    expect(outputs['transactions']).toBe('12000');
  });

  it.each([
    ['wrong SQL', 'SELECT nothing FROM', 'config-invalid'],
    ['a table that is not there', 'SELECT * FROM nowhere', 'config-invalid'],
    ['two statements', `${QUERY}; SELECT 1`, 'config-invalid'],
    ['a statement that writes', 'DELETE FROM t RETURNING *', 'config-invalid'],
    ['a SELECT that writes', "SELECT nextval('s') FROM t", 'denied'],
    ['a value that cannot be', `SELECT ${COLUMNS}, 1/(amount-amount) FROM t`, 'input-invalid'],
    ['a column missing', 'SELECT transaction_id FROM t', 'input-invalid'],
    ['no rows', `${QUERY} LIMIT 0`, 'input-invalid'],
  ])('%s is refused, and nothing is landed', async (_, query, kind) => {
    await expect(extracted(url, query)).rejects.toMatchObject({ kind });
    expect(await ask(url, 'SELECT count(*)::int FROM t')).toEqual([[12_000]]);
  });

  it('a user who may not read is denied', async () => {
    const address = url.replace('etl_user', 'nobody');
    await expect(extracted(address, QUERY)).rejects.toMatchObject({
      kind: 'denied',
      hint: expect.stringContaining('ARGOSY_SOURCE_DATABASE'),
    });
  });

  it('a database that is not there, or does not answer, is told apart', async () => {
    const absent = server.url('nowhere');
    await expect(extracted(absent, QUERY)).rejects.toMatchObject({ kind: 'config-invalid' });
    const closed = url.replace(String(server.port), '1');
    await expect(extracted(closed, QUERY)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('a connection lost between two batches leaves nothing', async () => {
    const proxy: TcpProxy = await tcpProxy(server.port);
    const cutAfterOne = (database: Warehouse): Warehouse => ({
      ...database,
      read: async function* read(sql, request) {
        for await (const batch of database.read(sql, request)) {
          yield batch;
          proxy.cut();
        }
      },
    });
    const address = url.replace(String(server.port), String(proxy.port));
    await expect(extracted(address, QUERY, cutAfterOne)).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await proxy.close();
  });

  it('a backend that is ended between two batches leaves nothing', async () => {
    const killAfterOne = (database: Warehouse): Warehouse => ({
      ...database,
      read: async function* read(sql, request) {
        for await (const batch of database.read(sql, request)) {
          yield batch;
          await ask(
            url,
            'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
          );
        }
      },
    });
    await expect(extracted(url, QUERY, killAfterOne)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
});
