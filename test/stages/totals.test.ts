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
    await addRun(records, await ended('one', { steps: [{}, {}] }));
    const { runs, counts, store_calls, cost_usd, last_success_at } = await addRun(
      records,
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
    await addRun(records, run);
    await addRun(records, run);
    expect(await readTotals(records, 'fama-french')).toMatchObject({ runs: { success: 1 } });
  });

  it('are no run of their own, and are of one pipeline', async () => {
    await addRun(records, await ended('one'));
    expect(await readRuns(records, 'fama-french')).toHaveLength(1);
    expect(await readTotals(records, 'other')).toBeNull();
  });

  it.each(['{', '{"runs": 5}', '[]'])(
    'begin anew when their record is damaged: %s',
    async (text) => {
      await store.put('_records/runs/fama-french.json', Buffer.from(text));
      const { runs } = await addRun(records, await ended('one'));
      expect(runs).toEqual({ success: 1, failed: 0 });
    },
  );

  it('take the mean of a step over its good runs before the newest, by its longest item', async () => {
    const meanAfter = async (runId: string, seconds: number, isGood = true) => {
      const status = isGood ? ('success' as const) : ('failed' as const);
      const steps = [{ duration_seconds: seconds, status }, { duration_seconds: 1 }];
      const totals = await addRun(records, await ended(runId, { isSuccess: isGood, steps }));
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
    const totals = await addRun(records, { ...run, steps: [old] });
    expect(totals.cost_usd).toEqual({ compute: 0, requests: 0, storage: 0 });
    expect(totals.counts).toEqual({ rowsRead: 5 });
  });
});
