import { describe, expect, it } from 'vitest';

import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { faultPlan, faultStore } from '../../services/layers/fault.ts';
import { meterStore, type MeteredCall } from '../../services/layers/meter.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { collect, listOf, utf8 } from '../support/bytes.ts';

describe('the meter layer', () => {
  it('reports each call once: method, bytes and outcome', async () => {
    const clock = manualClock(new Date('2026-11-21'));
    const calls: MeteredCall[] = [];
    const store = meterStore(memoryStore({ bucket: 'b', clock }), {
      clock,
      onCall: (call) => calls.push(call),
    });
    await store.put('a', utf8('12345'));
    await store.putIfAbsent('a', utf8('123'));
    await store.putIfAbsent('b', utf8('123'));
    await store.get('a');
    await store.get('none');
    await collect(await store.open('a'));
    await listOf(store.list(''));
    await store.head('a');
    await store.delete('a');
    await store.open('none').catch(() => undefined);
    await store.get('../up').catch(() => undefined);
    expect(calls.map(({ method, sizeBytes, outcome }) => [method, sizeBytes, outcome])).toEqual([
      ['put', 5, 'ok'],
      ['putIfAbsent', 0, 'ok'],
      ['putIfAbsent', 3, 'ok'],
      ['get', 5, 'ok'],
      ['get', 0, 'ok'],
      ['open', 5, 'ok'],
      ['list', 0, 'ok'],
      ['head', 0, 'ok'],
      ['delete', 0, 'ok'],
      ['open', 0, 'not-found'],
      ['get', 0, 'config-invalid'],
    ]);
  });

  it('tells how long a call took', async () => {
    const clock = manualClock(new Date('2026-11-21'));
    const calls: MeteredCall[] = [];
    const bare = memoryStore({ bucket: 'b', clock });
    const slow: ObjectStore = {
      ...bare,
      get: async (key) => {
        await clock.advance(250);
        return bare.get(key);
      },
    };
    await bare.put('a', utf8('1234'));
    await meterStore(slow, { clock, onCall: (call) => calls.push(call) }).get('a');
    expect(calls).toEqual([{ method: 'get', durationMs: 250, sizeBytes: 4, outcome: 'ok' }]);
  });

  it('a stream that breaks is reported with what had come', async () => {
    const clock = manualClock(new Date('2026-11-21'));
    const calls: MeteredCall[] = [];
    const bare = memoryStore({ bucket: 'b', clock });
    await bare.put('a', new Uint8Array(2 * 64 * 1024));
    const plan = faultPlan([{ call: 1, when: 'truncated', error: 'unavailable' }]);
    const store = meterStore(faultStore(bare, plan), { clock, onCall: (call) => calls.push(call) });
    await collect(await store.open('a')).catch(() => undefined);
    expect(calls).toMatchObject([{ method: 'open', sizeBytes: 64 * 1024, outcome: 'unavailable' }]);
  });
});
