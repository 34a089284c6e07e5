import { describe, expect, it } from 'vitest';

import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import type { ErrorKind } from '../../services/core/error.ts';
import { faultPlan, faultStore, type Fault } from '../../services/layers/fault.ts';
import { retryStore } from '../../services/layers/retry.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { collect, listOf, textOf, utf8 } from '../support/bytes.ts';

const START = new Date('2026-11-21');

async function setUp(faults: readonly Fault[]) {
  const clock = manualClock(START, { autoAdvance: true });
  const bare = memoryStore({ bucket: 'b', clock });
  for (const key of ['a', 'b', 'c', 'd']) await bare.put(key, utf8(key));
  const plan = faultPlan(faults);
  const waits: number[] = [];
  const store = retryStore(faultStore(bare, plan), {
    clock,
    random: () => 0.5,
    onRetry: ({ waitMs }) => waits.push(waitMs),
  });
  return { clock, bare, plan, store, waits };
}

describe('the retry layer', () => {
  it.each([
    ['put', (store: ObjectStore) => store.put('x', utf8('x'))],
    ['putIfAbsent', (store: ObjectStore) => store.putIfAbsent('x', utf8('x'))],
    ['get', (store: ObjectStore) => store.get('a')],
    ['open', async (store: ObjectStore) => collect(await store.open('a'))],
    ['head', (store: ObjectStore) => store.head('a')],
    ['delete', (store: ObjectStore) => store.delete('a')],
  ] as const)('tries %s again', async (_, call) => {
    const { store, plan, waits } = await setUp([
      { call: 1, when: 'before', error: 'unavailable' },
      { call: 2, when: 'before', error: 'throttled' },
    ]);
    await call(store);
    expect(plan.calls).toHaveLength(3);
    expect(waits).toEqual([100, 200]);
  });

  it('gives up after five tries with the last failure', async () => {
    const { store, plan, clock } = await setUp([{ fromCall: 1, error: 'unavailable' }]);
    await expect(store.get('a')).rejects.toMatchObject({ kind: 'unavailable' });
    expect(plan.calls).toHaveLength(5);
    expect(clock.now().getTime() - START.getTime()).toBe(100 + 200 + 400 + 800);
  });

  it.each(['denied', 'config-invalid', 'too-large', 'interrupted', 'bug'] satisfies ErrorKind[])(
    'does not try %s again',
    async (kind) => {
      const { store, plan } = await setUp([{ fromCall: 1, error: kind }]);
      await expect(store.get('a')).rejects.toMatchObject({ kind });
      expect(plan.calls).toHaveLength(1);
    },
  );

  it('never repeats a put-if-absent whose outcome is unknown', async () => {
    const { store, bare, plan } = await setUp([
      { call: 1, when: 'after', error: 'commit-unknown' },
    ]);
    await expect(store.putIfAbsent('x', utf8('mine'))).rejects.toMatchObject({
      kind: 'commit-unknown',
    });
    expect(plan.calls).toHaveLength(1);
    expect(textOf(await bare.get('x'))).toBe('mine');
  });

  it('goes on with a broken listing behind the last key, each key once', async () => {
    const { store, plan } = await setUp([
      { call: 1, when: 'truncated', error: 'unavailable' },
      { call: 2, when: 'before', error: 'unavailable' },
    ]);
    expect((await listOf(store.list(''))).map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd']);
    expect(plan.calls).toHaveLength(3);
  });

  it('gives up on a listing that stands still', async () => {
    const { store, plan } = await setUp([{ fromCall: 1, error: 'unavailable' }]);
    await expect(listOf(store.list(''))).rejects.toMatchObject({ kind: 'unavailable' });
    expect(plan.calls).toHaveLength(5);
  });

  it('a stop ends the wait', async () => {
    const clock = manualClock(START);
    const stopper = new AbortController();
    const bare = memoryStore({ bucket: 'b', clock });
    const failing = faultStore(bare, faultPlan([{ fromCall: 1, error: 'unavailable' }]));
    const store = retryStore(failing, {
      clock,
      random: () => 0.5,
      onRetry: () => queueMicrotask(() => stopper.abort()),
    });
    await expect(store.head('a', { signal: stopper.signal })).rejects.toMatchObject({
      kind: 'interrupted',
    });
  });

  it('of 20 % random faults nearly every call comes through, in less than a minute', async () => {
    let state = 4711;
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const { store, clock } = await setUp([
      { rate: 0.2, random, errors: ['unavailable', 'throttled'] },
    ]);
    let failed = 0;
    for (let at = 0; at < 1000; at += 1) {
      const beganMs = clock.now().getTime();
      await store.get('a').catch(() => (failed += 1));
      expect(clock.now().getTime() - beganMs).toBeLessThan(60_000);
    }
    expect(failed).toBeLessThanOrEqual(3);
  });
});
