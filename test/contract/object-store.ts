import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { compareKeys } from '../../services/core/key.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { collect, listOf, seededBytes, textOf, utf8 } from '../support/bytes.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/** A store under test, on an empty bucket. */
export interface Made {
  store: ObjectStore;
  /** A store on a bucket that was never made. */
  missing: ObjectStore;
  close?: () => Promise<void>;
}

/** What differs between stores without being a fault. */
export interface Traits {
  /** Listings of these sizes are tried. */
  listingSizes: readonly number[];
  /** A segment between slashes may be as long as the whole key. */
  takesLongSegments: boolean;
  /** A bucket that is not there is made by the first write; else every call throws `config-invalid`. */
  makesBuckets: boolean;
  /** The longest key in bytes; 1,024 unless a prefix is put in front. */
  keyBytesMax?: number;
  /** How many writes go on at once while a listing is prepared. */
  writersMax?: number;
}

/** Keys that trip stores up: every one must come back as it was given. */
export const ODD_KEYS = [
  'space in name.csv',
  'plus+sign.csv',
  'percent%.csv',
  'percent%20twenty.csv',
  'percent%2Fslash.csv',
  'percent%~mark.csv',
  'é-accent.csv',
  'e\u0301-two-code-points.csv',
  'new\nline.csv',
  'tab\tin.csv',
  'emoji-🚢.csv',
  'private-\uE000.csv',
  'quote\'"<>&.csv',
  '.hidden/.file',
  '.tmp/x.csv',
  '...three/dots...',
  'a=1/b=2/part-0.parquet',
  'hash#query?.csv',
  'star*colon:pipe|.csv',
  ' leading-and-trailing ',
  '~tilde',
  '日本語/キー.csv',
] as const;

/** Every sentence of the object-store port, as a test. `make` opens an empty bucket. */
export function objectStoreContract(name: string, make: () => Promise<Made>, traits: Traits): void {
  describe(`${name} keeps the object-store contract`, () => {
    let made: Made;
    let store: ObjectStore;
    let scratch: TempFolder;

    beforeAll(async () => {
      made = await make();
      store = made.store;
      scratch = await tempFolder();
    }, 60_000);

    afterAll(async () => {
      await made.close?.();
      await scratch.remove();
    });

    it('an empty bucket lists nothing', async () => {
      expect(await listOf(store.list(''))).toEqual([]);
    });

    it('what is put is got, with its size and tag', async () => {
      const info = await store.put('put/one.txt', utf8('first'));
      expect(textOf(await store.get('put/one.txt'))).toBe('first');
      expect(info).toMatchObject({ key: 'put/one.txt', sizeBytes: 5 });
      expect(info.etag).not.toMatch(/^$|"/);
      expect(info.lastModified.getTime()).toBeGreaterThan(0);
    });

    it('head tells what put and list tell', async () => {
      const info = await store.put('head/one.txt', utf8('head me'));
      const head = await store.head('head/one.txt');
      const [listed] = await listOf(store.list('head/'));
      expect(head).toMatchObject({ key: 'head/one.txt', sizeBytes: 7, etag: info.etag });
      expect(listed).toMatchObject({ key: 'head/one.txt', sizeBytes: 7, etag: info.etag });
    });

    it('a second put replaces the first, and the tag changes with the bytes', async () => {
      const tags = new Set<string>();
      for (const text of ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee', 'ffff']) {
        tags.add((await store.put('replace.txt', utf8(text))).etag);
        expect(textOf(await store.get('replace.txt'))).toBe(text);
      }
      expect(tags.size).toBe(6);
    });

    it('an empty object is an object', async () => {
      await store.put('empty.bin', new Uint8Array());
      expect(await store.get('empty.bin')).toEqual(new Uint8Array());
      expect(await collect(await store.open('empty.bin'))).toEqual(new Uint8Array());
      expect((await store.head('empty.bin'))?.sizeBytes).toBe(0);
    });

    it('what is not there is null, or not-found where it must be', async () => {
      expect(await store.get('no/such')).toBeNull();
      expect(await store.head('no/such')).toBeNull();
      expect(await store.localPath('no/such')).toBeNull();
      expect(await listOf(store.list('no/'))).toEqual([]);
      await expect(readAll(store, 'no/such')).rejects.toMatchObject({ kind: 'not-found' });
    });

    it('deleting removes, and deleting what is not there is no error', async () => {
      await store.put('delete/me.txt', utf8('x'));
      await store.delete('delete/me.txt');
      await store.delete('delete/me.txt');
      expect(await store.get('delete/me.txt')).toBeNull();
      expect(await listOf(store.list('delete/'))).toEqual([]);
    });

    it('a name is free for an object once the objects below it are gone', async () => {
      await store.put('reuse/below/deep.txt', utf8('x'));
      await store.delete('reuse/below/deep.txt');
      await store.put('reuse', utf8('y'));
      expect(textOf(await store.get('reuse'))).toBe('y');
      await store.delete('reuse');
    });

    it('an object and one below its name both work, or the second is refused by name', async () => {
      for (const [first, second] of [
        ['both-a', 'both-a/b'],
        ['both-c/d', 'both-c'],
      ] as const) {
        await store.put(first, utf8('first'));
        for (const method of ['put', 'putIfAbsent'] as const) {
          const outcome = await settle(() => store[method](second, utf8('second'))).then(
            async () => textOf(await store.get(second)),
            (error: { kind?: string }) => error.kind,
          );
          expect(['second', 'unsupported']).toContain(outcome);
          expect(textOf(await store.get(first))).toBe('first');
        }
        await store.delete(second);
        await store.delete(first);
      }
    });

    it('reading below an object finds nothing', async () => {
      await store.put('plain', utf8('x'));
      expect(await store.get('plain/below')).toBeNull();
      expect(await store.head('plain/below')).toBeNull();
      await store.put('folder/of/one', utf8('x'));
      expect(await store.get('folder/of')).toBeNull();
      expect(await store.head('folder')).toBeNull();
    });

    it('put-if-absent stores once and leaves what is there', async () => {
      const first = await store.putIfAbsent('once/a', utf8('first'));
      const second = await store.putIfAbsent('once/a', utf8('second'));
      expect(first).toMatchObject({ key: 'once/a', sizeBytes: 5 });
      expect(second).toBeNull();
      expect(textOf(await store.get('once/a'))).toBe('first');
      expect((await store.head('once/a'))?.etag).toBe(first?.etag);
    });

    it('put-if-absent is refused after a plain put, and free after a delete', async () => {
      await store.put('once/b', utf8('put'));
      expect(await store.putIfAbsent('once/b', utf8('late'))).toBeNull();
      await store.delete('once/b');
      expect(await store.putIfAbsent('once/b', utf8('late'))).not.toBeNull();
    });

    it('of 20 racing put-if-absent writers exactly one wins, and its bytes stay', async () => {
      expect(store.capability.putIfAbsent).toBe(true);
      for (let round = 0; round < 10; round += 1) {
        const key = `race/${round}`;
        const outcomes = await Promise.all(
          Array.from({ length: 20 }, async (_, writer) => {
            const info = await settle(() => store.putIfAbsent(key, utf8(`writer ${writer}`)));
            return info === null ? null : writer;
          }),
        );
        const winners = outcomes.filter((writer) => writer !== null);
        expect(winners).toHaveLength(1);
        expect(textOf(await store.get(key))).toBe(`writer ${winners[0]}`);
      }
    }, 60_000);

    it('readers see the old bytes or the new ones, never a mixture', async () => {
      const [old, fresh] = [new Uint8Array(300_000).fill(1), new Uint8Array(200_000).fill(2)];
      await store.put('mixed', old);
      const writing = (async () => {
        for (let turn = 0; turn < 10; turn += 1) await store.put('mixed', turn % 2 ? old : fresh);
      })();
      for (let turn = 0; turn < 20; turn += 1) {
        const seen = (await store.get('mixed')) ?? new Uint8Array();
        expect([old.length, fresh.length]).toContain(seen.length);
        expect(new Set(seen).size).toBe(1);
      }
      await writing;
    });

    it('a local file is stored as its bytes, and is left as it was', async () => {
      const path = join(scratch.path, 'body.bin');
      const bytes = seededBytes(70_000, 7);
      await writeFile(path, bytes);
      const info = await store.put('file/put', { path, sizeBytes: bytes.length });
      expect(info.sizeBytes).toBe(bytes.length);
      expect(Buffer.compare((await store.get('file/put')) ?? new Uint8Array(), bytes)).toBe(0);
      await store.putIfAbsent('file/once', { path, sizeBytes: bytes.length });
      expect(Buffer.compare((await store.get('file/once')) ?? new Uint8Array(), bytes)).toBe(0);
      expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
    });

    it('a local file of another size than stated is not stored', async () => {
      const path = join(scratch.path, 'short.bin');
      await writeFile(path, 'four');
      await expect(store.put('file/lie', { path, sizeBytes: 5 })).rejects.toMatchObject({
        kind: 'bug',
      });
      expect(await store.head('file/lie')).toBeNull();
    });

    it('a local file that is not there is a bug of the caller', async () => {
      const body = { path: join(scratch.path, 'none.bin'), sizeBytes: 5 };
      await expect(store.put('file/none', body)).rejects.toMatchObject({ kind: 'bug' });
      await expect(store.putIfAbsent('file/none', body)).rejects.toMatchObject({ kind: 'bug' });
      expect(await store.head('file/none')).toBeNull();
    });

    it('9 MiB come back whole, from memory and from a file, by get and by open', async () => {
      const bytes = seededBytes(9 * 1024 * 1024 + 13, 99);
      const path = join(scratch.path, 'big.bin');
      await writeFile(path, bytes);
      await store.put('big/memory', bytes);
      await store.put('big/file', { path, sizeBytes: bytes.length });
      for (const key of ['big/memory', 'big/file']) {
        expect(Buffer.compare((await store.get(key)) ?? new Uint8Array(), bytes)).toBe(0);
        expect(Buffer.compare(await readAll(store, key), bytes)).toBe(0);
      }
    }, 60_000);

    it('above 64 MiB get is too-large and open gives the bytes', async () => {
      const bytes = seededBytes(64 * 1024 * 1024 + 1, 3);
      const path = join(scratch.path, 'huge.bin');
      await writeFile(path, bytes);
      const info = await store.put('huge', { path, sizeBytes: bytes.length });
      expect(info.sizeBytes).toBe(bytes.length);
      await expect(store.get('huge')).rejects.toMatchObject({ kind: 'too-large' });
      expect(Buffer.compare(await readAll(store, 'huge'), bytes)).toBe(0);
      expect((await store.head('huge'))?.etag).toBe(info.etag);
      await store.delete('huge');
    }, 120_000);

    it('a reader may stop in the middle of a stream', async () => {
      await store.put('stop/early', seededBytes(2_000_000, 5));
      for await (const chunk of await store.open('stop/early')) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
      expect(await store.get('stop/early')).toHaveLength(2_000_000);
    });

    it('odd keys come back as they were given, by every method', async () => {
      for (const [at, odd] of ODD_KEYS.entries()) {
        await store.put(`odd/${odd}`, utf8(`bytes ${at}`));
      }
      for (const [at, odd] of ODD_KEYS.entries()) {
        expect(textOf(await store.get(`odd/${odd}`))).toBe(`bytes ${at}`);
        expect((await store.head(`odd/${odd}`))?.key).toBe(`odd/${odd}`);
        expect(await store.putIfAbsent(`odd/${odd}`, utf8('late'))).toBeNull();
      }
      const listed = (await listOf(store.list('odd/'))).map(({ key }) => key);
      expect(listed).toEqual(ODD_KEYS.map((odd) => `odd/${odd}`).toSorted(compareKeys));
      for (const odd of ODD_KEYS) await store.delete(`odd/${odd}`);
      expect(await listOf(store.list('odd/'))).toEqual([]);
    }, 60_000);

    it('odd keys at the top of the bucket do not meet what the store keeps there itself', async () => {
      for (const key of ['.tmp/top', '_records/top', '.minio-like']) {
        await store.put(key, utf8(key));
        expect(textOf(await store.get(key))).toBe(key);
        expect((await listOf(store.list(key))).map((info) => info.key)).toEqual([key]);
        await store.delete(key);
      }
    });

    it('keys of 1,024 bytes work and longer ones are refused', async () => {
      const bytesMax = traits.keyBytesMax ?? 1024;
      const whole = `${'s'.repeat(99)}/`.repeat(10) + 'é'.repeat(12);
      const segments = whole.slice(1024 - bytesMax);
      const keys = traits.takesLongSegments
        ? [segments, 'x'.repeat(1024), 'é'.repeat(512), '%~'.repeat(512), '.'.repeat(1024)]
        : [segments];
      for (const key of keys) {
        expect(Buffer.byteLength(key)).toBe(bytesMax);
        await store.put(key, utf8('long'));
        expect(textOf(await store.get(key))).toBe('long');
        expect((await listOf(store.list(key.slice(0, 20)))).map((info) => info.key)).toEqual([key]);
        await store.delete(key);
        await expect(store.put(`${key}y`, utf8('x'))).rejects.toMatchObject({
          kind: 'config-invalid',
        });
      }
    });

    it.each(['', '/a', '../a', 'a/../b', 'a/..', './a', 'a/.', 'a\0b', 'a\\..\\b', '..', '\ud800'])(
      'the key %j is refused by every method',
      async (key) => {
        const calls: (() => Promise<unknown>)[] = [
          () => store.put(key, utf8('x')),
          () => store.putIfAbsent(key, utf8('x')),
          () => store.get(key),
          () => store.head(key),
          () => store.delete(key),
          () => store.localPath(key),
          () => store.open(key),
        ];
        for (const call of calls) {
          await expect(settle(call)).rejects.toMatchObject({ kind: 'config-invalid' });
        }
      },
    );

    it.each(['/', '../', 'a/../', '\0'])('the prefix %j is refused', async (prefix) => {
      await expect(listOf(store.list(prefix))).rejects.toMatchObject({ kind: 'config-invalid' });
    });

    it('a prefix is plain text, not a folder', async () => {
      for (const key of ['prefix/a', 'prefix/ab/c', 'prefix/b', 'prefixed']) {
        await store.put(key, utf8('x'));
      }
      const keysOf = async (prefix: string): Promise<string[]> =>
        (await listOf(store.list(prefix))).map(({ key }) => key);
      expect(await keysOf('prefix')).toEqual(['prefix/a', 'prefix/ab/c', 'prefix/b', 'prefixed']);
      expect(await keysOf('prefix/')).toEqual(['prefix/a', 'prefix/ab/c', 'prefix/b']);
      expect(await keysOf('prefix/a')).toEqual(['prefix/a', 'prefix/ab/c']);
      expect(await keysOf('prefix/ab/')).toEqual(['prefix/ab/c']);
    });

    it('lists in the order of UTF-8 bytes', async () => {
      const names = ['a.b', 'a/b', 'a-b', 'a0', 'A', 'é', 'z', '\uFF5E', '🚢', 'a b', 'a!/x', 'a!'];
      const keys = names.filter((key) => key !== 'a!').map((key) => `order/${key}`);
      for (const key of keys) await store.put(key, utf8('x'));
      const inBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect((await listOf(store.list('order/'))).map(({ key }) => key)).toEqual(inBytes);
    });

    it.each(traits.listingSizes)(
      'lists %i objects, each once',
      async (size) => {
        const keyOf = (at: number): string => `list-${size}/${at % 7}/object-${at}`;
        await inParallel(size, traits.writersMax ?? 16, (at) =>
          store.put(keyOf(at), utf8(`${at}`)),
        );
        const listed = (await listOf(store.list(`list-${size}/`))).map(({ key }) => key);
        const expected = Array.from({ length: size }, (_, at) => keyOf(at)).toSorted(compareKeys);
        expect(listed).toEqual(expected);
      },
      180_000,
    );

    it('a reader may stop in the middle of a listing', async () => {
      for (const letter of ['a', 'b', 'c']) await store.put(`some/${letter}`, utf8('x'));
      for await (const info of store.list('some/')) {
        expect(info.key).toBe('some/a');
        break;
      }
    });

    it('a stopped call ends as interrupted', async () => {
      await store.put('signal', utf8('x'));
      const signal = AbortSignal.abort();
      const calls: (() => Promise<unknown>)[] = [
        () => store.put('signal', utf8('y'), { signal }),
        () => store.putIfAbsent('signal-2', utf8('y'), { signal }),
        () => store.get('signal', { signal }),
        () => store.head('signal', { signal }),
        () => store.delete('signal', { signal }),
        () => listOf(store.list('signal', { signal })),
        async () => collect(await store.open('signal', { signal })),
      ];
      for (const call of calls) {
        await expect(settle(call)).rejects.toMatchObject({ kind: 'interrupted' });
      }
      expect(textOf(await store.get('signal'))).toBe('x');
    });

    it('a bucket that is not there is empty until it is written, or config-invalid', async () => {
      const { missing } = made;
      const kindOf = (call: () => Promise<unknown>): Promise<unknown> =>
        settle(call).then(
          () => 'fine',
          (error: { kind?: string }) => error.kind,
        );
      const outcomes = [
        await kindOf(() => listOf(missing.list(''))),
        await kindOf(() => missing.head('a')),
        await kindOf(() => missing.get('a')),
        await kindOf(() => missing.delete('a')),
        await kindOf(() => missing.put('a', utf8('x'))),
        await kindOf(() => missing.putIfAbsent('b', utf8('x'))),
      ];
      const expected = traits.makesBuckets ? 'fine' : 'config-invalid';
      expect(outcomes).toEqual(outcomes.map(() => expected));
    });

    it('a local path, where there is one, leads to the bytes', async () => {
      const bytes = new Uint8Array(randomBytes(1000));
      await store.put('local/path.bin', bytes);
      const path = await store.localPath('local/path.bin');
      const seen = path === null ? await store.get('local/path.bin') : await readFile(path);
      expect(Buffer.compare(seen ?? new Uint8Array(), bytes)).toBe(0);
      expect(await store.localPath('local')).toBeNull();
    });
  });
}

async function readAll(store: ObjectStore, key: string): Promise<Uint8Array> {
  return await collect(await store.open(key));
}

/** A call that throws at once and one that rejects are the same to a caller who awaits. */
async function settle<T>(call: () => Promise<T>): Promise<T> {
  return await call();
}

/** Runs `count` calls, a few at a time. */
async function inParallel(
  count: number,
  workers: number,
  call: (at: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const at = next;
      next += 1;
      await call(at);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}
