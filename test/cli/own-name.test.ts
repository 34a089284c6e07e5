import { chmod, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownName } from '../../services/cli/own-name.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

describe('the name by which suggestions call argosy', () => {
  let folder: TempFolder;
  beforeAll(async () => {
    folder = await tempFolder();
    await writeFile(join(folder.path, 'argosy'), '#!/usr/local/bin/node\n');
    await chmod(join(folder.path, 'argosy'), 0o755);
  });
  afterAll(() => folder.remove());

  it('is argosy where that is on PATH, as in the image', () => {
    const PATH = ['', '/nowhere', folder.path].join(delimiter);
    expect(ownName({ PATH })).toBe('argosy');
  });

  it('is npx argosy within npm, which puts its own folders on PATH, and where there is no argosy', () => {
    expect(ownName({ PATH: folder.path, npm_command: 'exec' })).toBe('npx argosy');
    expect(ownName({ PATH: '/nowhere' })).toBe('npx argosy');
    expect(ownName({})).toBe('npx argosy');
  });
});
