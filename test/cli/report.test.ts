import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { cli } from '../support/cli.ts';
import { writeFinanceDay } from '../support/finance-day.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;
let work: TempFolder;

beforeAll(async () => {
  folder = await tempFolder();
  work = await tempFolder();
  const root = join(folder.path, '.argosy', 'store');
  const store = filesystemStore({ folder: root, bucket: 'argosy-finance' });
  await store.put('_here', Buffer.from(''));
  const place = { store, records: objectRecords(store) };
  await writeFinanceDay(place, { day: '2026-11-20', folder: work.path });
});

afterAll(async () => {
  await folder.remove();
  await work.remove();
});

const argosy = (...argv: string[]) => cli(argv, { cwd: folder.path });

async function files(): Promise<string[]> {
  return (await readdir(folder.path)).filter((name) => name !== '.argosy').toSorted();
}

it('writes one page beside its caller, says where, and replaces an older one', async () => {
  const path = join(folder.path, 'finance-report.html');
  await writeFile(path, 'an older page');
  const end = await argosy('report', 'finance');
  expect(end).toMatchObject({ exitCode: 0, stderr: '' });
  expect(end.stdout).toMatch(/^\/.*finance-report\.html: finance 2026-11-20, [\d.]+ kB\n$/);
  expect(await readFile(path, 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/);
  expect(await files()).toEqual(['finance-report.html']);
});

it('with - the page goes to stdout, and nothing else does', async () => {
  const before = await files();
  const { exitCode, stdout, stderr } = await argosy('report', 'finance', '--output', '-');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/);
  expect(await files()).toEqual(before);
});

it('with --json says where as JSON', async () => {
  const { stdout } = await argosy('report', 'finance', '--output', 'day.html', '--json');
  const path = join(folder.path, 'day.html');
  const sizeBytes = (await readFile(path)).length;
  expect(JSON.parse(stdout)).toEqual({ path, logicalDate: '2026-11-20', sizeBytes });
});

it.each([
  [['report', 'finance', '--logical-date', '2026-01-01'], 23, 'finance has not run for 2026-01-01'],
  [['report', 'finance', '--sample'], 23, 'finance has not run yet'],
  [['report', 'finance', '--logical-date', 'monday'], 51, '"monday" is not a day'],
  [['report', 'fama-french'], 51, 'pipeline fama-french has no report'],
  [['report', 'finanse'], 51, 'did you mean finance?'],
  [
    ['report', 'finance', '--output', 'not/there.html'],
    51,
    'not (--output) is not a folder that is there',
  ],
  [['report', 'finance', '--output', '.argosy'], 51, '.argosy (--output) is a folder'],
])('%j ends with %d: %s', async (argv, exitCode, message) => {
  const before = await files();
  const end = await argosy(...argv);
  expect(end).toMatchObject({ exitCode, stdout: '' });
  expect(end.stderr).toContain(message);
  expect(end.stderr).toContain('hint: ');
  expect(await files()).toEqual(before);
});
