import { PipelineError } from '../../../core/error.ts';
import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import type { Cell } from '../../../ports/query-engine.ts';
import type { Warehouse, WarehouseTransaction } from '../../../ports/warehouse.ts';
import { quarantine, type RejectedRow } from '../../../stages/land/quarantine.ts';
import { lockFor } from '../../../stages/serve/warehouse-lock.ts';
import { landedKey } from '../plan/landed.ts';
import * as sql from './merge-sql.ts';
import { FACT, STAGED_REPLIES, STAGING } from './schema.ts';
import { dropIndexes, postgresIndexes } from './table.ts';

/** Casts what is staged and merges it into the fact table, all in one transaction (requirements 2.6). */
export const transform: Step = {
  name: 'transform',
  summary: 'Cast the staged rows and merge new and changed ones into the fact table',
  parameters: [],
  async run(ports, _parameters, run): Promise<StepResult> {
    const warehouse = await ports.warehouse();
    // No answer to COMMIT is for the next try to settle: it finds staging empty, or what it has to do.
    const counts = await warehouse.transaction((tx) => mergeStaged(tx, { ports, warehouse, run }), {
      signal: ports.signal,
    });
    return resultOf(counts);
  },
};

/** How many rows were staged, and what became of them. */
type MergeCounts = Record<'staged' | 'inserted' | 'revised' | 'unchanged' | 'rejected', number>;

interface Merge {
  ports: StepPorts;
  warehouse: Warehouse;
  run: RunIdentity;
}

/** Every statement of the merge; whichever fails, fact table and staging are as they were. */
async function mergeStaged(
  tx: WarehouseTransaction,
  { ports, warehouse, run }: Merge,
): Promise<MergeCounts> {
  await lockFor(tx, warehouse.dialect, { table: STAGING.name });
  await refuseOvertaken(tx);
  const staged = await countOf(
    tx,
    `SELECT COALESCE(SUM(row_count), 0) FROM ${STAGED_REPLIES.name}`,
  );
  const { rows: rejects } = await tx.query(sql.REJECTED_ROWS);
  await keepRejects(ports, rejects);
  const isFirst =
    warehouse.dialect === 'postgres' && (await tx.query(sql.IS_FIRST_LOAD)).rows[0]?.[0] === true;
  const { inserted, revised } = isFirst
    ? { inserted: await insertStaged(tx), revised: 0 }
    : await mergeChanged(tx, { warehouse, run });
  const source = isFirst ? 'all' : 'changed';
  await tx.run(sql.updateSymbols(source));
  await tx.run(sql.insertSymbols(source));
  await tx.run(sql.MARK_DELISTED);
  await tx.run(sql.FORGET_LOADED);
  await tx.run(sql.KEEP_LOADED);
  for (const statement of sql.EMPTY_STAGING) await tx.run(statement);
  if (!isFirst) await tx.run('DROP TABLE changed_prices');
  const rejected = rejects.length;
  return { staged, inserted, revised, unchanged: staged - rejected - inserted - revised, rejected };
}

/**
 * Into an empty table the rows go without its indexes, which are built when they are there: readers, who would find
 * nothing, wait meanwhile. Where somebody is reading all the same, the indexes stay.
 */
async function insertStaged(tx: WarehouseTransaction): Promise<number> {
  const isEmpty = async () =>
    (await tx.query(`SELECT 1 FROM ${FACT.name} LIMIT 1`)).rows.length === 0;
  if (!(await isEmpty()) || !(await lockNow(tx))) {
    return tx.run(sql.INSERT_STAGED);
  }
  await tx.run(`SET LOCAL maintenance_work_mem = '256MB'`);
  for (const statement of dropIndexes(FACT)) await tx.run(statement);
  const inserted = await tx.run(sql.INSERT_STAGED);
  for (const statement of postgresIndexes(FACT)) await tx.run(statement);
  return inserted;
}

/** Takes the fact table when nobody is using it; waits for nobody, so that nobody queues behind. */
async function lockNow(tx: WarehouseTransaction): Promise<boolean> {
  await tx.run('SAVEPOINT before_lock');
  try {
    await tx.run(`LOCK TABLE ${FACT.name} IN ACCESS EXCLUSIVE MODE NOWAIT`);
    return true;
  } catch (error) {
    if (!(error instanceof PipelineError) || error.kind !== 'conflict') throw error;
    await tx.run('ROLLBACK TO SAVEPOINT before_lock');
    return false;
  }
}

async function mergeChanged(
  tx: WarehouseTransaction,
  { warehouse, run }: Omit<Merge, 'ports'>,
): Promise<{ inserted: number; revised: number }> {
  await tx.run(sql.CHANGED_ROWS);
  if (warehouse.dialect === 'postgres') await tx.run('ANALYZE changed_prices');
  const changed = await countOf(tx, 'SELECT COUNT(*) FROM changed_prices');
  const revised = await countOf(tx, 'SELECT COUNT(replaced_id) FROM changed_prices');
  if (revised > 0) {
    await tx.run(sql.KEEP_REVISIONS, [run.runId]);
    await tx.run(sql.DELETE_REPLACED);
  }
  await tx.run(sql.INSERT_CHANGED);
  return { inserted: changed - revised, revised };
}

/** Another run has loaded a newer day since this one was staged: loading this day now would put old values back. */
async function refuseOvertaken(tx: WarehouseTransaction): Promise<void> {
  const { rows } = await tx.query(sql.OVERTAKEN);
  const key = rows[0]?.[0];
  if (key === undefined) return;
  throw new PipelineError('conflict', `${String(key)} was loaded after an older day was staged`, {
    hint: 'run again: what is staged is then staged together with it',
  });
}

async function countOf(tx: WarehouseTransaction, statement: string): Promise<number> {
  const { rows } = await tx.query(statement);
  return Number(rows[0]?.[0]);
}

/** Kept before the transaction ends: a transaction that is done again keeps the same bytes again. */
async function keepRejects(ports: StepPorts, rows: readonly (readonly Cell[])[]): Promise<void> {
  const byObject = new Map<string, { date: string; symbol: string; rejects: RejectedRow[] }>();
  for (const [symbol, day, line, reason, ...cells] of rows) {
    const name = { date: String(day), symbol: String(symbol) };
    const key = landedKey(name.date, name.symbol);
    const found = byObject.get(key) ?? { ...name, rejects: [] };
    found.rejects.push({ line: Number(line), rule: String(reason), text: JSON.stringify(cells) });
    byObject.set(key, found);
  }
  for (const [object, { date, symbol, rejects }] of byObject) {
    const partition = `${date}/${symbol}`;
    await quarantine(ports.store, { dataset: 'stock_prices', partition, object, rejects });
  }
  ports.check('row-castable', rows.length);
}

function resultOf(counts: MergeCounts): StepResult {
  const { staged, inserted, revised, unchanged, rejected } = counts;
  const problems: Problem[] =
    rejected === 0
      ? []
      : [
          {
            object: '_quarantine/stock_prices',
            message: `${rejected} rows cannot be cast, and are kept there`,
          },
        ];
  return {
    outputs: {
      inserted: String(inserted),
      revised: String(revised),
      unchanged: String(unchanged),
      rejected: String(rejected),
    },
    counts: { rowsRead: staged, rowsWritten: staged - rejected, rowsRejected: rejected },
    problems,
  };
}
