import { describe, expect, it } from 'vitest';

import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { deadlineStore } from '../../services/layers/deadline.ts';
import { faultPlan, faultStore } from '../../services/layers/fault.ts';
import { meterStore } from '../../services/layers/meter.ts';
import { retryStore } from '../../services/layers/retry.ts';
import { withinStore } from '../../services/layers/within.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { listOf, textOf, utf8 } from '../support/bytes.ts';
import { objectStoreContract } from '../contract/object-store.ts';

const clock = manualClock(new Date('2026-11-21'));

describe('a store within a prefix', () => {
  it('sees and changes only what lies below it', async () => {
    const outer = memoryStore({ bucket: 'b', clock });
    await outer.put('tenant/a', utf8('mine'));
    await outer.put('tenant-2/a', utf8('theirs'));
    await outer.put('a', utf8('top'));
    const store = withinStore(outer, 'tenant');
    expect(store.url).toBe('mem://b/tenant');
    expect((await listOf(store.list(''))).map(({ key }) => key)).toEqual(['a']);
    expect(textOf(await store.get('a'))).toBe('mine');
    await store.put('b', utf8('new'));
    await store.delete('a');
    expect((await listOf(outer.list(''))).map(({ key }) => key)).toEqual([
      'a',
      'tenant-2/a',
      'tenant/b',
    ]);
  });

  it.each(['../tenant-2/a', '..', 'x/../../tenant-2/a', '/tenant-2/a', '..\\tenant-2\\a'])(
    'the key %j does not lead out of it',
    async (key) => {
      const store = withinStore(memoryStore({ bucket: 'b', clock }), 'tenant/');
      for (const call of [
        () => store.put(key, utf8('x')),
        () => store.putIfAbsent(key, utf8('x')),
        () => store.get(key),
        () => store.head(key),
        () => store.delete(key),
        () => store.open(key),
        () => store.localPath(key),
        () => listOf(store.list(`${key}/`)),
      ] as (() => Promise<unknown>)[]) {
        await expect(call()).rejects.toMatchObject({ kind: 'config-invalid' });
      }
    },
  );

  it('a key that only fits without the prefix is refused', async () => {
    const store = withinStore(memoryStore({ bucket: 'b', clock }), 'tenant');
    await expect(store.put('x'.repeat(1020), utf8('x'))).rejects.toMatchObject({
      kind: 'config-invalid',
    });
  });
});

objectStoreContract(
  'a store within a prefix, behind every layer',
  async () => {
    const layered = (bucket: string): ObjectStore => {
      const within = withinStore(memoryStore({ bucket, clock }), 'tenant/one');
      const retried = retryStore(deadlineStore(within, { clock, timeoutMs: 1000 }), {
        clock,
        random: () => 0,
      });
      return meterStore(faultStore(retried, faultPlan()), { clock, onCall: () => undefined });
    };
    return { store: layered('a'), missing: layered('b') };
  },
  { listingSizes: [0, 1001], takesLongSegments: false, makesBuckets: true, keyBytesMax: 1013 },
);
