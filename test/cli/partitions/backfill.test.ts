import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { folderStore } from '../../../services/adapters/object-store/filesystem.ts';
import { digestOf } from '../../support/pipeline.ts';
import { cli, type CliOptions } from '../../support/cli.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

const TODAY = new Date().toISOString().slice(0, 10);
const DAYS = ['--from', '2020-01-01', '--to', TODAY];
const BUCKET = '.argosy/store/argosy-csv-intake';
let home: TempFolder;

beforeEach(async () => {
  home = await tempFolder();
  await mkdir(join(home.path, BUCKET, 'uploads'), { recursive: true });
  for (const name of ['a', 'b', 'c']) await upload(`${name}.csv`, 'x,y\n1,2\n');
});
afterEach(() => home.remove());

const upload = (name: string, text: string) =>
  writeFile(join(home.path, BUCKET, 'uploads', name), text);
const argosy = (argv: readonly string[], more: Partial<CliOptions> = {}) =>
  cli(argv, { cwd: home.path, ...more });
const backfill = (...argv: string[]) => argosy(['backfill', 'csv-intake', ...DAYS, ...argv]);
const digest = () => digestOf(folderStore(join(home.path, BUCKET)));
const stateOf = async () => {
  const { stdout } = await argosy(['status', 'csv-intake', '--from', '2020-01-01', '--json']);
  return (JSON.parse(stdout) as { counts: Record<string, number> }).counts;
};
const planOf = (text: string) => /plan ([0-9a-f]{12})/.exec(text)?.[1] ?? '';

describe('argosy backfill', () => {
  it('--dry-run shows runs, objects and an estimate, and changes no byte', async () => {
    const before = await digest();
    const end = await backfill('--dry-run');
    expect([end.exitCode, await digest()]).toEqual([0, before]);
    expect(end.stdout).toMatch(/^plan [0-9a-f]{12}: csv-intake, 3 runs for 3 partitions, oldest/);
    expect(end.stdout).toContain('reads   uploads/a.csv');
    expect(end.stdout).toContain('writes  processed/a_summary.json');
    expect(end.stdout).toContain('estimated time and cost: unknown');
    const json = JSON.parse((await backfill('--dry-run', '--json')).stdout) as {
      plan: { units: { work: string }[] };
    };
    expect(json.plan.units.map(({ work }) => work)).toEqual(
      ['a', 'b', 'c'].map((name) => `uploads/${name}.csv`),
    );
  });

  it('without --yes and without a terminal shows the plan, runs nothing and keeps nothing', async () => {
    const before = await digest();
    const end = await backfill();
    expect([end.exitCode, await digest()]).toEqual([51, before]);
    expect(end.stderr).toContain('plan ');
    expect(end.stderr).toContain('hint: add --yes');
  });

  it('runs what is missing, each once, and has nothing to do after that', async () => {
    const end = await backfill('--yes', '--concurrency', '2');
    expect([end.exitCode, end.stdout]).toEqual([0, expect.stringContaining('3 of 3 runs done')]);
    expect(end.stderr).toMatch(/\[1 of 3\] uploads\/a\.csv {2}done {2}1 row {2}/);
    expect(await stateOf()).toMatchObject({ done: 3, missing: 0 });
    const again = await backfill('--yes');
    expect([again.exitCode, again.stderr]).toEqual([0, expect.stringContaining('nothing to do')]);
    const all = await backfill('--all', '--dry-run');
    expect(all.stdout).toMatch(/estimated: .+ US dollars \(by the last 3 good runs\)/);
  });

  it('lists its plans, and goes on with one that was stopped', async () => {
    const interrupt = { signal: 'SIGINT', when: '[2 of 3] uploads/b.csv  started' } as const;
    const argv = ['backfill', 'csv-intake', ...DAYS, '--yes'];
    const stopped = await argosy(argv, { interrupt });
    expect(stopped.exitCode).toBe(130);
    const id = planOf(stopped.stderr);
    expect(stopped.stderr).toContain(`backfill csv-intake --resume ${id}`);
    const list = await argosy(['backfill', '--list', '--json']);
    expect(JSON.parse(list.stdout)).toEqual([
      expect.objectContaining({ plan: id, runs: 3, done: 1, left: 2, state: 'stopped' }),
    ]);
    const resumed = await argosy(['backfill', '--resume', id]);
    expect([resumed.exitCode, resumed.stdout]).toEqual([0, expect.stringContaining('3 of 3 runs')]);
    expect(resumed.stderr).not.toContain('uploads/a.csv  started');
    expect(await stateOf()).toMatchObject({ done: 3 });
    expect((await argosy(['backfill', '--list'])).stdout).toMatch(/ 3 +3 +0 +0 +ended\n/);
    const ended = await argosy(['backfill', '--resume', id]);
    expect([ended.exitCode, ended.stderr]).toEqual([
      0,
      `nothing to do: backfill ${id} has ended, all 3 runs are done\n`,
    ]);
  });

  it('ends with the code of quality-failed when a partition is as it was after a good run', async () => {
    await upload('bad.csv', 'x,y\n1,"2\n');
    const end = await backfill('--yes');
    expect(end.exitCode).toBe(21);
    expect(end.stderr).toContain(`still not done: ${TODAY}/bad.csv is failed`);
  });

  it('lists a damaged plan as damaged beside the others, and says when an input was removed', async () => {
    const interrupt = { signal: 'SIGINT', when: '[2 of 3] uploads/b.csv  started' } as const;
    const stopped = await argosy(['backfill', 'csv-intake', ...DAYS, '--yes'], { interrupt });
    const id = planOf(stopped.stderr);
    await writeFile(join(home.path, BUCKET, '_backfills/0123456789ab.json'), 'no plan');
    const list = await argosy(['backfill', '--list']);
    expect([list.exitCode, list.stdout]).toEqual([
      0,
      expect.stringMatching(/^0123456789ab .*damaged$/m),
    ]);
    expect(list.stdout).toMatch(new RegExp(`^${id} .*stopped$`, 'm'));
    expect(list.stderr).toContain('_backfills/0123456789ab.json is damaged');
    await rm(join(home.path, BUCKET, 'uploads/c.csv'));
    const resumed = await argosy(['backfill', '--resume', id]);
    expect(resumed.exitCode).toBe(21);
    expect(resumed.stderr).toContain(`not made: ${TODAY}/c.csv: uploads/c.csv is gone`);
  });

  it('has nothing to do where nothing is landed', async () => {
    const end = await argosy(['backfill', 'finance', ...DAYS, '--concurrency', '4', '--dry-run']);
    expect([end.exitCode, end.stdout]).toEqual([0, expect.stringContaining('nothing to do')]);
  });

  it.each([
    [['backfill'], 51, 'backfill of which pipeline?'],
    [['backfill', 'csv-intake'], 51, 'backfill needs --from DAY'],
    [['backfill', 'csv-intake', '--from', '2026-01-02', '--to', '2026-01-01'], 51, 'is after --to'],
    [['backfill', 'csv-intake', '--from', 'yesterday', '--to', TODAY], 51, 'is not a day'],
    [['backfill', 'csv-intake', ...DAYS, '--only', 'mising'], 51, 'did you mean missing?'],
    [['backfill', 'csv-intake', ...DAYS, '--only', 'running'], 51, 'a run is at those'],
    [
      ['backfill', 'csv-intake', ...DAYS, '-p', 'forse=true', '--dry-run'],
      51,
      'did you mean force?',
    ],
    [['backfill', 'csv-intak', ...DAYS], 51, 'did you mean csv-intake?'],
    [['backfill', 'csv-intake', ...DAYS, '--all', '--only', 'missing'], 51, '--all and --only do'],
    [
      ['backfill', '--resume', 'abcdefabcdef', '--from', '2026-01-01'],
      51,
      '--resume and --from do',
    ],
    [['backfill', '--resume', 'abcdefabcdef'], 23, 'there is no backfill "abcdefabcdef"'],
    [['backfill', 'csv-intake', ...DAYS, '--concurrency', '0'], 51, 'is less than 1'],
  ])('refuses %j', async (argv, exitCode, words) => {
    const end = await argosy(argv);
    expect([end.exitCode, end.stderr]).toEqual([exitCode, expect.stringContaining(words)]);
  });
});
