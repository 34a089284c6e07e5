import { describe, expect, it } from 'vitest';

import { manualClock, type ManualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { deadlineStore } from '../../services/layers/deadline.ts';
import type { ObjectInfo, ObjectStore } from '../../services/ports/object-store.ts';
import { collect, listOf, utf8 } from '../support/bytes.ts';

/** A store that never answers, and notes the signals it was given. */
function silentStore(clock: ManualClock): { store: ObjectStore; signals: AbortSignal[] } {
  const signals: AbortSignal[] = [];
  const never = (signal: AbortSignal | undefined): Promise<never> => {
    if (signal !== undefined) signals.push(signal);
    return new Promise(() => undefined);
  };
  const store: ObjectStore = {
    ...memoryStore({ bucket: 'b', clock }),
    put: (_key, _body, call) => never(call?.signal),
    putIfAbsent: (_key, _body, call) => never(call?.signal),
    get: (_key, call) => never(call?.signal),
    open: (_key, call) => never(call?.signal),
    head: (_key, call) => never(call?.signal),
    delete: (_key, call) => never(call?.signal),
    list: (_prefix, call): AsyncIterable<ObjectInfo> => ({
      [Symbol.asyncIterator]: () => ({ next: () => never(call?.signal) }),
    }),
  };
  return { store, signals };
}

describe('the deadline layer', () => {
  it.each([
    ['put', 'unavailable', (store: ObjectStore) => store.put('x', utf8(''))],
    ['putIfAbsent', 'commit-unknown', (store: ObjectStore) => store.putIfAbsent('x', utf8(''))],
    ['get', 'unavailable', (store: ObjectStore) => store.get('x')],
    ['open', 'unavailable', (store: ObjectStore) => store.open('x')],
    ['head', 'unavailable', (store: ObjectStore) => store.head('x')],
    ['delete', 'unavailable', (store: ObjectStore) => store.delete('x')],
    ['list', 'unavailable', (store: ObjectStore) => listOf(store.list('x'))],
  ] as const)('%s that takes too long is %s, and is stopped', async (method, kind, call) => {
    const clock = manualClock(new Date('2026-11-21'));
    const { store, signals } = silentStore(clock);
    const ending = call(deadlineStore(store, { clock, timeoutMs: 1000 })).then(
      () => null,
      (error: unknown) => error,
    );
    await clock.advance(1000);
    expect(await ending).toMatchObject({ kind, message: expect.stringContaining(`${method} of`) });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(clock.sleeperCount()).toBe(0);
  });

  it('a large write has time by its size', async () => {
    const clock = manualClock(new Date('2026-11-21'));
    const { store } = silentStore(clock);
    const limited = deadlineStore(store, { clock, timeoutMs: 1000, bytesPerSecondMin: 1000 });
    let isOver = false;
    const ending = limited
      .put('x', { path: '/x', sizeBytes: 5000 })
      .catch(() => undefined)
      .finally(() => (isOver = true));
    await clock.advance(5999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    await ending;
    expect(isOver).toBe(true);
  });

  it('calls that end in time end as they do, and leave no timer', async () => {
    const clock = manualClock(new Date('2026-11-21'));
    const store = deadlineStore(memoryStore({ bucket: 'b', clock }), { clock, timeoutMs: 1000 });
    await store.put('a', utf8('bytes'));
    expect(await store.putIfAbsent('a', utf8('late'))).toBeNull();
    expect(await collect(await store.open('a'))).toEqual(utf8('bytes'));
    expect(await listOf(store.list(''))).toHaveLength(1);
    expect(await store.head('b')).toBeNull();
    await store.delete('a');
    await expect(store.get('../up')).rejects.toMatchObject({ kind: 'config-invalid' });
    expect(clock.sleeperCount()).toBe(0);
  });

  it('a stream that stops in the middle is unavailable; the time of its reader does not count', async () => {
    const clock = manualClock(new Date('2026-11-21'));
    const bare = memoryStore({ bucket: 'b', clock });
    const stalling: ObjectStore = {
      ...bare,
      open: async () =>
        (async function* chunks() {
          yield utf8('first');
          await new Promise(() => undefined);
        })(),
    };
    const stream = await deadlineStore(stalling, { clock, timeoutMs: 1000 }).open('x');
    const iterator = stream[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toEqual(utf8('first'));
    await clock.advance(60_000);
    const ending = iterator.next().then(
      () => null,
      (error: unknown) => error,
    );
    await clock.advance(1000);
    expect(await ending).toMatchObject({ kind: 'unavailable' });
  });

  it('the caller can still stop a call', async () => {
    const clock = manualClock(new Date('2026-11-21'));
    const store = deadlineStore(memoryStore({ bucket: 'b', clock }), { clock, timeoutMs: 1000 });
    await expect(store.get('a', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'interrupted',
    });
  });
});
