import { afterAll, beforeAll, expect, it } from 'vitest';
import { pgliteWarehouse } from '../../services/adapters/warehouse/pglite.ts';
import { Crash, type Fault, faultPlan, faultStore } from '../../services/layers/fault.ts';
import { faultWarehouse } from '../../services/layers/fault-warehouse.ts';
import { TRANSACTION_COLUMNS } from '../../services/pipelines/finance/load/columns.ts';
import type { Warehouse } from '../../services/ports/warehouse.ts';
import { type LoadBench, loadBench, putSources, runBatch } from '../support/finance-load-bench.ts';
import { contentOf, sharedEngine } from '../support/pipeline.ts';
import { describeLong, isEverythingRequired } from '../support/require-component.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const LOOP_MS_MAX = 600_000;
/** Every call takes minutes; otherwise every so many, each time other ones before and after. */
const EVERY = isEverythingRequired() ? 1 : 307;

let folder: TempFolder;
let warehouse: Warehouse;
let engine: Awaited<ReturnType<typeof sharedEngine>>;

beforeAll(async () => {
  folder = await tempFolder();
  warehouse = await pgliteWarehouse({ folder: `${folder.path}/warehouse` });
  engine = await sharedEngine(folder.path);
}, 30_000);
afterAll(async () => {
  await engine.close();
  await warehouse.close();
  await folder.remove();
});

const makeBench = () =>
  loadBench({ warehouse, openEngine: engine.openEngine, folder: folder.path });

/** What is there after a good run, whenever it was: rows without their times, objects but those that tell of a run. */
async function stateOf(bench: LoadBench): Promise<unknown> {
  const list = TRANSACTION_COLUMNS.join(', ');
  const [facts, held, customers, loads] = await Promise.all([
    bench.rows(`SELECT ${list} FROM fact_transactions ORDER BY 1`),
    bench.rows(`SELECT ${list} FROM held_transactions ORDER BY 1`),
    bench.rows('SELECT customer_id, customer_name, email FROM dim_customers ORDER BY 1'),
    bench.rows('SELECT digest FROM argosy.load_log'),
  ]);
  const content = [...(await contentOf(bench.store))].toSorted((a, b) => (a[0] < b[0] ? -1 : 1));
  return { facts, held, customers, loads, content };
}

/** The accounts of what is in the warehouse, looked at while nothing runs. */
async function looseEnds(bench: LoadBench): Promise<string | null> {
  const [[facts, loads] = []] = await bench.rows(
    `SELECT (SELECT count(*) FROM fact_transactions), (SELECT count(*) FROM argosy.load_log)`,
  );
  return (facts === 0) === (loads === 0)
    ? null
    : `${String(facts)} facts with ${String(loads)} loads`;
}

interface Calm {
  calls: readonly string[];
  state: unknown;
}

async function calmRun(): Promise<Calm> {
  const bench = await makeBench();
  await putSources(bench, { transactions: 110, rejected: 3, late: 2 });
  const plan = faultPlan();
  await disturbed(bench, plan);
  return { calls: plan.calls, state: await stateOf(bench) };
}

function disturbed(bench: LoadBench, plan: ReturnType<typeof faultPlan>): Promise<void> {
  return runBatch(bench, {
    runId: 'disturbed',
    store: faultStore(bench.store, plan),
    warehouse: async () => faultWarehouse(bench.warehouse, plan),
  });
}

/** What is wrong after a run was killed at a call, and after the next run. */
async function faultsOf(calm: Calm, fault: Fault): Promise<string[]> {
  const bench = await makeBench();
  await putSources(bench, { transactions: 110, rejected: 3, late: 2 });
  const faults: string[] = [];
  const thrown = await disturbed(bench, faultPlan([fault])).catch((error: unknown) => error);
  if (!(thrown instanceof Crash)) faults.push(`it ended in ${String(thrown)}`);
  const loose = await looseEnds(bench);
  if (loose !== null) faults.push(loose);
  await bench.step('exit', { runId: 'disturbed', parameters: { status: 'Error' } });
  await runBatch(bench, { runId: 'next' });
  await bench.step('exit', { runId: 'next', parameters: { status: 'Succeeded' } });
  if (!isSame(await stateOf(bench), calm.state)) faults.push('the next run ends in another state');
  const audit = await bench.rows('SELECT status FROM etl_audit_log ORDER BY run_id');
  if (JSON.stringify(audit) !== '[["failed"],["success"]]')
    faults.push(`audit rows ${JSON.stringify(audit)}`);
  const { accounts } = await bench.record('next');
  if (accounts?.['difference'] !== 0 || accounts['loaded'] !== 105) faults.push('accounts differ');
  return faults;
}

function isSame(one: unknown, two: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(two);
}

describeLong('a finance run that is killed', () => {
  it.each(['before', 'after'] as const)(
    `%s a call to store or warehouse leaves facts and load log agreeing, and the next run ends as if nothing had been (every ${EVERY}. call)`,
    async (when) => {
      const calm = await calmRun();
      expect(calm.calls.length).toBeGreaterThan(50);
      const first = when === 'before' ? 1 : 1 + Math.floor(EVERY / 2);
      const faults: string[] = [];
      for (let call = first; call <= calm.calls.length; call += EVERY) {
        const found = await faultsOf(calm, { call, when, error: 'crash' });
        faults.push(
          ...found.map((one) => `${when} call ${call} (${calm.calls[call - 1]}): ${one}`),
        );
      }
      expect(faults).toEqual([]);
    },
    LOOP_MS_MAX,
  );
});
