import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { PipelineError } from '../../../services/core/error.ts';
import { type Fault, faultPlan, faultStore } from '../../../services/layers/fault.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { holdPlan } from '../../../services/stages/observe/backfill/hold.ts';
import {
  type Performed,
  performPlan,
  type PerformOptions,
  type UnitRunner,
} from '../../../services/stages/observe/backfill/perform.ts';
import {
  type BackfillPlan,
  givenHash,
  keepPlan,
  type PlanContent,
} from '../../../services/stages/observe/backfill/plan.ts';
import { countUnits, readProgress } from '../../../services/stages/observe/backfill/progress.ts';

const NOW = new Date('2026-11-21T10:00:00Z');
const clock = manualClock(NOW);
const { signal } = new AbortController();
const DAYS = ['2026-01-05', '2026-01-06', '2026-01-07', '2026-01-08'];

function content(days: readonly string[] = DAYS): PlanContent {
  return {
    pipeline: 'finance',
    from: days[0] ?? null,
    to: days.at(-1) ?? null,
    only: ['failed', 'missing'],
    order: 'asc',
    given: givenHash({}),
    units: days.map((work) => ({
      work,
      partitions: [work],
      partitionCount: 1,
      states: { missing: 1 },
      reason: 'landed, and not loaded',
      parameters: { 'logical-date': work },
      reads: [],
      writes: [],
      sql: [],
      rows: null,
    })),
    leftOut: [],
  };
}

/** What runs leave behind, whoever notes it: the partitions that were made, each time, and how every run ended. */
interface World {
  made: string[];
  ends: Map<string, 'success' | 'failed'>;
  failing: Set<string>;
  runner: UnitRunner;
  under: number;
  underMost: number;
}

function world(failing: readonly string[] = []): World {
  const own: World = {
    made: [],
    ends: new Map(),
    failing: new Set(failing),
    under: 0,
    underMost: 0,
    runner: {
      run: async ({ work }, { runId }) => {
        own.under += 1;
        own.underMost = Math.max(own.underMost, own.under);
        await new Promise((resolve) => setImmediate(resolve));
        own.under -= 1;
        const isFailing = own.failing.has(work);
        own.ends.set(runId, isFailing ? 'failed' : 'success');
        if (!isFailing) own.made.push(work);
        return endOf(isFailing);
      },
      endOf: async (_unit, runId) => {
        const end = own.ends.get(runId);
        return end === undefined ? null : endOf(end === 'failed');
      },
    },
  };
  return own;
}

function endOf(isFailed: boolean) {
  const error = isFailed ? new PipelineError('quality-failed', 'a rule does not hold') : null;
  return { error, rows: isFailed ? null : 10, costUsd: 0.1 };
}

const keep = (store: ObjectStore): Promise<BackfillPlan> =>
  keepPlan(store, content(), { createdAt: NOW, hasEnded: async () => false, signal });

function perform(
  store: ObjectStore,
  plan: BackfillPlan,
  { runner }: World,
  more: Partial<PerformOptions> = {},
): Promise<Performed> {
  const rest = { clock, runner, concurrency: 1, isFailFast: false, onEvent: () => undefined };
  return performPlan(plan, { store, signal, ...rest, ...more });
}

describe('performPlan', () => {
  it('runs every unit once, in the order of the plan', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const own = world();
    const plan = await keep(store);
    const end = await perform(store, plan, own);
    expect(own.made).toEqual(DAYS);
    expect(end).toEqual({ counts: { done: 4, failed: 0, running: 0, open: 0 }, failure: null });
    await perform(store, plan, own);
    expect(own.made).toEqual(DAYS);
  });

  it('keeps to the number of runs at a time', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const own = world();
    await perform(store, await keep(store), own, { concurrency: 3 });
    expect([own.underMost, own.made.toSorted()]).toEqual([3, DAYS]);
  });

  it('goes on after a failure, and a second time runs only what has failed, under another name', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const own = world(['2026-01-06']);
    const plan = await keep(store);
    const first = await perform(store, plan, own);
    expect(first.counts).toEqual({ done: 3, failed: 1, running: 0, open: 0 });
    expect(first.failure).toMatchObject({ work: '2026-01-06', error: { kind: 'quality-failed' } });
    own.failing.clear();
    own.made.length = 0;
    const second = await perform(store, plan, own);
    expect([own.made, second.counts.done, second.failure]).toEqual([['2026-01-06'], 4, null]);
    expect([...own.ends.keys()].slice(-1)).toEqual([`${plan.units[1]?.runId}-2`]);
  });

  it('with fail-fast begins nothing after a failure', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const own = world(['2026-01-06']);
    const end = await perform(store, await keep(store), own, { isFailFast: true });
    expect(own.made).toEqual(['2026-01-05']);
    expect(end.counts).toEqual({ done: 1, failed: 1, running: 0, open: 2 });
  });

  it('told to stop, leaves the run under way to the next one', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const own = world();
    const plan = await keep(store);
    const stop = new AbortController();
    const stopping: UnitRunner = {
      ...own.runner,
      run: async (unit, call) => {
        if (unit.work !== '2026-01-06') return own.runner.run(unit, call);
        stop.abort();
        return { error: new PipelineError('interrupted', 'stopped'), rows: null, costUsd: null };
      },
    };
    const stopped = perform(store, plan, own, { runner: stopping, signal: stop.signal });
    await expect(stopped).rejects.toThrow('aborted');
    expect(own.made).toEqual(['2026-01-05']);
    const end = await perform(store, plan, own);
    expect([own.made, end.counts.done]).toEqual([DAYS, 4]);
  });
});

/** Performs until nothing fails, each time as a new process would: with the plan that the store has. */
async function performAll(faulty: ObjectStore, store: ObjectStore, own: World): Promise<number> {
  let tries = 0;
  for (const one of [faulty, store]) {
    tries += 1;
    try {
      await perform(one, await keep(one), own, { concurrency: 2 });
      return tries;
    } catch {
      // Killed, or a record could not be kept.
    }
  }
  throw new Error('two tries have not been enough');
}

/** Keeps plan and records once without a fault; returns how many calls to the store that takes. */
async function countCalls(): Promise<number> {
  const counted = faultPlan();
  const store = memoryStore({ bucket: 'b', clock });
  await performAll(faultStore(store, counted), store, world());
  return counted.calls.length;
}

describe('a plan that was killed or lost a write', async () => {
  const calls = await countCalls();
  const faults: Fault[] = Array.from({ length: calls }, (_, at) => at + 1).flatMap((call) => [
    { call, when: 'before', error: 'crash' },
    { call, when: 'after', error: 'crash' },
    { call, when: 'before', error: 'unavailable' },
    { call, when: 'after', error: 'commit-unknown' },
    { call, when: 'truncated', error: 'unavailable' },
  ]);

  it(`at any of its ${calls} calls to the store does, once resumed, only what was not done, and adds up`, async () => {
    expect(calls).toBeGreaterThan(8);
    for (const fault of faults) {
      const store = memoryStore({ bucket: 'b', clock });
      const own = world();
      await performAll(faultStore(store, faultPlan([fault])), store, own);
      const plan = await keep(store);
      const progress = await readProgress(store, plan);
      const counts = countUnits(plan, progress);
      expect({ fault, made: own.made.toSorted() }).toEqual({ fault, made: DAYS });
      expect({ fault, counts }).toEqual({
        fault,
        counts: { done: 4, failed: 0, running: 0, open: 0 },
      });
    }
  });
});

describe('holdPlan', () => {
  const me = { host: 'here', pid: 1 };
  const request = { id: 'abcdefabcdef', me, isDead: () => false, clock, signal };

  it('is refused while another process is at it, and not after its end', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const hold = await holdPlan(store, request);
    const other = { ...request, me: { host: 'there', pid: 2 } };
    await expect(holdPlan(store, other)).rejects.toMatchObject({ kind: 'conflict' });
    await hold.release();
    await (await holdPlan(store, other)).release();
  });

  it('is had in place of a process that is gone, and of one that has been silent for five minutes', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    await holdPlan(store, request);
    const dead = await holdPlan(store, { ...request, isDead: ({ pid }) => pid === 1 });
    await dead.release();
    const late = manualClock(new Date(NOW.getTime() + 5 * 60_000 + 1));
    await holdPlan(store, { ...request, me: { host: 'x', pid: 3 } });
    const taken = await holdPlan(store, { ...request, clock: late });
    const other = { ...request, clock: late, me: { host: 'y', pid: 4 } };
    await expect(holdPlan(store, other)).rejects.toMatchObject({ kind: 'conflict' });
    await taken.release();
  });

  it('is had by one of many that ask at the same moment', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const asked = Array.from({ length: 8 }, (_, pid) =>
      holdPlan(store, { ...request, me: { host: 'here', pid } }),
    );
    const ends = await Promise.allSettled(asked);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
