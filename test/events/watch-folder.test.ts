import { setMaxListeners } from 'node:events';
import { appendFile, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderEvents } from '../../services/adapters/bucket-events/folder.ts';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { filesystemStore, folderStore } from '../../services/adapters/object-store/filesystem.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { PipelineError } from '../../services/core/error.ts';
import { type LandingOptions, openLanding } from '../../services/events/landing.ts';
import type { WatchOptions } from '../../services/events/watch.ts';
import type { Clock } from '../../services/ports/clock.ts';
import type { ObjectInfo, ObjectStore } from '../../services/ports/object-store.ts';
import { textOf } from '../support/bytes.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { BUCKET, CSV_ARRIVALS, type WatchBench, watchBench } from '../support/watch-bench.ts';

const clock = systemClock();
const QUIET_MS = 50;

/** A folder store that is watched, with a second folder to drop files in. */
async function folderBench() {
  const folder = await tempFolder();
  const root = join(folder.path, 'store', BUCKET);
  const dropPath = join(folder.path, 'my drop');
  await mkdir(join(root, 'uploads'), { recursive: true });
  await mkdir(dropPath);
  const store = filesystemStore({ folder: join(folder.path, 'store'), bucket: BUCKET });
  const bench = watchBench(store);
  const options: Partial<WatchOptions> = {
    events: folderEvents({ root, clock }),
    quietMs: QUIET_MS,
  };
  const dropOptions = (change: Partial<LandingOptions> = {}): Partial<WatchOptions> => ({
    events: folderEvents({ root: dropPath, clock }),
    quietMs: QUIET_MS,
    landing: openLanding({
      rule: CSV_ARRIVALS,
      pipeline: BUCKET,
      drop: folderStore(dropPath),
      store,
      records: objectRecords(store),
      clock,
      signal: new AbortController().signal,
      quietMs: QUIET_MS,
      scratch: folder.path,
      onTrouble: (key, error) => {
        throw new Error(key, { cause: error });
      },
      ...change,
    }),
  });
  return {
    ...folder,
    [Symbol.asyncDispose]: () => folder.remove(),
    root,
    dropPath,
    store,
    bench,
    options,
    dropOptions,
  };
}

/** A clock on which waits are over a hundred times sooner. */
const fast: Clock = { ...clock, sleep: (ms, signal) => clock.sleep(ms / 100, signal) };

/** The store with files named `grows…` that are never twice the same. */
function growing(store: ObjectStore): ObjectStore {
  let version = 0;
  const grown = (info: ObjectInfo): ObjectInfo =>
    info.key.startsWith('grows')
      ? { ...info, etag: `v${version++}`, lastModified: clock.now() }
      : info;
  return {
    ...store,
    head: async (key) => {
      const info = await store.head(key);
      return info && grown(info);
    },
    async *list(prefix) {
      for await (const info of store.list(prefix)) yield grown(info);
    },
  };
}

/** True once the watcher hears of changes; then, once, does the deed. */
function whenListening(
  bench: WatchBench,
  deed: () => Promise<void>,
  until: () => boolean | Promise<boolean>,
) {
  let isDone = false;
  return async () => {
    const isListening = bench.told.filter(({ type }) => type === 'swept').length >= 2;
    if (isListening && !isDone) {
      isDone = true;
      await deed();
    }
    return isDone && (await until());
  };
}

describe('a folder in which files are written', () => {
  it('has each run once it is whole, not while it grows', async () => {
    await using at = await folderBench();
    const path = join(at.root, 'uploads/slow.csv');
    const sizes: number[] = [];
    const run: WatchOptions['run'] = async ([arrival]) => {
      sizes.push(arrival?.sizeBytes ?? 0);
      return { runName: 'r', error: null };
    };
    const write = async () => {
      for (let part = 0; part < 20; part++) {
        await appendFile(path, 'x'.repeat(10));
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    };
    await at.bench.watch(
      { ...at.options, quietMs: 300, run },
      whenListening(at.bench, write, () => sizes.length > 0),
    );
    expect(sizes).toEqual([200]);
  });

  it('has a file that was renamed into it run, and one still under its temporary name not', async () => {
    await using at = await folderBench();
    const temporary = join(at.root, 'uploads/a.csv.part');
    await writeFile(temporary, 'half');
    const finish = () => rename(temporary, join(at.root, 'uploads/a.csv'));
    await at.bench.watch(
      at.options,
      whenListening(at.bench, finish, () => at.bench.ran.length > 0),
    );
    expect(at.bench.ran).toEqual(['uploads/a.csv']);
  });

  it('has 100 files that are dropped at once run, without a warning of the runtime', async () => {
    await using at = await folderBench();
    const warnings: string[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning.message);
    process.on('warning', onWarning);
    const drop = async () => {
      const names = Array.from({ length: 100 }, (_, name) => join(at.root, `uploads/${name}.csv`));
      await Promise.all(names.map((name) => writeFile(name, 'a,b\n1,2\n')));
    };
    const until = whenListening(at.bench, drop, () => at.bench.ran.length === 100);
    await at.bench.watch(at.options, until);
    process.off('warning', onWarning);
    expect(new Set(at.bench.ran).size).toBe(100);
    expect(warnings).toEqual([]);
  });

  it('has a run begin within 300 ms of a file that is dropped (median of 9)', async () => {
    await using at = await folderBench();
    const tookMs: number[] = [];
    let droppedAt = 0;
    const drop = async () => {
      droppedAt = performance.now();
      await writeFile(join(at.root, `uploads/${tookMs.length}.csv`), 'a,b\n1,2\n');
    };
    const run: WatchOptions['run'] = async () => {
      tookMs.push(performance.now() - droppedAt);
      return { runName: 'r', error: null };
    };
    let dropped = 0;
    await at.bench.watch({ ...at.options, quietMs: 60, run }, async () => {
      const isListening = at.bench.told.filter(({ type }) => type === 'swept').length >= 2;
      if (isListening && dropped === tookMs.length && dropped < 9) {
        dropped++;
        await drop();
      }
      return tookMs.length === 9;
    });
    const median = tookMs.toSorted((a, b) => a - b)[4] ?? Infinity;
    expect(median).toBeLessThan(300);
  });
});

describe('files dropped in a folder outside the store', () => {
  it('land below the prefix under their names, and have their runs', async () => {
    await using at = await folderBench();
    await writeFile(join(at.dropPath, 'early.csv'), 'early');
    const drop = async () => {
      await mkdir(join(at.dropPath, 'deep'));
      await writeFile(join(at.dropPath, 'deep/a b+c é.csv'), 'late');
      await writeFile(join(at.dropPath, 'note.txt'), 'no arrival');
    };
    await at.bench.watch(
      at.dropOptions(),
      whenListening(at.bench, drop, () => at.bench.ran.length === 2),
    );
    expect(at.bench.ran.toSorted()).toEqual(['uploads/deep/a b+c é.csv', 'uploads/early.csv']);
    expect(textOf(await at.store.get('uploads/deep/a b+c é.csv'))).toBe('late');
    expect(await at.store.head('uploads/note.txt')).toBeNull();
  });

  it('stay what they were in the store when they are changed later, until they have landed again', async () => {
    await using at = await folderBench();
    await writeFile(join(at.dropPath, 'a.csv'), 'one');
    await at.bench.watch(at.dropOptions());
    await appendFile(join(at.dropPath, 'a.csv'), ' two');
    expect(textOf(await at.store.get('uploads/a.csv'))).toBe('one');
    await at.bench.watch(at.dropOptions());
    expect(textOf(await at.store.get('uploads/a.csv'))).toBe('one two');
    expect(at.bench.ran).toHaveLength(2);
  });

  it('land once, also when the record of that is lost', async () => {
    await using at = await folderBench();
    await writeFile(join(at.dropPath, 'a.csv'), 'one');
    await at.bench.watch(at.dropOptions());
    const before = await at.store.head('uploads/a.csv');
    for await (const { key } of at.store.list(`_records/arrivals/${BUCKET}/landed/`)) {
      await at.store.delete(key);
    }
    await at.bench.watch(at.dropOptions());
    expect(await at.store.head('uploads/a.csv')).toEqual(before);
    expect(at.bench.ran).toHaveLength(1);
  });

  it('larger than memory should hold go by way of scratch, byte for byte', async () => {
    await using at = await folderBench();
    const bytes = Buffer.alloc(9 * 2 ** 20, 'abcdefg');
    await writeFile(join(at.dropPath, 'big.csv'), bytes);
    await at.bench.watch(at.dropOptions());
    expect(Buffer.compare(bytes, (await at.store.get('uploads/big.csv')) ?? new Uint8Array())).toBe(
      0,
    );
  });

  it('have their runs under whatever name, also when the first watcher was killed', async () => {
    await using at = await folderBench();
    await writeFile(join(at.dropPath, 'own-1.csv'), 'text');
    const rule = { ...CSV_ARRIVALS, isOurs: (key: string) => key.startsWith('uploads/own-') };
    const error = new PipelineError('interrupted', 'killed');
    const killed: WatchOptions['run'] = async () => ({ runName: 'r', error });
    await at.bench.watch({ ...at.dropOptions({ rule }), rule, run: killed });
    expect(await at.bench.acceptedCount()).toBe(1);
    await at.bench.watch({ ...at.dropOptions({ rule }), rule });
    expect(at.bench.ran).toEqual(['uploads/own-1.csv']);
  });

  it('and never done being written are left to later, and the others are not', async () => {
    await using at = await folderBench();
    for (const name of ['grows.csv', 'a.csv']) await writeFile(join(at.dropPath, name), 'text');
    const troubles: string[] = [];
    const drop = growing(folderStore(at.dropPath));
    const onTrouble: LandingOptions['onTrouble'] = (key, { kind }) =>
      void troubles.push(`${key} ${kind}`);
    await at.bench.watch(at.dropOptions({ drop, clock: fast, onTrouble }));
    expect(at.bench.ran).toEqual(['uploads/a.csv']);
    expect(troubles).toEqual(['grows.csv conflict']);
  });

  it('are heard of and landed while 100 others grow', async () => {
    await using at = await folderBench();
    for (let file = 0; file < 100; file++) {
      await writeFile(join(at.dropPath, `grows-${file}.csv`), 'text');
    }
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const drop = growing(folderStore(at.dropPath));
    const until = whenListening(
      at.bench,
      () => writeFile(join(at.dropPath, 'late.csv'), 'late'),
      () => at.bench.ran.length > 0,
    );
    const onTrouble = () => undefined;
    const { signal } = stop;
    await at.bench.watch(at.dropOptions({ drop, signal, clock: fast, onTrouble }), async () => {
      const isOver = await until();
      if (isOver) stop.abort();
      return isOver;
    });
    expect(at.bench.ran).toEqual(['uploads/late.csv']);
  });

  it('and unchanged since are not asked for again by a sweep', async () => {
    await using at = await folderBench();
    for (let file = 0; file < 5; file++) await writeFile(join(at.dropPath, `${file}.csv`), 'text');
    const calls: string[] = [];
    const records = objectRecords(at.store);
    const counted = {
      store: {
        ...at.store,
        head: (key: string) => {
          calls.push(key);
          return at.store.head(key);
        },
      },
      records: {
        ...records,
        get: <T>(collection: string, id: string) => {
          calls.push(collection);
          return records.get<T>(collection, id);
        },
      },
    };
    const options = at.dropOptions(counted);
    await at.bench.watch(options);
    expect(calls).toHaveLength(10);
    await at.bench.watch(options);
    expect(calls).toHaveLength(10);
    await at.store.delete('uploads/3.csv');
    await at.bench.watch(options);
    expect(textOf(await at.store.get('uploads/3.csv'))).toBe('text');
  });

  it('leave no rejection behind when a comparison is stopped', async () => {
    await using at = await folderBench();
    await writeFile(join(at.dropPath, 'a.csv'), 'text');
    await at.store.put('uploads/a.csv', Buffer.from('same'));
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    const stopped = () => new PipelineError('interrupted', 'stopped');
    const folder = folderStore(at.dropPath);
    const drop: ObjectStore = {
      ...folder,
      open: async () =>
        (async function* () {
          yield* [];
          throw stopped();
        })() as never,
    };
    const store: ObjectStore = {
      ...at.store,
      open: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        throw stopped();
      },
    };
    await at.bench.watch(at.dropOptions({ drop, store }));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', onUnhandled);
    expect(unhandled).toEqual([]);
  });
});
