import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { PipelineError } from '../../services/core/error.ts';
import type { Notice } from '../../services/ports/notifier.ts';
import type { RecordStore } from '../../services/ports/record-store.ts';
import type { RunIdentity, StepPorts } from '../../services/ports/step.ts';
import { exit } from '../../services/stages/observe/exit.ts';
import { recordStep, type StepRecord } from '../../services/stages/observe/run-record.ts';

const CLOCK = manualClock(new Date('2026-11-21T02:10:00Z'));
const RUN: RunIdentity = {
  runId: 'run-1',
  pipeline: 'csv-intake',
  logicalDate: '2026-11-21',
  trigger: 'manual',
  system: 'local',
  actor: 'local-user',
};
const STEP: StepRecord = {
  step: 'profile',
  parameters: {},
  attempt: 0,
  status: 'success',
  started_at: '2026-11-21T02:00:00.000Z',
  ended_at: '2026-11-21T02:01:00.000Z',
  duration_seconds: 60,
  counts: { rowsWritten: 7 },
  outputs: {},
  problems: [],
  error_class: null,
  error_message: null,
  error_hint: null,
};

let records: RecordStore;
let notices: Notice[];

beforeEach(() => {
  records = objectRecords(memoryStore({ bucket: 'b', clock: CLOCK }));
  notices = [];
});

async function end(status: string, more: Record<string, string> = {}): Promise<void> {
  const send = async (notice: Notice) => void notices.push(notice);
  const { signal } = new AbortController();
  const ports = { records, clock: CLOCK, signal, notifier: { send } } as unknown as StepPorts;
  await exit.run(ports, { status, duration: '9', 'dry-run': 'false', ...more }, RUN);
}

const failed = (kind: StepRecord['error_class']) => ({
  status: 'failed' as const,
  error_class: kind,
  error_message: 'it broke',
});

describe('the notice of a run that has ended', () => {
  it.each([
    ['good', {}, 'Succeeded', 'pipeline', 'info'],
    [
      'good, with a check that counted',
      { checks: { 'cell-valid': 3 } },
      'Succeeded',
      'quality',
      'warning',
    ],
    [
      'good, with a check that counted none',
      { checks: { 'cell-valid': 0 } },
      'Succeeded',
      'pipeline',
      'info',
    ],
    ['stopped by its quality', failed('quality-failed'), 'Failed', 'quality', 'error'],
    ['failed otherwise', failed('unavailable'), 'Failed', 'pipeline', 'error'],
  ] as const)('that was %s', async (_, more, status, topic, severity) => {
    await recordStep(records, RUN, { ...STEP, ...more });
    await end(status);
    expect(notices).toMatchObject([{ topic, severity, pipeline: 'csv-intake', runId: 'run-1' }]);
    expect(notices[0]?.lines).toEqual(
      topic === 'quality' && status === 'Succeeded' ? ['check cell-valid: 3 failures'] : [],
    );
  });

  it('is about the same occasion when its exit step is tried again, and another after a retry of the run', async () => {
    await recordStep(records, RUN, { ...STEP, ...failed('unavailable') });
    await end('Failed');
    await end('Failed', { duration: '11' });
    await recordStep(records, RUN, {
      ...STEP,
      ...failed('unavailable'),
      ended_at: '2026-11-21T03:01:00.000Z',
    });
    await end('Failed');
    const occasions = notices.map(({ occasion }) => occasion);
    expect(occasions[0]).toBe('failed 2026-11-21T02:01:00.000Z');
    expect(occasions[1]).toBe(occasions[0]);
    expect(occasions[2]).not.toBe(occasions[0]);
  });

  it('is not sent of a good run of a side path, and of a failed one', async () => {
    await recordStep(records, RUN, { ...STEP, outputs: { whole: 'false' } });
    await end('Succeeded');
    expect(notices).toEqual([]);
    await end('Failed');
    expect(notices).toHaveLength(1);
  });

  it.each([['Succeeded'], ['Failed']])('is not sent of a dry run that %s', async (status) => {
    await recordStep(records, RUN, STEP);
    await end(status, { 'dry-run': 'true' });
    expect(notices).toEqual([]);
  });

  it('is sent of a failed run whose record cannot be kept', async () => {
    const down = () => Promise.reject(new PipelineError('unavailable', 'the store is down'));
    records = { ...records, put: down, get: down };
    await expect(end('Failed')).rejects.toThrow('the store is down');
    expect(notices).toMatchObject([
      {
        topic: 'pipeline',
        severity: 'error',
        title:
          'csv-intake 2026-11-21 ended as Failed, and its record could not be kept: the store is down',
      },
    ]);
    await expect(end('Succeeded')).rejects.toThrow('the store is down');
    expect(notices).toHaveLength(1);
  });
});
