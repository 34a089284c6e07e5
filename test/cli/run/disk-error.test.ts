import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diskError } from '../../../services/cli/run/disk-error.ts';
import { cli } from '../../support/cli.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const PLACE = { path: '/scratch', setting: 'ARGOSY_SCRATCH' };

it.each([
  ['ENOSPC', 'unavailable'],
  ['EIO', 'unavailable'],
  ['EMFILE', 'unavailable'],
  ['EACCES', 'config-invalid'],
  ['EROFS', 'config-invalid'],
  ['EISDIR', 'config-invalid'],
])('%s of the local disk is %s and names path and setting', (code, kind) => {
  expect(diskError(Object.assign(new Error(code), { code }), PLACE)).toMatchObject({
    kind,
    message: `/scratch (ARGOSY_SCRATCH) cannot be used: ${code}`,
  });
});

it('what is no error of the disk stays as it is', () => {
  const error = new TypeError('x');
  expect(diskError(error, PLACE)).toBe(error);
});

it('a scratch folder that is a file ends a run with 51 and the name of its setting', async () => {
  await using home = await tempFolder();
  const path = join(home.path, 'file');
  await writeFile(path, '');
  const end = await cli(['run', 'fama-french', '--sample'], {
    cwd: home.path,
    env: { ARGOSY_SCRATCH: path },
  });
  expect(end.exitCode).toBe(51);
  expect(end.stderr).toContain('(ARGOSY_SCRATCH) cannot be used');
});

it('a run goes on without its log file, and warns once', async () => {
  await using home = await tempFolder();
  await mkdir(join(home.path, '.argosy/sample'), { recursive: true });
  await writeFile(join(home.path, '.argosy/sample/logs'), '');
  const end = await cli(['run', 'fama-french', '--sample', '--dry-run'], { cwd: home.path });
  expect(end.exitCode).toBe(0);
  expect(end.stderr.match(/^warning: the log .* cannot be written/gm)).toHaveLength(1);
  expect(end.stdout).not.toContain('.log');
});
