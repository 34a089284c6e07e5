import { describe, expect, it } from 'vitest';

import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { PipelineError } from '../../services/core/error.ts';
import {
  Crash,
  faultPlan,
  faultSource,
  faultStore,
  type Fault,
} from '../../services/layers/fault.ts';
import { collect, listOf, seededRandom, textOf, utf8 } from '../support/bytes.ts';

function setUp(faults: readonly Fault[] = []) {
  const bare = memoryStore({ bucket: 'b', clock: manualClock(new Date('2026-11-21')) });
  const plan = faultPlan(faults);
  return { bare, plan, store: faultStore(bare, plan) };
}

describe('the fault layer', () => {
  it('without faults counts every call and changes none', async () => {
    const { store, plan } = setUp();
    await store.put('a', utf8('x'));
    await store.putIfAbsent('a', utf8('y'));
    await store.get('a');
    await collect(await store.open('a'));
    await store.head('a');
    expect(await listOf(store.list(''))).toHaveLength(1);
    await store.delete('a');
    await store.localPath('a');
    const source = faultSource({ fetch: async () => ({ status: 'unchanged' }) }, plan);
    await source.fetch({ url: 'http://x/', sizeBytesMax: 1 });
    expect(plan.calls).toEqual([
      'put mem://b/a',
      'putIfAbsent mem://b/a',
      'get mem://b/a',
      'open mem://b/a',
      'head mem://b/a',
      'list mem://b/',
      'delete mem://b/a',
      'fetch http://x/',
    ]);
  });

  it('a crash before a call leaves nothing done, after it everything', async () => {
    for (const [when, stored] of [
      ['before', null],
      ['after', 'x'],
    ] as const) {
      const { store, bare } = setUp([{ call: 2, when, error: 'crash' }]);
      await store.get('a');
      await expect(store.put('a', utf8('x'))).rejects.toBeInstanceOf(Crash);
      expect(textOf(await bare.get('a'))).toBe(stored);
    }
  });

  it('after a crash every call crashes and does nothing: a dead process tidies up nothing', async () => {
    const { store, bare } = setUp([{ call: 1, when: 'after', error: 'crash' }]);
    await expect(store.put('a', utf8('x'))).rejects.toBeInstanceOf(Crash);
    await expect(store.delete('a')).rejects.toBeInstanceOf(Crash);
    await expect(listOf(store.list(''))).rejects.toBeInstanceOf(Crash);
    await expect(store.open('a')).rejects.toBeInstanceOf(Crash);
    expect(textOf(await bare.get('a'))).toBe('x');
  });

  it('a crash is no error of ours', () => {
    expect(new Crash('put')).not.toBeInstanceOf(PipelineError);
  });

  it('a planned failure has its kind and comes once', async () => {
    const { store } = setUp([{ call: 1, when: 'before', error: 'throttled' }]);
    await expect(store.get('a')).rejects.toMatchObject({ kind: 'throttled' });
    expect(await store.get('a')).toBeNull();
  });

  it('from a call on, all fail and nothing changes', async () => {
    const { store, bare } = setUp([{ fromCall: 2, error: 'unavailable' }]);
    await store.put('a', utf8('x'));
    await expect(store.put('a', utf8('y'))).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(store.delete('a')).rejects.toMatchObject({ kind: 'unavailable' });
    expect(textOf(await bare.get('a'))).toBe('x');
  });

  it('a truncated stream gives half of its chunks and fails; a truncated write writes nothing', async () => {
    const { store, bare } = setUp([
      { call: 1, when: 'truncated', error: 'unavailable' },
      { call: 2, when: 'truncated', error: 'unavailable' },
    ]);
    await bare.put('a', new Uint8Array(4 * 64 * 1024));
    let seenBytes = 0;
    const reading = (async () => {
      for await (const chunk of await store.open('a')) seenBytes += chunk.length;
    })();
    await expect(reading).rejects.toMatchObject({ kind: 'unavailable' });
    expect(seenBytes).toBe(2 * 64 * 1024);
    await expect(store.put('b', utf8('x'))).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await bare.get('b')).toBeNull();
  });

  it('random faults are the same for the same seed', async () => {
    const outcomes = async (): Promise<boolean[]> => {
      const { store } = setUp([{ rate: 0.3, random: seededRandom(7), errors: ['unavailable'] }]);
      const seen: boolean[] = [];
      for (let at = 0; at < 50; at += 1) {
        seen.push(
          await store.get('a').then(
            () => true,
            () => false,
          ),
        );
      }
      return seen;
    };
    const first = await outcomes();
    expect(first).toEqual(await outcomes());
    expect(first.filter((isFine) => !isFine).length).toBeGreaterThan(5);
    expect(first.filter((isFine) => isFine).length).toBeGreaterThan(20);
  });
});
