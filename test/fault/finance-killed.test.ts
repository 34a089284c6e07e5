import { afterAll, beforeAll, expect, it } from 'vitest';
import { postgresWarehouse } from '../../services/adapters/warehouse/postgres.ts';
import { toPipelineError } from '../../services/core/error.ts';
import type { Warehouse, WarehouseTransaction } from '../../services/ports/warehouse.ts';
import { type LoadBench, loadBench } from '../support/finance-load-bench.ts';
import { sharedEngine } from '../support/pipeline.ts';
import {
  ask,
  postgresProgram,
  type PostgresServer,
  startPostgres,
} from '../support/postgres-server.ts';
import { describeLongWith, isEverythingRequired } from '../support/require-component.ts';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/** Loads of each kind that are disturbed (design F13). */
const ROUNDS = isEverythingRequired() ? 50 : 3;
const LOOP_MS_MAX = 240_000;
/** Transactions of a round; one more is held. */
const ROWS = 20;

describeLongWith(await postgresProgram(), 'a finance load whose server goes away', (program) => {
  let folder: TempFolder;
  let engine: Awaited<ReturnType<typeof sharedEngine>>;
  let server: PostgresServer;
  let proxy: TcpProxy;
  /** Asked past the proxy. */
  let direct: string;
  let warehouse: Warehouse;
  let bench: LoadBench;
  let onCommit = (): void => undefined;

  beforeAll(async () => {
    folder = await tempFolder();
    engine = await sharedEngine(folder.path);
    server = await startPostgres(program);
    direct = await server.createDatabase('etl_db');
    proxy = await tcpProxy(server.port, (bytes) => {
      // The whole of a statement; ON COMMIT DROP is another matter.
      if (bytes.includes('COMMIT\0')) onCommit();
    });
    warehouse = postgresWarehouse(direct.replace(String(server.port), String(proxy.port)));
    bench = await loadBench({ warehouse, openEngine: engine.openEngine, folder: folder.path });
  }, LOOP_MS_MAX);
  afterAll(async () => {
    await warehouse.close();
    await proxy.close();
    await server.stop();
    await engine.close();
    await folder.remove();
  });

  const terminate = () =>
    ask(
      direct,
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
       WHERE application_name = 'argosy' AND datname = current_database()`,
    );

  /** Facts, customers, held rows, entries of the load log, and what the audit row counts as loaded. */
  const stateOf = async (name: string): Promise<unknown> => {
    const [row] = await ask(
      direct,
      `SELECT (SELECT count(*)::int FROM fact_transactions WHERE transaction_id LIKE '${name}-%'),
        (SELECT count(*)::int FROM dim_customers WHERE customer_id = '${name}'),
        (SELECT count(*)::int FROM held_transactions WHERE transaction_id LIKE '${name}-%'),
        (SELECT count(*)::int FROM argosy.load_log WHERE run_id = '${name}'),
        (SELECT coalesce(max(records_loaded), 0) FROM etl_audit_log
         WHERE run_id = (SELECT audit_id FROM argosy.audit_run WHERE run = '${name}'))`,
    );
    return row;
  };
  const NOTHING = [0, 0, 0, 0, 0];
  const ALL = [ROWS, 1, 1, 1, ROWS];

  const prepare = (name: string): Promise<void> =>
    bench.putDay({
      customers: [{ customer_id: name }],
      transactions: Array.from({ length: ROWS + 1 }, (_, at) => ({
        transaction_id: `${name}-${at}`,
        customer_id: at === ROWS ? 'LATE' : name,
      })),
    });

  /** How the load of a round ends, harmed where a statement of its transaction begins like this. */
  const loadHarmed = async (name: string, at: string): Promise<string> => {
    const harmful = async (): Promise<Warehouse> => ({
      ...warehouse,
      transaction: (work, options) =>
        warehouse.transaction((tx) => work(harming(tx, at, terminate)), options),
    });
    return bench.step('load', { runId: name, warehouse: harmful }).then(
      () => 'done',
      (error: unknown) => toPipelineError(error).kind,
    );
  };

  it.each([
    ['copy', 'copyIn fact_transactions'],
    ['facts', 'INSERT INTO "fact_transactions"'],
    ['log', 'INSERT INTO argosy.load_log'],
  ])(
    `at its %s leaves every table as it was, and one more run loads it once, ${ROUNDS} times`,
    async (kind, at) => {
      for (let round = 0; round < ROUNDS; round++) {
        const name = `${kind}${round}`;
        await prepare(name);
        const end = await loadHarmed(name, at);
        expect([name, end, await stateOf(name)]).toEqual([name, 'unavailable', NOTHING]);
        await bench.step('load', { runId: name });
        expect([name, await stateOf(name)]).toEqual([name, ALL]);
      }
    },
    LOOP_MS_MAX,
  );

  it(
    `at COMMIT says what is there, and one more run leaves every row once, ${ROUNDS} times`,
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const name = `commit${round}`;
        await prepare(name);
        const isAnswerLost = round % 2 === 0;
        let harm: Promise<void> = Promise.resolve();
        onCommit = () => {
          onCommit = () => undefined;
          harm = isAnswerLost ? loseAnswer(name) : Promise.resolve(proxy.cut());
        };
        const end = await loadHarmed(name, 'nothing at all');
        await harm;
        expect([name, end, await stateOf(name)]).toEqual(
          isAnswerLost ? [name, 'done', ALL] : [name, 'unavailable', NOTHING],
        );
        const again = await bench.step('load', { runId: name });
        expect(again.outputs['repeat']).toBe(String(isAnswerLost));
        expect([name, await stateOf(name)]).toEqual([name, ALL]);
      }
    },
    LOOP_MS_MAX,
  );

  /** The server commits, and its answer gets lost. */
  async function loseAnswer(name: string): Promise<void> {
    proxy.silence();
    const pauseMs = 10;
    for (let waitedMs = 0; JSON.stringify(await stateOf(name)) !== JSON.stringify(ALL);) {
      if (waitedMs > 10_000) throw new Error(`${name} was not committed`);
      waitedMs += pauseMs;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    proxy.cut();
  }
});

/** A transaction that comes to harm once, before a statement that begins like this. */
function harming(
  tx: WarehouseTransaction,
  at: string,
  harm: () => Promise<unknown>,
): WarehouseTransaction {
  const before = async (what: string): Promise<void> => {
    if (what.trim().startsWith(at)) await harm();
  };
  return {
    run: async (sql, values) => {
      await before(sql);
      return tx.run(sql, values);
    },
    query: (sql, values) => tx.query(sql, values),
    copyIn: (target, csv) => {
      const harmed = async function* harmed() {
        yield* csv;
        await before(`copyIn ${target.table.replace('staged_', '')}`);
      };
      return tx.copyIn(target, harmed());
    },
  };
}
