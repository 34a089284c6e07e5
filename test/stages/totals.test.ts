import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { RecordStore } from '../../services/ports/record-store.ts';
import type { RunIdentity } from '../../services/ports/step.ts';
import {
  readRuns,
  recordRunEnd,
  recordRunStart,
  recordStep,
  type RunRecord,
  type StepRecord,
} from '../../services/stages/observe/run-record.ts';
import { addRun, readTotals } from '../../services/stages/observe/totals.ts';
import { isWholeRun } from '../../services/stages/observe/whole-run.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
let store: ObjectStore;
let records: RecordStore;

beforeEach(() => {
  store = memoryStore({ bucket: 'b', clock: manualClock(NOW) });
  records = objectRecords(store);
});

async function ended(
  runId: string,
  { isSuccess = true, steps = [{}] }: { isSuccess?: boolean; steps?: Partial<StepRecord>[] } = {},
): Promise<RunRecord> {
  const run: RunIdentity = {
    runId,
    pipeline: 'fama-french',
    logicalDate: '2026-11-21',
    trigger: 'cron',
    system: 'local',
    actor: 'local-user',
  };
  await recordRunStart(records, run, NOW);
  for (const [at, step] of steps.entries()) await recordStep(records, run, stepOf(at, step));
  return recordRunEnd(records, run, { isSuccess, endedAt: NOW });
}

const addWhole = (run: RunRecord) => addRun(records, run, { isWhole: true });

function stepOf(at: number, more: Partial<StepRecord>): StepRecord {
  return {
    step: 'transform',
    parameters: { shard: String(at) },
    attempt: 0,
    status: 'success',
    started_at: NOW.toISOString(),
    ended_at: NOW.toISOString(),
    duration_seconds: 10,
    counts: { rowsRead: 5 },
    outputs: {},
    problems: [],
    error_class: null,
    error_message: null,
    error_hint: null,
    checks: { 'row-valid': 1 },
    store_calls: [{ method: 'put', outcome: 'ok', count: 2, sizeBytes: 100 }],
    cost_usd: { compute: 1, requests: 0.5, storage: 0.25 },
    ...more,
  };
}

describe('the totals of a pipeline', () => {
  it('grow with every run, good or failed, and keep the time of the last success', async () => {
    await addWhole(await ended('one', { steps: [{}, {}] }));
    const { runs, counts, store_calls, cost_usd, last_success_at } = await addWhole(
      await ended('two', { isSuccess: false }),
    );
    expect(runs).toEqual({ success: 1, failed: 1 });
    expect(counts).toEqual({ rowsRead: 15 });
    expect(store_calls).toEqual([{ method: 'put', outcome: 'ok', count: 6, sizeBytes: 300 }]);
    expect(cost_usd).toEqual({ compute: 3, requests: 1.5, storage: 0.75 });
    expect(last_success_at).toBe(NOW.toISOString());
  });

  it('count a run once, however often its exit handler is tried', async () => {
    const run = await ended('one');
    await addWhole(run);
    await addWhole(run);
    expect(await readTotals(records, 'fama-french')).toMatchObject({ runs: { success: 1 } });
  });

  it('take a run that failed and was then taken up again for a success, with what it did since', async () => {
    await addWhole(await ended('one', { isSuccess: false, steps: [{ status: 'failed' }] }));
    const again = await ended('one', {
      steps: [{}, { ended_at: '2026-11-21T12:05:00.000Z', duration_seconds: 7 }],
    });
    const endedAt = '2026-11-21T12:06:00.000Z';
    const totals = await addWhole({ ...again, ended_at: endedAt });
    expect(totals).toMatchObject({
      runs: { success: 1, failed: 1 },
      counts: { rowsRead: 10 },
      cost_usd: { compute: 2 },
      last_success_at: endedAt,
      steps: { transform: { durations_seconds: [7] } },
    });
    expect(await addWhole({ ...again, ended_at: endedAt })).toEqual(totals);
  });

  it('count a run that fails again under its id as one that failed', async () => {
    await addWhole(await ended('one', { isSuccess: false }));
    const { runs, counts } = await addWhole(await ended('one', { isSuccess: false }));
    expect({ runs, counts }).toEqual({ runs: { success: 0, failed: 1 }, counts: { rowsRead: 5 } });
  });

  it('take of a run that is not whole what it used, and neither outcome nor pace', async () => {
    await addWhole(await ended('one', { isSuccess: false, steps: [{ status: 'failed' }] }));
    const totals = await addRun(records, await ended('sweep'), { isWhole: false });
    expect(totals).toMatchObject({
      runs: { success: 0, failed: 1 },
      counts: { rowsRead: 10 },
      cost_usd: { compute: 2 },
      last_success_at: null,
      steps: { transform: { durations_seconds: [] } },
    });
  });

  it('are no run of their own, and are of one pipeline', async () => {
    await addWhole(await ended('one'));
    expect(await readRuns(records, 'fama-french', 10)).toHaveLength(1);
    expect(await readTotals(records, 'other')).toBeNull();
  });

  it.each(['{', '{"runs": 5}', '[]'])(
    'begin anew when their record is damaged: %s',
    async (text) => {
      await store.put('_records/runs/fama-french.json', Buffer.from(text));
      const { runs } = await addWhole(await ended('one'));
      expect(runs).toEqual({ success: 1, failed: 0 });
    },
  );

  it('take the mean of a step over its good runs before the newest, by its longest item', async () => {
    const meanAfter = async (runId: string, seconds: number, isGood = true) => {
      const status = isGood ? ('success' as const) : ('failed' as const);
      const steps = [{ duration_seconds: seconds, status }, { duration_seconds: 1 }];
      const totals = await addWhole(await ended(runId, { isSuccess: isGood, steps }));
      return totals.steps['transform']?.mean_seconds;
    };
    expect(await meanAfter('one', 10)).toBeNull();
    expect(await meanAfter('two', 30)).toBe(10);
    expect(await meanAfter('three', 900, false)).toBe(20);
    expect(await meanAfter('four', 5)).toBe(20);
    expect(await meanAfter('five', 5)).toBe(15);
  });
});

describe('the record of a run', () => {
  it('holds its quality by check and its cost, added up over its steps', async () => {
    expect(
      await ended('one', { steps: [{}, { checks: { 'row-valid': 2, 'csv-readable': 0 } }] }),
    ).toMatchObject({
      quality: { 'row-valid': 3, 'csv-readable': 0 },
      cost_estimate: { compute: 2, requests: 1, storage: 0.5, total: 3.5 },
    });
  });

  it('is whole with steps of a version that measured less', async () => {
    const { checks: _, store_calls: __, cost_usd: ___, ...old } = stepOf(0, {});
    const run = await ended('one', { steps: [] });
    const totals = await addWhole({ ...run, steps: [old] });
    expect(totals.cost_usd).toEqual({ compute: 0, requests: 0, storage: 0 });
    expect(totals.counts).toEqual({ rowsRead: 5 });
  });
});

describe('a run is whole', () => {
  const nothing = [{ outputs: { pending: '0' } }, { outputs: {} }];
  const work = [{ outputs: { pending: '2' } }];
  it.each([
    ['a daily one without news', { trigger: 'cron', steps: nothing }, true],
    ['one by hand without news', { trigger: 'manual', steps: nothing }, true],
    ['an event with work', { trigger: 'event', steps: work }, true],
    ['a sweep with nothing to do', { trigger: 'event', steps: nothing }, false],
    ['a sweep that failed', { trigger: 'event', steps: nothing, isSuccess: false }, true],
    ['a dry run', { trigger: 'manual', steps: work, isDryRun: true }, false],
    ['a dry run that failed', { steps: [], isDryRun: true, isSuccess: false }, false],
  ] as const)('%s', (_name, run, isWhole) => {
    const others = { isSuccess: true, isDryRun: false, trigger: 'manual' } as const;
    expect(isWholeRun({ ...others, ...run })).toBe(isWhole);
  });
});
