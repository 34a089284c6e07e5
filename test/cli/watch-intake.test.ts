import { chmod, mkdir, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asNobody } from '../support/as-nobody.ts';
import { cli } from '../support/cli.ts';
import { tempFolder } from '../support/temp-folder.ts';

const BUCKET = '.argosy/store/argosy-csv-intake';
const FILES = 9;
/** Keys that a shell, a URL or Argo would read as something else. */
const ODD = ['a b+c é 文.csv', '{{workflow.name}}.csv', "100% 'done' (1).CSV", 'deep/er/x.csv'];

async function place() {
  const folder = await tempFolder();
  const drop = join(folder.path, 'uploads');
  await mkdir(join(drop, 'deep/er'), { recursive: true });
  return { ...folder, drop, [Symbol.asyncDispose]: () => folder.remove() };
}

const lines = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);

async function recordsIn(cwd: string): Promise<Record<string, string>> {
  const { stdout } = await cli(['files', '--json'], { cwd });
  const files = JSON.parse(stdout) as { file_name: string; status: string }[];
  return Object.fromEntries(files.map(({ file_name: name, status }) => [name, status]));
}

describe('argosy watch csv-intake --once', () => {
  it('profiles every file of a folder, whatever it is called, and leaves what is none', async () => {
    await using at = await place();
    for (const name of ODD) await writeFile(join(at.drop, name), 'n,m\n1,2\n');
    await writeFile(join(at.drop, 'broken.csv'), '');
    await writeFile(join(at.drop, 'half.csv.part'), 'n,m\n');
    await writeFile(join(at.drop, 'notes.txt'), 'n,m\n');
    const argv = ['watch', 'csv-intake', '--dir', 'uploads', '--once', '--json'];
    const end = await cli(argv, { cwd: at.path });
    expect(end).toMatchObject({ exitCode: 0 });
    // A file that is no table has a record that says so: its run has done all there was to do.
    expect(await recordsIn(at.path)).toEqual({
      ...Object.fromEntries(ODD.map((name) => [name, 'success'])),
      'broken.csv': 'error',
    });
    const told = lines<{ key: string; status: string }>(end.stdout);
    expect(told.map(({ key, status }) => `${key} ${status}`).toSorted()).toEqual(
      [...ODD, 'broken.csv'].map((name) => `uploads/${name} success`).toSorted(),
    );
    const reports = lines<{ key: string; rows: number; problems: { message: string }[] }>(
      end.stdout,
    );
    expect(reports.find(({ key }) => key === 'uploads/broken.csv')?.problems).toMatchObject([
      { message: 'CSV file is empty or has no data rows' },
    ]);
    expect(reports.find(({ key }) => key.endsWith('x.csv'))).toMatchObject({
      rows: 1,
      problems: [],
    });
    expect(end.stderr).toMatch(/uploads\/deep\/er\/x\.csv done in [\d.]+ m?s: 1 row\n/);
    expect(end.stderr).toContain('\n         uploads/broken.csv: CSV file is empty or has no data');
    const again = await cli(argv, { cwd: at.path });
    expect(again).toMatchObject({ exitCode: 0, stdout: '' });
  }, 20_000);
});

describe('argosy watch csv-intake --once as a user who may not read everything', () => {
  it('takes the rest, names what it could not take, and exits with 50', async () => {
    await using at = await place();
    await chmod(at.path, 0o777);
    await chmod(at.drop, 0o777);
    await writeFile(join(at.drop, 'good.csv'), 'n,m\n1,2\n');
    await writeFile(join(at.drop, 'shut.csv'), 'n,m\n1,2\n', { mode: 0o000 });
    await mkdir(join(at.drop, 'closed'), { mode: 0o000 });
    const end = await asNobody(() =>
      cli(['watch', 'csv-intake', '--dir', 'uploads', '--once'], { cwd: at.path }),
    );
    expect(end.stderr).toContain('uploads/good.csv done in');
    expect(end.stderr).toContain('shut.csv is left to the next sweep: ');
    expect(end.stderr).toContain('closed/ may not be read');
    expect(end.exitCode).toBe(50);
    expect(await recordsIn(at.path)).toEqual({ 'good.csv': 'success' });
  }, 20_000);

  it('hears of files that are dropped beside a folder that it may not read', async () => {
    await using at = await place();
    await chmod(at.path, 0o777);
    await chmod(at.drop, 0o777);
    await mkdir(join(at.drop, 'closed'), { mode: 0o000 });
    let isDropped = false;
    const onText = (text: string): void => {
      if (isDropped || !text.includes(' listening')) return;
      isDropped = true;
      void writeFile(join(at.drop, 'late.csv'), 'n,m\n1,2\n');
    };
    const end = await asNobody(() =>
      cli(['watch', 'csv-intake', '--dir', 'uploads', '--sweep-every', '10m'], {
        cwd: at.path,
        onText,
        interrupt: { signal: 'SIGINT', when: 'late.csv done in ' },
      }),
    );
    expect(end.exitCode).toBe(130);
    expect(await recordsIn(at.path)).toEqual({ 'late.csv': 'success' });
  }, 20_000);
});

describe('argosy watch csv-intake', () => {
  it('has one record for each file that is dropped, doubled or renamed, soon after the drop', async () => {
    await using at = await place();
    const droppedMs: number[] = [];
    let dropped = 0;
    const dropNext = async (): Promise<void> => {
      const name = `f${dropped}.csv`;
      dropped += 1;
      const part = join(at.drop, `${name}.part`);
      await writeFile(part, `n,m\n${dropped},2\n`);
      await rename(part, join(at.drop, name));
      droppedMs.push((await stat(join(at.drop, name))).ctimeMs);
      // The same file once more: a change of which the folder tells, and none of its bytes.
      await utimes(join(at.drop, name), new Date(), new Date());
    };
    const onText = (text: string): void => {
      const isNext = text.includes(' listening') || text.includes(' done in ');
      if (isNext && dropped < FILES) void dropNext();
    };
    const end = await cli(
      ['watch', 'csv-intake', '--dir', 'uploads', '--json', '--sweep-every', '10m'],
      { cwd: at.path, onText, interrupt: { signal: 'SIGINT', when: `f${FILES - 1}.csv done in ` } },
    );
    expect(end.exitCode).toBe(130);
    const names = Array.from({ length: FILES }, (_, name) => `f${name}.csv`);
    const told = lines<{ key: string; run_id: string }>(end.stdout);
    expect(told.map(({ key }) => key)).toEqual(names.map((name) => `uploads/${name}`));
    expect(new Set(told.map(({ run_id: run }) => run)).size).toBe(FILES);
    expect(await recordsIn(at.path)).toEqual(
      Object.fromEntries(names.map((name) => [name, 'success'])),
    );
    const tookMs = await Promise.all(
      names.map(async (name, number) => {
        const record = await stat(join(at.path, BUCKET, `_records/files/${name}.json`));
        return record.mtimeMs - (droppedMs[number] ?? 0);
      }),
    );
    const median = tookMs.toSorted((a, b) => a - b)[Math.floor(FILES / 2)] ?? Infinity;
    // 300 ms is what is aimed at, on a machine of its own.
    expect(median).toBeLessThan(1_000);
  }, 30_000);
});

describe('argosy setup csv-intake', () => {
  it('makes its bucket, once', async () => {
    await using at = await place();
    const first = await cli(['setup', 'csv-intake'], { cwd: at.path });
    expect(first.stdout).toMatch(/argosy-csv-intake created\n$/);
    expect((await stat(join(at.path, BUCKET))).isDirectory()).toBe(true);
    const second = await cli(['setup', 'csv-intake'], { cwd: at.path });
    expect(second.stdout).toMatch(/argosy-csv-intake is there\n$/);
  });
});
