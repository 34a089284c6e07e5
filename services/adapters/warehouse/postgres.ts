import type { Client } from 'pg';
import type { Warehouse } from '../../ports/warehouse.ts';
import { postgresAddress, type PostgresAddress } from './postgres-url.ts';
import { postgresSession } from './postgres-session.ts';
import type { Lease } from './sql-session.ts';
import { sqlWarehouse } from './sql-warehouse.ts';

/** Sessions of one process at one server. */
const SESSIONS_MAX = 4;

/**
 * What every session starts with: times as UTC, one form of dates, and an end to what hangs. A load of millions of rows
 * takes minutes; whoever waits longer for a lock is told `conflict`.
 */
const SESSION_SETTINGS = [
  `SET TIME ZONE 'UTC'`,
  `SET datestyle = 'ISO, YMD'`,
  `SET statement_timeout = '30min'`,
  `SET lock_timeout = '1min'`,
  `SET idle_in_transaction_session_timeout = '10min'`,
  // A client whose machine is gone keeps no lock for hours.
  'SET tcp_keepalives_idle = 60; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 6',
].join(';');

/** A PostgreSQL server, 12 or later. Nothing is connected before the first statement. */
export function postgresWarehouse(address: string): Warehouse {
  const target = postgresAddress(address);
  const { lease, close } = sessionPool(target, SESSION_SETTINGS);
  return sqlWarehouse({ dialect: 'postgres', url: target.shown, lease, close });
}

/** Lends sessions, at most so many at one time; others wait. An idle one is kept for the next. */
export function sessionPool(target: PostgresAddress, settings: string) {
  const idle: Client[] = [];
  const lost = new WeakSet<Client>();
  const places = placesFor(SESSIONS_MAX);
  let isClosed = false;
  const discard = (client: Client): void => {
    lost.add(client);
    const at = idle.indexOf(client);
    if (at >= 0) idle.splice(at, 1);
    // Whatever is wrong with it, it is not used again.
    client.end().catch(() => undefined);
  };
  const open = (): Promise<Client> => connect(target, settings, discard);
  /** An idle session that still answers, for the server may have ended it unseen; else a new one. */
  const find = async (): Promise<Client> => {
    for (let client = idle.pop(); client !== undefined; client = idle.pop()) {
      const isAlive = await client.query('').then(
        () => true,
        () => false,
      );
      if (isAlive) return client;
      discard(client);
    }
    return open();
  };
  return {
    lease: async (): Promise<Lease> => {
      await places.take();
      let client: Client;
      try {
        client = await find();
      } catch (error) {
        places.give();
        throw error;
      }
      return {
        session: postgresSession(client, open),
        release: (isBroken) => {
          if (isBroken || isClosed || lost.has(client)) discard(client);
          else idle.push(client);
          places.give();
        },
      };
    },
    close: async (): Promise<void> => {
      isClosed = true;
      await Promise.all(idle.splice(0).map((client) => client.end()));
    },
  };
}

/** Places that are taken and given back; whoever finds none waits for the next, in the order of asking. */
function placesFor(count: number) {
  const waiting: (() => void)[] = [];
  let free = count;
  return {
    take: (): Promise<void> => {
      if (free === 0) return new Promise((resolve) => waiting.push(resolve));
      free--;
      return Promise.resolve();
    },
    give: (): void => {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    },
  };
}

async function connect(
  { client: config, tls }: PostgresAddress,
  settings: string,
  onLost: (client: Client) => void,
): Promise<Client> {
  const { default: pg } = await import('pg');
  for (const [at, ssl] of tls.entries()) {
    const client = new pg.Client({ ...config, ssl });
    // An idle session may be ended by the server at any time; without a listener that would end the process.
    client.on('error', () => onLost(client));
    try {
      await client.connect();
      await client.query(settings);
      return client;
    } catch (error) {
      client.end().catch(() => undefined);
      const isLast = at === tls.length - 1;
      if (isLast || !/does not support SSL/.test(String(error))) throw error;
    }
  }
  throw new Error('no way of connecting');
}
