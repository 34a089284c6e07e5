import { PipelineError } from '../../core/error.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { sessionPool } from './postgres.ts';
import { postgresAddress } from './postgres-url.ts';
import { copyStatement, copyThroughStage, type RedshiftStage } from './redshift-copy.ts';
import type { SqlSession } from './sql-session.ts';
import { sqlWarehouse } from './sql-warehouse.ts';

const PORT = 5439;

/** As for PostgreSQL, without the timeouts that Redshift has not; milliseconds. */
const SESSION_SETTINGS = [
  `SET timezone TO 'UTC'`,
  `SET datestyle TO 'ISO, YMD'`,
  `SET statement_timeout TO 1800000`,
].join(';');

/**
 * Amazon Redshift: PostgreSQL's wire, with a COPY that reads from S3. Its keys are told to the planner and enforced by
 * nobody. Nothing is connected before the first statement.
 */
export function redshiftWarehouse(options: { address: string; stage: RedshiftStage }): Warehouse {
  const { stage } = options;
  const address = options.address.replace(/^redshift:/, 'postgres:');
  const target = postgresAddress(address, PORT);
  const url = target.shown.replace(/^postgres:/, 'redshift:');
  if (!stage.store.url.startsWith('s3://')) {
    throw new PipelineError('config-invalid', `${url}: Redshift reads rows from S3 alone`, {
      hint: 'set ARGOSY_STORE=s3: or another warehouse',
    });
  }
  const pool = sessionPool(target, SESSION_SETTINGS);
  return sqlWarehouse({
    dialect: 'redshift',
    url,
    lease: async () => {
      const lease = await pool.lease();
      return {
        session: redshiftSession(lease.session, stage),
        release: (isBroken) => lease.release(isBroken),
      };
    },
    close: pool.close,
  });
}

/** What Redshift says in other words than PostgreSQL. */
export function redshiftSession(session: SqlSession, stage: RedshiftStage): SqlSession {
  return {
    exec: (sql) => asked(() => session.exec(sql)),
    // Its cursors go forward alone, and it has no word for that.
    query: (sql, values) =>
      asked(() => session.query(sql.replace(' NO SCROLL CURSOR ', ' CURSOR '), values)),
    copyIn: (copy, csv) =>
      copyThroughStage(stage, csv, async (address) => {
        await asked(() => session.exec(copyStatement(copy, { ...stage, address })));
        const { rows } = await asked(() => session.query('SELECT pg_last_copy_count()', []));
        return Number(rows[0]?.[0]);
      }),
    cancel: () => session.cancel(),
  };
}

/**
 * Redshift's own errors under the codes by which PostgreSQL's are told apart: a serialization failure is its error 1023,
 * and rows that COPY refuses are named in `stl_load_errors`.
 */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    const detail: unknown = Reflect.get(thrown, 'detail');
    const words = `${thrown.message} ${typeof detail === 'string' ? detail : ''}`;
    const code = CODES.find(([pattern]) => pattern.test(words))?.[1];
    if (code !== undefined) Reflect.set(thrown, 'code', code);
    throw thrown;
  }
}

const CODES: readonly (readonly [pattern: RegExp, code: string])[] = [
  [/\b1023\b|serializable isolation violation/i, '40001'],
  [/stl_load_errors|sys_load_error_detail/i, '22P04'],
];
