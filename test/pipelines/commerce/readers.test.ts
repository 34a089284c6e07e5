import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { makeCommit, type Part } from '../../../services/core/manifest.ts';
import { commitSet, newestSet } from '../../../services/pipelines/commerce/set/commit-set.ts';
import { keepPart } from '../../../services/pipelines/commerce/set/part-file.ts';
import { writeFile } from 'node:fs/promises';
import { START } from '../../support/pipeline.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commerce-readers-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const TABLES = ['transactions', 'products', 'clickstream', 'reviews', 'daily_summary'] as const;
const signal = new AbortController().signal;

describe('a reader', () => {
  it('never sees a mix of two sets while a hundred are published', async () => {
    const store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
    const done = new AbortController();
    const publishing = (async () => {
      for (let version = 1; version <= 100; version += 1) {
        const parts: Part[] = [];
        for (const table of TABLES) {
          const path = join(folder, `${table}-${version}`);
          await writeFile(path, `${table} of ${version}`);
          const fresh = {
            keyPattern: `curated/${table}/part-{hash}.parquet`,
            path,
            rows: version,
            attributes: { table },
          };
          parts.push((await keepPart({ store, scratch: folder, signal }, fresh)).part);
        }
        const base = await newestSet(store, 'curated');
        await commitSet(store, { dataset: 'curated', attributes: {}, parts, base, signal });
      }
      done.abort();
    })();
    let looks = 0;
    const seen = new Set<string>();
    while (!done.signal.aborted) {
      const set = await newestSet(store, 'curated');
      const texts = await Promise.all(
        (set?.parts ?? []).map(async ({ key }) =>
          Buffer.from((await store.get(key)) ?? '').toString(),
        ),
      );
      const versions = new Set(texts.map((text) => text.split(' of ')[1]));
      expect(versions.size).toBeLessThanOrEqual(1);
      for (const version of versions) seen.add(version ?? '');
      looks += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await publishing;
    expect(looks).toBeGreaterThan(10);
    expect(seen.size).toBeGreaterThan(5);
  });

  it('is left the first of two writers that began at the same set', async () => {
    const store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
    const request = { dataset: 'curated', parts: [], base: null, signal };
    const first = await commitSet(store, { ...request, attributes: { by: 'one' } });
    const second = commitSet(store, { ...request, attributes: { by: 'two' } });
    await expect(second).rejects.toMatchObject({ kind: 'conflict' });
    expect(await newestSet(store, 'curated')).toEqual(first.commit);
    expect(first.commit.digest).toBe(makeCommit(first.commit).digest);
  });
});
