import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderEvents } from '../../services/adapters/bucket-events/folder.ts';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { bucketEventsContract, listenTo } from '../contract/bucket-events.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/watch-bench.ts';

const bucket = 'drops';
const clock = systemClock();

bucketEventsContract('a folder', async () => {
  const folder = await tempFolder();
  const store = filesystemStore({ folder: folder.path, bucket });
  return {
    events: folderEvents({ root: join(folder.path, bucket), clock }),
    bucket,
    put: async (key, bytes) => void (await store.put(key, bytes)),
    close: () => folder.remove(),
  };
});

describe('a folder that is watched', () => {
  it('is made when it is not there', async () => {
    await using folder = await tempFolder();
    const events = folderEvents({ root: join(folder.path, 'new'), clock });
    const listener = await listenTo({ events, bucket }, 'uploads/');
    await writeFile(join(folder.path, 'new/uploads/a.csv'), '1');
    await waitFor(() => listener.keys().includes('uploads/a.csv'));
    await listener.stop();
    expect(listener.news[0]).toEqual({ type: 'listening' });
  });

  it('tells of files in folders that were moved in with them', async () => {
    await using folder = await tempFolder();
    await mkdir(join(folder.path, 'outside/x/y'), { recursive: true });
    await writeFile(join(folder.path, 'outside/x/y/a.csv'), '1');
    const listener = await listenTo(
      { events: folderEvents({ root: join(folder.path, 'in'), clock }), bucket },
      'uploads/',
    );
    await rename(join(folder.path, 'outside/x'), join(folder.path, 'in/uploads/x'));
    await waitFor(() => listener.keys().includes('uploads/x/y/a.csv'));
    await writeFile(join(folder.path, 'in/uploads/x/y/b.csv'), '1');
    await waitFor(() => listener.keys().includes('uploads/x/y/b.csv'));
    await listener.stop();
    expect(new Set(listener.keys())).toEqual(new Set(['uploads/x/y/a.csv', 'uploads/x/y/b.csv']));
  });

  it('that is removed and comes back is watched again', async () => {
    await using folder = await tempFolder();
    const listener = await listenTo(
      { events: folderEvents({ root: folder.path, clock }), bucket },
      'uploads/',
    );
    await rm(join(folder.path, 'uploads'), { recursive: true });
    const count = () => listener.news.filter(({ type }) => type === 'listening').length;
    await waitFor(() => count() === 2);
    await writeFile(join(folder.path, 'uploads/a.csv'), '1');
    await waitFor(() => listener.keys().includes('uploads/a.csv'));
    await listener.stop();
    expect(new Set(listener.keys())).toEqual(new Set(['uploads/a.csv']));
  });

  it('that is a file is refused, and says so', async () => {
    await using folder = await tempFolder();
    await writeFile(join(folder.path, 'uploads'), 'no folder');
    const events = folderEvents({ root: folder.path, clock });
    await expect(listenTo({ events, bucket }, 'uploads/')).rejects.toMatchObject({
      kind: 'unsupported',
      message: expect.stringContaining('cannot be watched'),
    });
  });
});
