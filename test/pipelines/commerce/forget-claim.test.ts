import { beforeEach, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import {
  claimForgetting,
  failIfForgetting,
} from '../../../services/pipelines/commerce/upkeep/forget-claim.ts';
import type { RecordStore } from '../../../services/ports/record-store.ts';
import type { RunIdentity } from '../../../services/ports/step.ts';
import { recordRunEnd, recordRunStart } from '../../../services/stages/observe/run-record.ts';
import { runCommerceStep } from '../../support/commerce-run.ts';
import { START } from '../../support/pipeline.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const RUN: RunIdentity = {
  runId: 'run-1',
  pipeline: 'commerce',
  logicalDate: '2026-01-31',
  trigger: 'manual',
  system: 'local',
  actor: 'local-user',
};
const HOUR_MS = 3_600_000;

let clock: ReturnType<typeof manualClock>;
let store: ReturnType<typeof memoryStore>;
let records: RecordStore;

beforeEach(() => {
  clock = manualClock(START);
  store = memoryStore({ bucket: 'commerce', clock });
  records = objectRecords(store);
});

function claim(pid = 1, isDead = () => false) {
  return claimForgetting({ records, clock, me: { host: 'here', pid }, isDead });
}

it('while a person is being forgotten no run takes files, and afterwards it does', async () => {
  await using folder = await tempFolder();
  const held = await claim();
  const validate = () => runCommerceStep({ store, folder: folder.path }, 'validate');
  await expect(validate()).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('is being forgotten') as string,
  });
  await held.release();
  expect((await validate()).outputs['accepted']).toBe('0');
});

it('while a run is under way nobody is forgotten, and the claim does not stay', async () => {
  await recordRunStart(records, RUN, clock.now());
  await expect(claim()).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining('run-1') as string,
  });
  await failIfForgetting({ records, clock });
  await recordRunEnd(records, RUN, { isSuccess: false, endedAt: clock.now() });
  await (await claim()).release();
});

it('a run that began before its deadline could have let it go on is not waited for', async () => {
  await recordRunStart(records, RUN, new Date(clock.now().getTime() - 19 * HOUR_MS));
  await expect(claim()).resolves.toBeDefined();
});

it('two do not forget at once; a claim whose process is gone is taken over', async () => {
  await claim(1);
  await expect(claim(2)).rejects.toMatchObject({ kind: 'conflict' });
  const next = await claim(2, () => true);
  await expect(failIfForgetting({ records, clock })).rejects.toMatchObject({ kind: 'conflict' });
  await next.release();
  await failIfForgetting({ records, clock });
});

it('a claim that nobody releases ends by itself', async () => {
  await claim();
  await clock.advance(HOUR_MS - 1);
  await expect(failIfForgetting({ records, clock })).rejects.toMatchObject({ kind: 'conflict' });
  await clock.advance(1);
  await failIfForgetting({ records, clock });
});
