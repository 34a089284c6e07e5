import { setImmediate } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { probePutIfAbsent } from '../../services/layers/probe.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { listOf } from '../support/bytes.ts';

const clock = manualClock(new Date('2026-11-21'));

/** A store that ignores the condition, as servers do that do not know the header. */
function overwriting(bare: ObjectStore): ObjectStore {
  return { ...bare, putIfAbsent: (key, body) => bare.put(key, body) };
}

/** A store that says the right thing and does the wrong one. */
function lying(bare: ObjectStore): ObjectStore {
  return {
    ...bare,
    putIfAbsent: async (key, body) => {
      const wasThere = (await bare.head(key)) !== null;
      const info = await bare.put(key, body);
      return wasThere ? null : info;
    },
  };
}

const fresh = (): ObjectStore => memoryStore({ bucket: 'b', clock });

describe('the put-if-absent probe', () => {
  it('passes an honest store, again and again, and leaves one object', async () => {
    const store = fresh();
    await probePutIfAbsent(store, clock);
    const before = await listOf(store.list(''));
    await probePutIfAbsent(store, clock);
    expect(await listOf(store.list(''))).toEqual(before);
    expect(before.map(({ key }) => key)).toEqual(['_probe/put-if-absent']);
  });

  it.each([
    ['ignores the condition', overwriting, 'took a second'],
    ['refuses and overwrites all the same', lying, 'refused a second put-if-absent and changed'],
    [
      'keeps nothing',
      (bare: ObjectStore): ObjectStore => ({ ...bare, putIfAbsent: async () => null }),
      'did not keep',
    ],
    [
      'says that it cannot',
      (bare: ObjectStore): ObjectStore => ({ ...bare, capability: { putIfAbsent: false } }),
      'says that it has no',
    ],
  ])('a store that %s is unsupported, also the second time', async (_, spoil, words) => {
    const store = spoil(fresh());
    for (let turn = 1; turn <= 3; turn += 1) {
      await expect(probePutIfAbsent(store, clock)).rejects.toMatchObject({
        kind: 'unsupported',
        message: expect.stringMatching(new RegExp(`^mem://b cannot hold commits: it ${words}`)),
        hint: expect.stringContaining('conditional writes'),
      });
    }
  });

  it('a store that does not answer ends the probe within 2 seconds', async () => {
    const own = manualClock(new Date('2026-11-21'));
    const silent: ObjectStore = { ...fresh(), get: () => new Promise(() => undefined) };
    const probing = probePutIfAbsent(silent, own).catch((error: unknown) => error);
    await setImmediate();
    await own.advance(2000);
    expect(await probing).toMatchObject({ kind: 'unavailable' });
  });

  it('a store that is silent from the first call on is unavailable, not of unknown outcome', async () => {
    const own = manualClock(new Date('2026-11-21'));
    const silent: ObjectStore = { ...fresh(), putIfAbsent: () => new Promise(() => undefined) };
    const probing = probePutIfAbsent(silent, own).catch((error: unknown) => error);
    await setImmediate();
    await own.advance(2000);
    expect(await probing).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/^mem:\/\/b cannot be reached: .* 2000 ms$/),
    });
  });

  it('a store that is slow in one call and fast in the others passes', async () => {
    const own = manualClock(new Date('2026-11-21'));
    const bare = fresh();
    const slow: ObjectStore = {
      ...bare,
      get: async (key) => {
        await own.sleep(900);
        return bare.get(key);
      },
    };
    const probing = probePutIfAbsent(slow, own).then(() => 'passed');
    for (let turn = 1; turn <= 2; turn += 1) {
      await setImmediate();
      await own.advance(900);
    }
    expect(await probing).toBe('passed');
  });
});
