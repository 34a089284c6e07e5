import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { isProcessGone, thisProcess } from '../../../services/cli/run/process-mark.ts';
import { claimRunName } from '../../../services/cli/run/run-claim.ts';
import { makeScratch, removeDeadScratch } from '../../../services/cli/run/scratch.ts';
import { endDeadRuns, WAS_KILLED } from '../../../services/stages/observe/dead-run.ts';
import {
  readRuns,
  recordRunStart,
  stepCollection,
} from '../../../services/stages/observe/run-record.ts';
import { cli } from '../../support/cli.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

/** The number of a process that was killed just now. */
async function killedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  child.kill('SIGKILL');
  await once(child, 'close');
  return child.pid ?? 0;
}

describe('what a killed process has left in the scratch folder', () => {
  let folder: TempFolder;
  beforeEach(async () => {
    folder = await tempFolder();
  });
  afterEach(() => folder.remove());

  it('is removed, and nothing of living processes, of other machines or of others', async () => {
    const own = await makeScratch(folder.path, 'load');
    const { host, pid } = thisProcess();
    const dead = await killedPid();
    const gone = own.replace(`.${pid}-`, `.${dead}-`);
    const elsewhere = gone.replace(`.${host}.`, '.another-machine.');
    const mine = join(folder.path, 'customers.csv');
    for (const path of [gone, elsewhere]) await mkdir(path);
    await writeFile(join(gone, 'customers.csv'), 'ann@db.example');
    await writeFile(mine, '');
    await removeDeadScratch(folder.path);
    const left = (await readdir(folder.path)).map((name) => join(folder.path, name));
    expect(left.toSorted()).toEqual([own, elsewhere, mine].toSorted());
  });
});

describe('the record of a run', () => {
  const clock = manualClock(new Date('2026-11-21T10:00:00Z'));
  const isDead = ({ host, pid }: Record<string, unknown>) =>
    isProcessGone({ host: String(host), pid: Number(pid) });
  const started = async (claimed: { host: string; pid: number } | null) => {
    const records = objectRecords(memoryStore({ bucket: 'b', clock }));
    const wanted = { name: 'p-1', startedAt: clock.now() };
    const runId = await claimRunName(records, 'p', wanted);
    const run = {
      runId,
      pipeline: 'p',
      logicalDate: '2026-11-21',
      trigger: 'manual' as const,
      system: 'local' as const,
      actor: 'local-user',
    };
    if (claimed !== null) await records.put(stepCollection(run), 'claim', claimed);
    await recordRunStart(records, run, clock.now());
    return records;
  };

  it('whose process was killed ends as failed, and says so', async () => {
    const records = await started({ host: thisProcess().host, pid: await killedPid() });
    expect(await endDeadRuns(records, 'p', { isDead, now: clock.now() })).toEqual(['p-1']);
    expect(await readRuns(records, 'p', 1)).toMatchObject([
      {
        run_id: 'p-1',
        status: 'failed',
        ended_at: '2026-11-21T10:00:00.000Z',
        error_class: 'interrupted',
        error_message: WAS_KILLED,
      },
    ]);
    expect(await endDeadRuns(records, 'p', { isDead, now: clock.now() })).toEqual([]);
  });

  it('stays running while its process lives, or where another machine runs it', async () => {
    for (const claimed of [null, { host: 'another-machine', pid: await killedPid() }]) {
      const records = await started(claimed);
      expect(await endDeadRuns(records, 'p', { isDead, now: clock.now() })).toEqual([]);
      expect(await readRuns(records, 'p', 1)).toMatchObject([{ status: 'running' }]);
    }
  });
});

it('the next run on the machine ends the record of a killed one and removes its scratch', async () => {
  await using home = await tempFolder();
  const { host } = thisProcess();
  const pid = await killedPid();
  const clock = manualClock(new Date('2026-11-21T10:00:00Z'));
  const folder = join(home.path, '.argosy', 'store');
  const records = objectRecords(filesystemStore({ folder, bucket: 'argosy-csv-intake', clock }));
  const run = {
    runId: 'csv-intake-killed',
    pipeline: 'csv-intake',
    logicalDate: '2026-11-21',
    trigger: 'manual' as const,
    system: 'local' as const,
    actor: 'local-user',
  };
  await records.put(stepCollection(run), 'claim', { host, pid });
  await recordRunStart(records, run, clock.now());
  const scratch = join(home.path, '.argosy', 'scratch');
  await mkdir(join(scratch, `load.${host}.${pid}-abc123`), { recursive: true });
  const end = await cli(['run', 'csv-intake'], { cwd: home.path });
  expect(end.exitCode).toBe(0);
  expect(await readdir(scratch)).toEqual([]);
  const status = await cli(['status', 'csv-intake'], { cwd: home.path });
  expect(status.stdout).toMatch(/csv-intake-killed +failed .*was killed or stopped/);
});
