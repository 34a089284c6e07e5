import { writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mirrorSource } from '../../services/adapters/source/mirror.ts';
import type { SourceReply } from '../../services/ports/source.ts';
import { tempFolder } from '../support/temp-folder.ts';

const SIZE = { sizeBytesMax: 1000 };

async function mirror(files: Record<string, string>) {
  const folder = await tempFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder.path, name, '..'), { recursive: true });
    await writeFile(join(folder.path, name), text);
  }
  const source = await mirrorSource({ url: 'file:.', cwd: folder.path });
  return { folder, source, url: (path: string) => `file://${folder.path}/${path}` };
}

function textOf(reply: SourceReply): string {
  return reply.status === 'fresh' ? Buffer.from(reply.bytes).toString() : reply.status;
}

it("a folder's own address gives its only page, and tells where the page is", async () => {
  const { folder, source, url } = await mirror({ 'page.html': '<p>', 'a.zip': 'zip' });
  await using _ = folder;
  const reply = await source.fetch({ url: 'file:.', ...SIZE });
  expect(textOf(reply)).toBe('<p>');
  expect(reply).toMatchObject({ url: url('page.html') });
});

it('index.html wins over other pages; without it several pages are refused by number', async () => {
  const named = await mirror({ 'index.html': 'index', 'other.html': 'other' });
  await using one = named.folder;
  expect(one.path).toBeTruthy();
  expect(textOf(await named.source.fetch({ url: 'file:.', ...SIZE }))).toBe('index');
  const several = await mirror({ 'one.html': '1', 'two.html': '2' });
  await using other = several.folder;
  expect(other.path).toBeTruthy();
  await expect(several.source.fetch({ url: 'file:.', ...SIZE })).rejects.toMatchObject({
    kind: 'config-invalid',
    message: expect.stringContaining('2 .html pages'),
  });
});

it('a folder without a page is not-found and says what to copy', async () => {
  const { folder, source } = await mirror({ 'a.zip': 'zip' });
  await using _ = folder;
  await expect(source.fetch({ url: 'file:.', ...SIZE })).rejects.toMatchObject({
    kind: 'not-found',
  });
});

it("a link from the site's root means the folder, and never what lies outside of it", async () => {
  const { folder, source } = await mirror({ 'page.html': '', 'ftp/a.zip': 'zip' });
  await using _ = folder;
  expect(textOf(await source.fetch({ url: 'file:///ftp/a.zip', ...SIZE }))).toBe('zip');
  await expect(source.fetch({ url: 'file:///etc/passwd', ...SIZE })).rejects.toMatchObject({
    kind: 'not-found',
  });
});

it.each(['file://cdn.test/b.zip', 'file:///ftp/x%2Fb.zip'])(
  'the link %s, which is no file here, is config-invalid',
  async (link) => {
    const { folder, source } = await mirror({ 'page.html': '' });
    await using _ = folder;
    await expect(source.fetch({ url: link, ...SIZE })).rejects.toMatchObject({
      kind: 'config-invalid',
      message: expect.stringContaining(link),
    });
  },
);

it('a mirror whose address names a host is config-invalid with the right form', async () => {
  await expect(mirrorSource({ url: 'file://mirror/', cwd: '/' })).rejects.toMatchObject({
    kind: 'config-invalid',
    hint: expect.stringContaining('file:///'),
  });
});
