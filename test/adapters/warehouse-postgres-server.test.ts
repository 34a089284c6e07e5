import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { postgresWarehouse } from '../../services/adapters/warehouse/postgres.ts';
import type { Warehouse } from '../../services/ports/warehouse.ts';
import {
  ask,
  postgresProgram,
  type PostgresServer,
  startPostgres,
} from '../support/postgres-server.ts';
import { describeLongWith } from '../support/require-component.ts';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts';

describeLongWith(await postgresProgram(), 'the warehouse and a PostgreSQL server', (program) => {
  let server: PostgresServer;
  let url: string;
  const opened: Warehouse[] = [];
  const open = (address: string): Warehouse => {
    const warehouse = postgresWarehouse(address);
    opened.push(warehouse);
    return warehouse;
  };

  beforeAll(async () => {
    server = await startPostgres(program);
    url = await server.createDatabase('etl_db');
    await ask(url, `CREATE ROLE reader LOGIN PASSWORD 'r3ad'; CREATE TABLE secret (a INT)`);
  }, 60_000);
  afterAll(async () => {
    for (const one of opened) await one.close();
    await server.stop();
  });

  const sessions = async (state = ''): Promise<number> => {
    const rows = await ask(
      url,
      `SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'argosy' ${state}`,
    );
    return Number(rows[0]?.[0]);
  };

  describe('the way to it', () => {
    it('is unavailable where nobody listens', async () => {
      const nowhere = open(url.replace(String(server.port), '1'));
      await expect(nowhere.query('SELECT 1')).rejects.toMatchObject({ kind: 'unavailable' });
    });

    it('is config-invalid for a database that is not there, and names it', async () => {
      const missing = open(server.url('nothing'));
      const asked = missing.query('SELECT 1');
      await expect(asked).rejects.toMatchObject({ kind: 'config-invalid' });
      await expect(asked).rejects.toThrow(/"nothing"/);
    });

    it('is denied to a user that is not there', async () => {
      const stranger = open(url.replace('etl_user@', 'stranger:pass-4711@'));
      const asked = stranger.query('SELECT 1');
      await expect(asked).rejects.toMatchObject({ kind: 'denied' });
      await expect(asked).rejects.not.toThrow(/4711/);
    });

    it('is denied where the user may not look', async () => {
      const reader = open(url.replace('etl_user@', 'reader:r3ad@'));
      await expect(reader.select('SELECT * FROM secret')).rejects.toMatchObject({ kind: 'denied' });
      expect((await reader.select('SELECT 1')).rows).toEqual([[1]]);
    });

    it('is config-invalid where TLS is demanded of a server that has none', async () => {
      const safe = open(`${url}?sslmode=require`);
      await expect(safe.query('SELECT 1')).rejects.toMatchObject({ kind: 'config-invalid' });
    });

    it('goes on without TLS where it is only preferred', async () => {
      expect((await open(`${url}?sslmode=prefer`).query('SELECT 1')).rows).toEqual([[1]]);
    });

    it('is unavailable when the server cuts a session, and the next question is answered', async () => {
      const warehouse = open(url);
      const cut = warehouse.transaction(async (tx) => {
        const { rows } = await tx.query('SELECT pg_backend_pid()');
        await ask(url, `SELECT pg_terminate_backend(${String(rows[0]?.[0])}, 5000)`);
        await tx.query('SELECT 1');
      });
      await expect(cut).rejects.toMatchObject({ kind: 'unavailable' });
      expect((await warehouse.query('SELECT 1')).rows).toEqual([[1]]);
    });

    it('is there at once after the server has ended an idle session', async () => {
      const warehouse = open(url);
      await warehouse.query('SELECT 1');
      await ask(
        url,
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE application_name = 'argosy' AND state = 'idle'`,
      );
      expect((await warehouse.query('SELECT 2')).rows).toEqual([[2]]);
    });
  });

  describe('sessions', () => {
    it('are named argosy, four at the most, and used again', async () => {
      const warehouse = open(url);
      const asked = Array.from({ length: 12 }, () =>
        warehouse.query('SELECT pg_backend_pid(), pg_sleep(0.02)'),
      );
      const answers = await Promise.all(asked);
      expect(new Set(answers.map(({ rows }) => rows[0]?.[0])).size).toBeLessThanOrEqual(4);
      expect(await sessions()).toBeGreaterThan(0);
    });

    it('are all given back at the end', async () => {
      for (const one of opened.splice(0)) await one.close();
      await until(async () => (await sessions()) === 0);
      expect(opened).toEqual([]);
    });

    it('of a reader are not used for anything else', async () => {
      const warehouse = open(url);
      const first = await warehouse.select('SELECT pg_backend_pid()');
      const second = await warehouse.query('SELECT pg_backend_pid()');
      expect(second.rows).not.toEqual(first.rows);
    });
  });

  describe('a signal', () => {
    it.each([
      [
        'a question',
        (one: Warehouse, signal: AbortSignal) => one.query('SELECT pg_sleep(60)', [], { signal }),
      ],
      [
        "a reader's question",
        (one: Warehouse, signal: AbortSignal) => one.select('SELECT pg_sleep(60)', 9, { signal }),
      ],
      [
        'a statement of a transaction',
        (one: Warehouse, signal: AbortSignal) =>
          one.transaction((tx) => tx.run('SELECT pg_sleep(60)'), { signal }),
      ],
      [
        'a copy whose source has come to a stop',
        (one: Warehouse, signal: AbortSignal) =>
          one.transaction((tx) => tx.copyIn({ table: 'secret', columns: ['a'] }, stuck(signal)), {
            signal,
          }),
      ],
    ])('stops %s at the server too', async (_, asking) => {
      const warehouse = open(url);
      const abort = new AbortController();
      const asked = asking(warehouse, abort.signal);
      asked.catch(() => undefined);
      await until(async () => (await sessions(`AND state = 'active'`)) > 0);
      abort.abort();
      await expect(asked).rejects.toMatchObject({ kind: 'interrupted' });
      await until(async () => (await sessions(`AND state <> 'idle'`)) === 0);
      expect((await warehouse.query('SELECT 1')).rows).toEqual([[1]]);
    });
  });

  describe('a transaction', () => {
    it('that waits for a lock for too long is a conflict', async () => {
      const warehouse = open(url);
      await warehouse.transaction(async (tx) => {
        await tx.run('LOCK TABLE secret');
        const other = warehouse.transaction((inner) =>
          inner.run(`SET LOCAL lock_timeout = '50ms'; LOCK TABLE secret`),
        );
        await expect(other).rejects.toMatchObject({ kind: 'conflict' });
      });
    });

    it('that cannot be serialized is a conflict', async () => {
      const warehouse = open(url);
      await warehouse.transaction((tx) => tx.run('INSERT INTO secret VALUES (1)'));
      const clash = warehouse.transaction(async (tx) => {
        await tx.run('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT * FROM secret');
        await warehouse.transaction((inner) => inner.run('UPDATE secret SET a = 2'));
        await tx.run('UPDATE secret SET a = 3');
      });
      await expect(clash).rejects.toMatchObject({ kind: 'conflict' });
      expect((await warehouse.query('SELECT a FROM secret')).rows).toEqual([[2]]);
    });

    it('whose deferred constraint fails at COMMIT is input-invalid, and known not to be done', async () => {
      const warehouse = open(url);
      await ask(
        url,
        `CREATE TABLE parent (id INT PRIMARY KEY);
         CREATE TABLE child (id INT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)`,
      );
      const orphan = warehouse.transaction((tx) => tx.run('INSERT INTO child VALUES (1)'));
      await expect(orphan).rejects.toMatchObject({ kind: 'input-invalid' });
      expect((await warehouse.query('SELECT * FROM child')).rows).toEqual([]);
    });

    it('whose COMMIT gets no answer is commit-unknown', async () => {
      let proxy: TcpProxy | null = null;
      proxy = await tcpProxy(server.port, (bytes) => {
        if (bytes.includes('COMMIT\0')) proxy?.cut();
      });
      const warehouse = open(url.replace(String(server.port), String(proxy.port)));
      const lost = warehouse.transaction((tx) => tx.run('SELECT 1'));
      await expect(lost).rejects.toMatchObject({ kind: 'commit-unknown' });
      await proxy.close();
    });
  });

  it('a copy takes its rows no faster than the server does, in memory that does not grow', async () => {
    const warehouse = open(url);
    await ask(url, 'CREATE TABLE wide (a TEXT)');
    let ahead = 0;
    const rows = async function* (): AsyncGenerator<Uint8Array> {
      const chunk = Buffer.from(`${'x'.repeat(1023)}\n`.repeat(256));
      for (let at = 0; at < 400; at++) {
        ahead = Math.max(ahead, process.memoryUsage().arrayBuffers);
        yield Buffer.from(chunk);
      }
    };
    const before = process.memoryUsage().arrayBuffers;
    const target = { table: 'wide', columns: ['a'] };
    expect(await warehouse.transaction((tx) => tx.copyIn(target, rows()))).toBe(102_400);
    expect(ahead - before).toBeLessThan(60 * 2 ** 20);
  }, 30_000);
});

async function* stuck(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode('1\n');
  await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the source was stopped')));
  });
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const pauseMs = 20;
  for (let waitedMs = 0; !(await isSo()); waitedMs += pauseMs) {
    if (waitedMs > 20_000) throw new Error('it did not come');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
