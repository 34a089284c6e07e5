import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { duckdbEngine } from '../../services/adapters/query-engine/duckdb.ts';
import { Crash, type Fault, faultPlan, faultStore } from '../../services/layers/fault.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { makeCommerceSample } from '../../services/sample/commerce.ts';
import { curatedSet } from '../support/commerce-curated.ts';
import { runCommerce } from '../support/commerce-run.ts';
import { copyStore, START } from '../support/pipeline.ts';
import { describeLong, isEverythingRequired } from '../support/require-component.ts';

/** Every call takes minutes; otherwise every so many, each time other ones before and after. */
const EVERY = isEverythingRequired() ? 1 : 401;
const LOOP_MS_MAX = 1_200_000;
const FILES = makeCommerceSample({
  seed: 21,
  transactions: 120,
  products: 12,
  events: 30,
  reviews: 20,
  customers: 8,
  lastDay: '2026-01-31',
  days: 2,
});
const PARAMETERS = { 'min-transactions': '1', 'min-products': '0', 'freshness-hours': '900' };
const LAST = 'date=2026-01-31';

let folder: string;
let dayBefore: ObjectStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commerce-crash-'));
  dayBefore = newStore();
  for (const [key, bytes] of FILES) if (!key.includes(LAST)) await dayBefore.put(key, bytes);
  await run(dayBefore, 'day-before');
  for (const [key, bytes] of FILES) if (key.includes(LAST)) await dayBefore.put(key, bytes);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

function newStore(): ObjectStore {
  return memoryStore({ bucket: 'commerce', clock: manualClock(START) });
}

const openEngine = (folders: readonly string[]) =>
  duckdbEngine({ folders, memoryBytesMax: 256 * 2 ** 20, threads: 1, connections: 1 });

function run(store: ObjectStore, runId: string): Promise<unknown> {
  return runCommerce({ store, folder, openEngine }, { runId, parameters: PARAMETERS });
}

/** The digest of what readers see, of which a later version says nothing. */
async function stateOf(store: ObjectStore): Promise<string> {
  return (await curatedSet(store)).digest;
}

describeLong('an incremental run of commerce that is killed', () => {
  it.each(['before', 'after'] as const)(
    `%s a call to the store shows readers the old set or the new one, and the next run ends as if nothing had been (every ${EVERY}. call)`,
    async (when) => {
      const old = await stateOf(dayBefore);
      const calm = await copyStore(dayBefore, newStore());
      const plan = faultPlan();
      await run(faultStore(calm, plan), 'calm');
      const goal = await stateOf(calm);
      expect(goal).not.toBe(old);
      expect(plan.calls.length).toBeGreaterThan(100);
      const faults: string[] = [];
      const first = when === 'before' ? 1 : 1 + Math.floor(EVERY / 2);
      for (let call = first; call <= plan.calls.length; call += EVERY) {
        const fault: Fault = { call, when, error: 'crash' };
        const store = await copyStore(dayBefore, newStore());
        const thrown = await run(faultStore(store, faultPlan([fault])), 'killed').catch(
          (error: unknown) => error,
        );
        const where = `${when} call ${call} (${plan.calls[call - 1]})`;
        if (!(thrown instanceof Crash)) faults.push(`${where}: it ended in ${String(thrown)}`);
        if (![old, goal].includes(await stateOf(store))) faults.push(`${where}: a mix is seen`);
        await run(store, 'next');
        if ((await stateOf(store)) !== goal) faults.push(`${where}: the next run ends elsewhere`);
      }
      expect(faults).toEqual([]);
    },
    LOOP_MS_MAX,
  );
});
