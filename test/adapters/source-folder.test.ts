import { mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { folderSource } from '../../services/adapters/source/folder.ts';
import type { Source } from '../../services/ports/source.ts';
import { sourceContract } from '../contract/source.ts';
import { textOf } from '../support/bytes.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

sourceContract('the folder source', async (files) => {
  const folder = await tempFolder();
  for (const [name, bytes] of files) {
    const path = join(folder.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
  return {
    source: folderSource({ folder: folder.path }),
    urlOf: (name) => pathToFileURL(join(folder.path, name)).href,
    close: () => folder.remove(),
  };
});

describe('the folder source', () => {
  let outer: TempFolder;
  let source: Source;
  const fetchUrl = (url: string) => source.fetch({ url, sizeBytesMax: 1000 });

  beforeAll(async () => {
    outer = await tempFolder();
    await mkdir(join(outer.path, 'in', 'sub'), { recursive: true });
    await mkdir(join(outer.path, 'in-2'));
    await writeFile(join(outer.path, 'in', 'page.html'), 'page');
    await writeFile(join(outer.path, 'secret.txt'), 'secret');
    await writeFile(join(outer.path, 'in-2', 'other.txt'), 'other');
    await symlink(join(outer.path, 'secret.txt'), join(outer.path, 'in', 'link.txt'));
    await symlink(outer.path, join(outer.path, 'in', 'up'));
    await symlink(join(outer.path, 'in', 'page.html'), join(outer.path, 'in', 'alias.html'));
    await symlink('loop', join(outer.path, 'in', 'loop'));
    source = folderSource({ folder: join(outer.path, 'in') });
  });
  afterAll(() => outer.remove());

  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2Fsecret.txt',
    '/sub/../../secret.txt',
    '/link.txt',
    '/up/secret.txt',
    '/up/in-2/other.txt',
    '/../in-2/other.txt',
    '/page.html%00.csv',
    '/loop',
  ])('%s does not lead out of the folder', async (path) => {
    const url = pathToFileURL(join(outer.path, 'in')).href + path;
    await expect(fetchUrl(url)).rejects.toMatchObject({ kind: 'config-invalid' });
  });

  it.each(['file:///etc/passwd', 'file://otherhost/etc/passwd', 'file:/etc/hostname'])(
    '%s is refused',
    async (url) => {
      await expect(fetchUrl(url)).rejects.toMatchObject({ kind: 'config-invalid' });
    },
  );

  it('says nothing of whether a file outside is there', async () => {
    const base = pathToFileURL(outer.path).href;
    const messages = await Promise.all(
      ['secret.txt', 'none.txt'].map((name) =>
        fetchUrl(`${base}/${name}`).catch((error: Error) => error.message.replace(name, 'x')),
      ),
    );
    expect(messages[0]).toBe(messages[1]);
  });

  it('follows a link that stays inside', async () => {
    const url = pathToFileURL(join(outer.path, 'in', 'alias.html')).href;
    const reply = await fetchUrl(url);
    expect(reply.status === 'fresh' && textOf(reply.bytes)).toBe('page');
  });

  it('a folder is no file', async () => {
    const url = pathToFileURL(join(outer.path, 'in', 'sub')).href;
    await expect(fetchUrl(url)).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('takes relative links of its own pages, query and all', async () => {
    const page = pathToFileURL(join(outer.path, 'in', 'sub', 'page.html')).href;
    const reply = await fetchUrl(new URL('../page.html?x=1#top', page).href);
    expect(reply.status === 'fresh' && textOf(reply.bytes)).toBe('page');
  });

  it('a file that was changed has another tag', async () => {
    const path = join(outer.path, 'in', 'changing.txt');
    await writeFile(path, 'aaaa');
    const url = pathToFileURL(path).href;
    const first = await fetchUrl(url);
    await writeFile(path, 'bbbb');
    await utimes(path, 1, 2);
    const etag = (first.status === 'fresh' && first.etag) || 'none';
    const second = await source.fetch({ url, etag, sizeBytesMax: 1000 });
    expect(second.status === 'fresh' && textOf(second.bytes)).toBe('bbbb');
  });
});
