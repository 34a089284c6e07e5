import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { PipelineError } from '../../../services/core/error.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import type { SiteFile } from '../../../services/stages/observe/site/context.ts';
import { writeSite } from '../../../services/stages/observe/site/write-site.ts';
import { utf8 } from '../../support/bytes.ts';

const { signal } = new AbortController();
const page = (path: string, text = path): SiteFile => ({ path, text });
const OLD = [page('datasets/a.html', 'old a'), page('datasets/b.html'), page('index.html', 'old')];
const NEW = [page('datasets/a.html', 'new a'), page('datasets/c.html'), page('index.html', 'new')];

let store: ObjectStore;

beforeEach(() => {
  store = memoryStore({ bucket: 'b', clock: manualClock(new Date('2026-01-31')) });
});

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list('')) found.push(key);
  return found;
}

async function textOf(key: string): Promise<string> {
  return Buffer.from((await store.get(key)) ?? []).toString();
}

/** The store as one that dies at a call: every call from then on fails. */
function dyingAt(call: number): ObjectStore {
  let calls = 0;
  const count = (): void => {
    calls += 1;
    if (calls >= call) throw new PipelineError('unavailable', 'the machine is gone');
  };
  return {
    ...store,
    put: async (key, body, options) => (count(), store.put(key, body, options)),
    delete: async (key, options) => (count(), store.delete(key, options)),
  };
}

describe('writing a site', () => {
  it('writes the pages, the list of them, and removes what the site does not have any more', async () => {
    await writeSite(OLD, { store, prefix: 'docs', signal });
    const written = await writeSite(NEW, { store, prefix: 'docs', signal });
    expect(written).toMatchObject({ files: 3, removed: 1 });
    expect(await keys()).toEqual([
      'docs/datasets/a.html',
      'docs/datasets/c.html',
      'docs/index.html',
      'docs/site.json',
    ]);
    expect(await textOf('docs/index.html')).toBe('new');
  });

  it('replaces the first page after all that it leads to, and removes after that', async () => {
    await writeSite(OLD, { store, prefix: '', signal });
    const order: string[] = [];
    const told: ObjectStore = {
      ...store,
      put: async (key, body, options) => (order.push(`put ${key}`), store.put(key, body, options)),
      delete: async (key, options) => (order.push(`delete ${key}`), store.delete(key, options)),
    };
    await writeSite(NEW, { store: told, prefix: '', signal });
    const pages = order.filter((one) => one.endsWith('.html'));
    expect(pages).toEqual([
      'put datasets/a.html',
      'put datasets/c.html',
      'put index.html',
      'delete datasets/b.html',
    ]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'killed at write %i leaves a first page that leads nowhere wrong, and is made good by the next call',
    async (call) => {
      await writeSite(OLD, { store, prefix: '', signal });
      await expect(
        writeSite(NEW, { store: dyingAt(call), prefix: '', signal }),
      ).rejects.toMatchObject({ kind: 'unavailable' });
      const wanted = (await textOf('index.html')) === 'new' ? NEW : OLD;
      expect(await keys()).toEqual(expect.arrayContaining(wanted.map(({ path }) => path)));
      await writeSite(NEW, { store, prefix: '', signal });
      expect(await keys()).toEqual([
        'datasets/a.html',
        'datasets/c.html',
        'index.html',
        'site.json',
      ]);
    },
  );

  it('touches nothing where something lies that is no site', async () => {
    await store.put('docs/mine.txt', utf8('mine'));
    await expect(writeSite(NEW, { store, prefix: 'docs', signal })).rejects.toMatchObject({
      kind: 'config-invalid',
      message: 'mem://b/docs is not empty and holds no site: docs/mine.txt',
    });
    await store.put('site/site.json', utf8('{"files": "all"}'));
    await expect(writeSite(NEW, { store, prefix: 'site', signal })).rejects.toMatchObject({
      kind: 'config-invalid',
    });
    expect(await keys()).toEqual(['docs/mine.txt', 'site/site.json']);
  });

  it('never removes a file that it has not written', async () => {
    await writeSite(OLD, { store, prefix: '', signal });
    await store.put('datasets/mine.html', utf8('mine'));
    await writeSite(NEW, { store, prefix: '', signal });
    expect(await textOf('datasets/mine.html')).toBe('mine');
  });
});
