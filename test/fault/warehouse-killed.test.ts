import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { postgresWarehouse } from '../../services/adapters/warehouse/postgres.ts';
import { PipelineError } from '../../services/core/error.ts';
import type { Warehouse, WarehouseTransaction } from '../../services/ports/warehouse.ts';
import { loadOnce, type LoadOutcome } from '../../services/stages/serve/load.ts';
import { migrate } from '../../services/stages/serve/migrate.ts';
import { stageRows } from '../../services/stages/serve/stage-rows.ts';
import { upsertRows } from '../../services/stages/serve/upsert.ts';
import {
  ask,
  postgresProgram,
  type PostgresServer,
  startPostgres,
} from '../support/postgres-server.ts';
import { describeLongWith, isEverythingRequired } from '../support/require-component.ts';
import { type TcpProxy, tcpProxy } from '../support/tcp-proxy.ts';

/** Loads of each kind that are disturbed (design F13). */
const ROUNDS = isEverythingRequired() ? 50 : 6;
const LOOP_MS_MAX = 240_000;
const ROWS = 200;

const SET = {
  owner: 'killed',
  migrations: [
    { id: '0001', sql: 'CREATE TABLE entry (id VARCHAR(20) PRIMARY KEY, round INTEGER NOT NULL)' },
  ],
};

describeLongWith(await postgresProgram(), 'a load whose server goes away', (program) => {
  let server: PostgresServer;
  let proxy: TcpProxy;
  /** Asked past the proxy. */
  let direct: string;
  let warehouse: Warehouse;
  let onCommit = (): void => undefined;

  beforeAll(async () => {
    server = await startPostgres(program);
    direct = await server.createDatabase('etl_db');
    proxy = await tcpProxy(server.port, (bytes) => {
      // The whole of a statement; ON COMMIT DROP is another matter.
      if (bytes.includes('COMMIT\0')) onCommit();
    });
    warehouse = postgresWarehouse(direct.replace(String(server.port), String(proxy.port)));
    await migrate(warehouse, SET);
  }, 60_000);
  afterAll(async () => {
    await warehouse.close();
    await proxy.close();
    await server.stop();
  });

  /** Ends every session of ours at the server, as an administrator or a crash would. */
  const terminate = () =>
    ask(
      direct,
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
       WHERE application_name = 'argosy' AND datname = current_database()`,
    );

  const entry = (round: string) => ({
    pipeline: 'killed',
    digest: round,
    logicalDate: '2026-01-31',
    runId: round,
  });

  /** Loads the rows of a round; `between` may do harm before the n-th piece of the copy, or after the copy. */
  const load = (round: number, name: string, between: Between = {}): Promise<LoadOutcome> =>
    loadOnce(warehouse, entry(name), async (tx: WarehouseTransaction) => {
      const staged = await stageRows(tx, {
        table: 'entry',
        columns: ['id', 'round'],
        csv: pieces(name, round, between),
        rows: ROWS,
      });
      await between.afterCopy?.();
      return { ...(await upsertRows(tx, { staged, table: 'entry', key: ['id'] })) };
    });

  /** Rows of the round, and its entries in the load log. */
  const stateOf = async (name: string): Promise<unknown> => {
    const rows = await ask(
      direct,
      `SELECT (SELECT count(*)::int FROM entry WHERE id LIKE '${name}-%'),
        (SELECT count(*)::int FROM argosy.load_log WHERE digest = '${name}')`,
    );
    return rows[0];
  };

  const failureOf = (loading: Promise<LoadOutcome>): Promise<unknown> =>
    loading.then(
      () => null,
      (error: unknown) => (error instanceof PipelineError ? error.kind : error),
    );

  describe('leaves load log and table agreeing, and one more run completes it', () => {
    it(
      `in the middle of a copy, ${ROUNDS} times`,
      async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const name = `copy${round}`;
          const failure = await failureOf(
            load(round, name, { beforePiece: { piece: round % PIECES, harm: terminate } }),
          );
          expect([name, failure, await stateOf(name)]).toEqual([name, 'unavailable', [0, 0]]);
          expect(await load(round, name)).toMatchObject({ isRepeat: false });
          expect(await stateOf(name)).toEqual([ROWS, 1]);
        }
      },
      LOOP_MS_MAX,
    );

    it(
      `in the middle of the transaction, ${ROUNDS} times`,
      async () => {
        for (let round = 0; round < ROUNDS; round++) {
          const name = `middle${round}`;
          const failure = await failureOf(load(round, name, { afterCopy: terminate }));
          expect([name, failure, await stateOf(name)]).toEqual([name, 'unavailable', [0, 0]]);
          expect(await load(round, name)).toMatchObject({ isRepeat: false });
          expect(await stateOf(name)).toEqual([ROWS, 1]);
        }
      },
      LOOP_MS_MAX,
    );

    it(
      `at COMMIT, when the question is lost, the answer is lost, or the session is ended: ${ROUNDS} times`,
      async () => {
        let lostAnswers = 0;
        for (let round = 0; round < ROUNDS; round++) {
          const name = `commit${round}`;
          const harms = [loseQuestion, loseAnswer, terminateThen];
          const harmed = armed(harms[round % harms.length] ?? loseQuestion, name);
          const outcome = await load(round, name).catch((error: unknown) => error);
          await harmed();
          const state = await stateOf(name);
          const isDone = !(outcome instanceof Error);
          // What it says is what is there, whichever way it went.
          expect([name, isDone, state]).toEqual([name, isDone, isDone ? [ROWS, 1] : [0, 0]]);
          lostAnswers += isDone ? 1 : 0;
          expect(outcome).toMatchObject(isDone ? { isRepeat: false } : { kind: 'unavailable' });
          expect(await load(round, name)).toMatchObject({ isRepeat: isDone });
          expect(await stateOf(name)).toEqual([ROWS, 1]);
        }
        expect(lostAnswers).toBeGreaterThanOrEqual(Math.floor(ROUNDS / 3));
      },
      LOOP_MS_MAX,
    );

    it('says commit-unknown when nobody can be asked whether it was committed', async () => {
      const done = armed(async () => {
        proxy.cut();
        proxy.refuse(true);
      }, 'unknown');
      await expect(load(0, 'unknown')).rejects.toMatchObject({
        kind: 'commit-unknown',
        hint: expect.stringMatching(/run again/) as string,
      });
      await done();
      proxy.refuse(false);
      expect(await load(0, 'unknown')).toMatchObject({ counts: { inserted: ROWS } });
    });
  });

  /** Does harm when the next COMMIT comes by; the answer waits for its end. */
  function armed(harm: (name: string) => Promise<void>, name: string): () => Promise<void> {
    let doing: Promise<void> = Promise.resolve();
    onCommit = () => {
      onCommit = () => undefined;
      doing = harm(name);
    };
    return () => doing;
  }

  /** The server never hears of the COMMIT. */
  async function loseQuestion(): Promise<void> {
    proxy.cut();
  }

  /** The server commits, and its answer gets lost. */
  async function loseAnswer(name: string): Promise<void> {
    proxy.silence();
    await until(async () => JSON.stringify(await stateOf(name)) === JSON.stringify([ROWS, 1]));
    proxy.cut();
  }

  /** The session is ended while it commits: either may be first. */
  async function terminateThen(): Promise<void> {
    await terminate();
  }
});

interface Between {
  beforePiece?: { piece: number; harm: () => Promise<unknown> };
  afterCopy?: () => Promise<unknown>;
}

const PIECES = 4;

async function* pieces(
  name: string,
  round: number,
  { beforePiece }: Between,
): AsyncGenerator<Uint8Array> {
  const size = ROWS / PIECES;
  for (let piece = 0; piece < PIECES; piece++) {
    if (beforePiece?.piece === piece) await beforePiece.harm();
    const lines = Array.from(
      { length: size },
      (_, at) => `${name}-${piece * size + at},${round}\n`,
    );
    yield new TextEncoder().encode(lines.join(''));
  }
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const pauseMs = 10;
  for (let waitedMs = 0; !(await isSo()); waitedMs += pauseMs) {
    if (waitedMs > 10_000) throw new Error('it did not come');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
