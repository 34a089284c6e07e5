import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { storeCallCounter } from '../../services/cli/run/store-calls.ts';
import { meterStore } from '../../services/layers/meter.ts';
import { faultPlan, faultStore } from '../../services/layers/fault.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { RecordStore } from '../../services/ports/record-store.ts';
import type { RunIdentity } from '../../services/ports/step.ts';
import {
  readRuns,
  readSteps,
  recordRunEnd,
  recordRunStart,
  recordStep,
  type StepRecord,
} from '../../services/stages/observe/run-record.ts';

const STARTED = new Date('2026-11-21T12:00:00Z');
const ENDED = new Date('2026-11-21T12:05:00Z');
const run: RunIdentity = {
  runId: 'run-1',
  pipeline: 'fama-french',
  logicalDate: '2026-11-21',
  trigger: 'manual',
  system: 'local',
  actor: 'local-user',
};

let store: ObjectStore;
let records: RecordStore;

beforeEach(() => {
  store = memoryStore({ bucket: 'b', clock: manualClock(STARTED) });
  records = objectRecords(store);
});

function stepOf(step: string, more: Partial<StepRecord> = {}): StepRecord {
  return {
    step,
    parameters: {},
    attempt: 0,
    status: 'success',
    started_at: '2026-11-21T12:00:00.000Z',
    ended_at: '2026-11-21T12:01:00.000Z',
    duration_seconds: 60,
    counts: {},
    outputs: {},
    problems: [],
    error_class: null,
    error_message: null,
    error_hint: null,
    ...more,
  };
}

describe('the record of a run', () => {
  it('says running from its first step on, and only the first step is told that it is the first', async () => {
    expect(await recordRunStart(records, run, STARTED)).toBe(true);
    expect(await recordRunStart(records, run, ENDED)).toBe(false);
    expect(await readRuns(records, 'fama-french', 10)).toMatchObject([
      { run_id: 'run-1', status: 'running', started_at: STARTED.toISOString(), ended_at: null },
    ]);
  });

  it('goes on when nobody can tell whether its start was kept', async () => {
    const plan = faultPlan([{ call: 1, when: 'after', error: 'commit-unknown' }]);
    expect(await recordRunStart(objectRecords(faultStore(store, plan)), run, STARTED)).toBe(true);
  });

  it('adds up the counts and problems of its steps at the end', async () => {
    await recordRunStart(records, run, STARTED);
    const problems = [{ object: 'a.zip', message: 'is empty' }];
    await recordStep(records, run, stepOf('fetch', { counts: { objectsRead: 3, bytesRead: 10 } }));
    await recordStep(
      records,
      run,
      stepOf('transform', {
        counts: { rowsRead: 10, rowsWritten: 9, rowsRejected: 1, objectsRead: 1, bytesWritten: 7 },
        problems,
      }),
    );
    const record = await recordRunEnd(records, run, { isSuccess: true, endedAt: ENDED });
    expect(record).toMatchObject({
      status: 'success',
      started_at: STARTED.toISOString(),
      ended_at: ENDED.toISOString(),
      objects_read: 4,
      records_extracted: 10,
      records_loaded: 9,
      records_rejected: 1,
      bytes_in: 10,
      bytes_out: 7,
      error_class: null,
      problems,
    });
    expect(await readRuns(records, 'fama-french', 10)).toEqual([record]);
  });

  it('names the kind and message of the step that failed', async () => {
    await recordStep(records, run, stepOf('fetch'));
    const failed = { status: 'failed', error_class: 'denied', error_message: 'no access' } as const;
    await recordStep(records, run, stepOf('extract', failed));
    expect(await recordRunEnd(records, run, { isSuccess: false, endedAt: ENDED })).toMatchObject({
      status: 'failed',
      error_class: 'denied',
      error_message: 'no access',
    });
  });

  it('is made at the end even when its start was lost', async () => {
    const record = await recordRunEnd(records, run, { isSuccess: false, endedAt: ENDED });
    expect(record).toMatchObject({ status: 'failed', started_at: ENDED.toISOString(), steps: [] });
  });
});

describe('the records of steps', () => {
  it('keep each shard of a fan-out apart, and only the last attempt of one', async () => {
    for (const shard of ['plan-0', 'plan-1']) {
      await recordStep(records, run, stepOf('transform', { parameters: { shard } }));
    }
    const retried = stepOf('transform', { parameters: { shard: 'plan-1' }, attempt: 1 });
    await recordStep(records, run, retried);
    const steps = await readSteps(records, run);
    expect(steps.map(({ parameters, attempt }) => [parameters['shard'], attempt])).toEqual(
      expect.arrayContaining([
        ['plan-0', 0],
        ['plan-1', 1],
      ]),
    );
    expect(steps).toHaveLength(2);
  });

  it('come in the order in which the steps began, without the plans that lie beside them', async () => {
    await recordStep(records, run, stepOf('extract', { started_at: '2026-11-21T12:02:00.000Z' }));
    await recordStep(records, run, stepOf('fetch', { started_at: '2026-11-21T12:01:00.000Z' }));
    await recordStep(records, run, stepOf('catalogue', { started_at: '2026-11-21T12:03:00.000Z' }));
    await records.put('steps/fama-french/run-1', 'extract-plan', { archives: [] });
    const steps = await readSteps(records, run);
    expect(steps.map(({ step }) => step)).toEqual(['fetch', 'extract', 'catalogue']);
  });

  it('of another run, also one whose name begins alike, are not mixed in', async () => {
    await recordStep(records, { ...run, runId: 'run-10' }, stepOf('fetch'));
    expect(await readSteps(records, run)).toEqual([]);
  });
});

describe('the runs of a pipeline', () => {
  it('come newest first and without those of others', async () => {
    await recordRunStart(records, { ...run, runId: 'old' }, new Date('2026-11-19'));
    await recordRunStart(records, { ...run, runId: 'new' }, new Date('2026-11-20'));
    await recordRunStart(records, { ...run, runId: 'x', pipeline: 'commerce' }, STARTED);
    const runs = await readRuns(records, 'fama-french', 10);
    expect(runs.map(({ run_id }) => run_id)).toEqual(['new', 'old']);
  });

  it('are read no further back than is asked, with one that goes on while younger ones end', async () => {
    const clock = manualClock(STARTED);
    const counted = storeCallCounter();
    const plain = memoryStore({ bucket: 'b', clock });
    const metered = meterStore(plain, { clock, onCall: (call) => counted.add(call) });
    const begin = async (at: number) => {
      await clock.advance(60_000);
      await recordRunStart(objectRecords(plain), { ...run, runId: `run-${at}` }, clock.now());
    };
    for (let at = 0; at < 60; at++) await begin(at);
    for (const at of [55, 57]) {
      const end = { isSuccess: true, endedAt: clock.now() };
      await recordRunEnd(objectRecords(plain), { ...run, runId: `run-${at}` }, end);
    }
    const runs = await readRuns(objectRecords(metered), 'fama-french', 3);
    expect(runs.map(({ run_id }) => run_id)).toEqual(['run-59', 'run-58', 'run-57']);
    const gets = counted.counts().find(({ method }) => method === 'get');
    expect(gets?.count).toBeLessThan(30);
  });
});

it('a damaged run record is named, with what to do about it', async () => {
  await records.put('runs/fama-french', 'run-1', { a: 1 });
  await expect(readRuns(records, 'fama-french', 10)).rejects.toMatchObject({
    kind: 'input-invalid',
    message: 'record runs/fama-french/run-1 is no run record',
    hint: expect.stringContaining('remove that object'),
  });
});
