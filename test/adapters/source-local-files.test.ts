import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localFiles } from '../../services/adapters/source/local-files.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;
beforeEach(async () => {
  folder = await tempFolder();
  await writeFile(`${folder.path}/b.csv`, 'bb');
  await writeFile(`${folder.path}/a b.csv`, 'a');
  await writeFile(`${folder.path}/.hidden.csv`, 'x');
  await mkdir(`${folder.path}/below`);
  await writeFile(`${folder.path}/below/c.csv`, 'c');
});
afterEach(() => folder.remove());

const filesOf = (url: string, named = [url]) => localFiles({ named, cwd: folder.path })(url);

describe('the files of a file: address', () => {
  it('are those in the folder by name, none hidden and none below', async () => {
    const found = await filesOf(`file://${folder.path}/`);
    expect(found.map(({ url, sizeBytes }) => [url, sizeBytes])).toEqual([
      [`file://${folder.path}/a%20b.csv`, 1],
      [`file://${folder.path}/b.csv`, 2],
    ]);
    expect(found[0]?.path).toBe(`${folder.path}/a b.csv`);
  });

  it('are the file itself, named in full or from here', async () => {
    for (const url of [`file://${folder.path}/a%20b.csv`, 'file:a%20b.csv', 'file:./a%20b.csv']) {
      expect((await filesOf(url)).map(({ path }) => path)).toEqual([`${folder.path}/a b.csv`]);
    }
  });

  it('have another etag once they change', async () => {
    const [before] = await filesOf('file:b.csv');
    const [same] = await filesOf('file:b.csv');
    await utimes(`${folder.path}/b.csv`, 1, 1);
    const [after] = await filesOf('file:b.csv');
    expect(same?.etag).toBe(before?.etag);
    expect(after?.etag).not.toBe(before?.etag);
  });

  it('are found through a link within the folder, and none leads out of it', async () => {
    await symlink(`${folder.path}/b.csv`, `${folder.path}/link.csv`);
    expect((await filesOf('file:./')).map(({ path }) => path)).toEqual([
      `${folder.path}/a b.csv`,
      `${folder.path}/b.csv`,
      `${folder.path}/b.csv`,
    ]);
    await symlink(`${folder.path}/b.csv`, `${folder.path}/below/link.csv`);
    await expect(filesOf('file:below')).rejects.toMatchObject({ kind: 'config-invalid' });
    expect(await filesOf('file:below/link.csv')).toMatchObject([{ path: `${folder.path}/b.csv` }]);
  });

  it.each([
    ['file:none.csv', 'not-found'],
    ['file:b.csv/c', 'not-found'],
    ['file://host/b.csv', 'config-invalid'],
    ['file:///a%2Fb', 'config-invalid'],
    ['file:%zz', 'config-invalid'],
  ])('%s is %s', async (url, kind) => {
    await expect(filesOf(url)).rejects.toMatchObject({ kind });
  });

  it('are read for addresses that were named, and no others', async () => {
    await expect(filesOf('file:b.csv', ['file:below'])).rejects.toMatchObject({
      kind: 'config-invalid',
    });
  });
});
