import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cli } from '../../support/cli.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

const BUCKET = '.argosy/store/argosy-csv-intake';
const FROM = ['status', 'csv-intake', '--from', '2020-01-01'];
let home: TempFolder;

beforeEach(async () => {
  home = await tempFolder();
  await mkdir(join(home.path, BUCKET, 'uploads'), { recursive: true });
  await writeFile(join(home.path, BUCKET, 'uploads/a.csv'), 'x,y\n1,2\n');
});
afterEach(() => home.remove());

const argosy = (...argv: string[]) => cli(argv, { cwd: home.path });

describe('argosy status --from', () => {
  it('draws the partitions, counts them, and says what is not done, why, and what to do', async () => {
    const end = await argosy(...FROM);
    expect(end.exitCode).toBe(0);
    const today = new Date().toISOString().slice(0, 10);
    const [head, row] = end.stdout.split('\n');
    expect(head).toMatch(/^ +1 {4}5 {4}10/);
    // The sign stands below the day.
    const sign = row?.indexOf('·') ?? 0;
    expect(sign - (head?.indexOf('1') ?? 0)).toBe(Number(today.slice(8)) - 1);
    expect(end.stdout).toContain('■ done 0   · missing 1\n');
    expect(end.stdout).toMatch(new RegExp(`^${today} +a\\.csv +missing +not profiled yet$`, 'm'));
    expect(end.stderr).toContain(`backfill csv-intake --from ${today} --to ${today} --dry-run`);
  });

  it('with --fail-on ends with 21 when a partition is in such a state, and with 0 when none is', async () => {
    expect((await argosy(...FROM, '--fail-on', 'failed,stale')).exitCode).toBe(0);
    const end = await argosy(...FROM, '--fail-on', 'missing,failed');
    expect([end.exitCode, end.stderr]).toEqual([21, expect.stringContaining('1 missing')]);
    await argosy('run', 'csv-intake');
    expect((await argosy(...FROM, '--fail-on', 'missing,failed')).exitCode).toBe(0);
  });

  it('with --fail-on missing ends with 21 when there are no partitions at all, and with 0 for days that have none', async () => {
    const none = await argosy('status', 'finance', '--from', '2026-01-01', '--fail-on', 'missing');
    expect([none.exitCode, none.stderr]).toEqual([21, expect.stringContaining('at all')]);
    const early = [...FROM, '--to', '2020-01-31', '--fail-on', 'missing'];
    expect((await argosy(...early)).exitCode).toBe(0);
  });

  it('prints every partition as JSON', async () => {
    const today = new Date().toISOString().slice(0, 10);
    const { stdout } = await argosy(...FROM, '--json');
    expect(JSON.parse(stdout)).toEqual({
      pipeline: 'csv-intake',
      from: '2020-01-01',
      to: null,
      unit: 'day',
      lane: 'file',
      counts: { done: 0, missing: 1, failed: 0, stale: 0, running: 0 },
      partitions: [
        {
          partition: `${today}/a.csv`,
          day: today,
          lane: 'a.csv',
          state: 'missing',
          runId: null,
          rows: null,
          reason: 'not profiled yet',
          work: 'uploads/a.csv',
        },
      ],
    });
  });

  it('says that there are none in other days, and in an empty store', async () => {
    const past = await argosy('status', 'csv-intake', '--from', '2020-01', '--to', '2020-02');
    const words = 'csv-intake has no partitions from 2020-01-01 to 2020-02-29\n';
    expect([past.exitCode, past.stdout]).toEqual([0, words]);
    for (const pipeline of ['fama-french', 'finance', 'market-data', 'commerce']) {
      const end = await argosy('status', pipeline, '--from', '2020-01');
      expect([end.exitCode, end.stdout]).toEqual([0, expect.stringContaining('no partitions')]);
    }
  });

  it.each([
    [['--fail-on', 'faild'], 'did you mean failed?'],
    [['--fail-on', ','], 'names no state'],
    [['--to', '2019-01-01'], 'is after --to'],
    [['--to', '2026-13'], 'is not a day'],
  ])('refuses %j', async (argv, words) => {
    const end = await argosy(...FROM, ...argv);
    expect([end.exitCode, end.stderr]).toEqual([51, expect.stringContaining(words)]);
  });
});

describe('argosy status', () => {
  it('has one line for what is not done, and none when all is', async () => {
    await argosy('run', 'csv-intake');
    expect((await argosy('status', 'csv-intake')).stdout).not.toContain('not done');
    await writeFile(join(home.path, BUCKET, 'uploads/b.csv'), 'x,y\n1,2\n');
    const { stdout } = await argosy('status', 'csv-intake');
    expect(stdout).toMatch(/\n1 of 2 partitions are not done: .*status csv-intake --from /);
  });
});
