import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { s3Store } from '../../../services/adapters/object-store/s3.ts';
import { Crash, type Fault, faultPlan, faultStore } from '../../../services/layers/fault.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import {
  badS3,
  type Misbehaviour,
  reset,
  resetMidBody,
  s3Error,
  shortBody,
  silence,
  webPage,
} from '../../support/bad-s3.ts';
import { listOf, textOf } from '../../support/bytes.ts';
import { customersCsv, extractBench, transactionsCsv } from '../../support/extract-bench.ts';
import { START } from '../../support/source-bench.ts';

const KEY = 'day/a.csv';
const TRANSACTIONS = 's3://bad/day/';

/** How S3 fails, the kind that a listing makes of it, and the kind that reading an object makes of it. */
const CASES: [string, Misbehaviour, string, string][] = [
  ['500', s3Error(500, 'InternalError'), 'unavailable', 'unavailable'],
  ['503 SlowDown', s3Error(503, 'SlowDown'), 'throttled', 'throttled'],
  ['403', s3Error(403, 'AccessDenied'), 'denied', 'denied'],
  ['404 NoSuchBucket', s3Error(404, 'NoSuchBucket'), 'config-invalid', 'config-invalid'],
  ['404 NoSuchKey', s3Error(404, 'NoSuchKey'), 'not-found', 'not-found'],
  ['silence', silence, 'unavailable', 'unavailable'],
  ['a reset', reset, 'unavailable', 'unavailable'],
  ['a reset within the body', resetMidBody, 'unavailable', 'unavailable'],
  ['a short body', shortBody, 'unavailable', 'unavailable'],
  ['a page of a proxy', webPage, 'unavailable', 'input-invalid'],
];

describe('an S3 bucket that fails', () => {
  it.each(CASES)('by %s lands nothing', async (_, misbehave, listKind, openKind) => {
    await using server = await badS3(misbehave, { silenceTimeoutMs: 60 });
    const bad = s3Store({ connection: server.connection, bucket: 'bad' });
    const good = memoryStore({ bucket: 'bad', clock: manualClock(START) });
    await good.put(KEY, Buffer.from(transactionsCsv()));
    const openFails: ObjectStore = {
      ...good,
      open: (key, options) => bad.open(key, options),
      localPath: async () => null,
    };
    for (const [store, kind] of [
      [bad, listKind],
      [openFails, openKind],
    ] as const) {
      await using bench = await extractBench({ buckets: { bad: store } });
      await bench.put('inbox/customers/a.csv', customersCsv());
      await expect(bench.run({ transactions: TRANSACTIONS })).rejects.toMatchObject({ kind });
      expect(await bench.keys('extracted/')).toEqual([]);
    }
  });

  it('by an object that changes while it is read is asked to be run again', async () => {
    const store = memoryStore({ bucket: 'bad', clock: manualClock(START) });
    await store.put(KEY, Buffer.from(transactionsCsv()));
    const changing: ObjectStore = {
      ...store,
      open: async (key, options) => {
        const stream = await store.open(key, options);
        await store.put(KEY, Buffer.from(transactionsCsv('T9,C,2026-11-19,1,M,gas,failed,cash')));
        return stream;
      },
    };
    await using bench = await extractBench({ buckets: { bad: changing } });
    await bench.put('inbox/customers/a.csv', customersCsv());
    await expect(bench.run({ transactions: TRANSACTIONS })).rejects.toMatchObject({
      kind: 'conflict',
    });
  });
});

const MANIFEST = 'extracted/2026-11-20/manifest.json';
const SECOND = transactionsCsv('T2,C,2026-11-19,1,M,gas,failed,cash');

async function inbox(): Promise<ObjectStore> {
  const store = memoryStore({ bucket: 'argosy-finance', clock: manualClock(START) });
  await store.put('inbox/transactions/a.csv', Buffer.from(transactionsCsv()));
  await store.put('inbox/transactions/b.csv', Buffer.from(SECOND));
  await store.put('inbox/customers/a.csv', Buffer.from(customersCsv()));
  return store;
}

async function contentOf(store: ObjectStore): Promise<Record<string, string | null>> {
  const all = await listOf(store.list('extracted/'));
  const texts = all.map(async ({ key }) => [key, textOf(await store.get(key))] as const);
  return Object.fromEntries(await Promise.all(texts));
}

/** Runs extract with the fault, then once more without; returns what is there then, and how the first ended. */
async function disturbed(fault: Fault) {
  const store = await inbox();
  const plan = faultPlan([fault]);
  await using bench = await extractBench({ store: faultStore(store, plan) });
  const error = await bench.run().catch((thrown: unknown) => thrown);
  const landed = await contentOf(store);
  await using again = await extractBench({ store });
  await again.run();
  return { error, landed, content: await contentOf(store) };
}

describe('extract, ended at any call to the store', () => {
  it('leaves no manifest without its objects, and the next run ends as if nothing had been', async () => {
    const calm = await inbox();
    const plan = faultPlan();
    await using bench = await extractBench({ store: faultStore(calm, plan) });
    await bench.run();
    const expected = await contentOf(calm);
    expect(Object.keys(expected)).toHaveLength(5);
    expect(plan.calls.length).toBeGreaterThan(15);
    for (const when of ['before', 'after', 'truncated'] as const) {
      for (let call = 1; call <= plan.calls.length; call += 1) {
        const found = await disturbed({ call, when, error: 'crash' });
        const hasManifest = MANIFEST in found.landed;
        const hasAll = Object.keys(found.landed).length === 5;
        // The call is among what is compared, so that a failure names it.
        const seen = { call: plan.calls[call - 1], hasManifest, content: found.content };
        expect(found.error).toBeInstanceOf(Crash);
        expect(seen).toEqual({ call: seen.call, hasManifest: hasAll, content: expected });
      }
    }
  });

  it('whose answer was lost finds what it wrote, and goes on', async () => {
    const calm = await inbox();
    const plan = faultPlan();
    await using bench = await extractBench({ store: faultStore(calm, plan) });
    await bench.run();
    const puts = plan.calls.flatMap((what, at) => (what.startsWith('putIfAbsent') ? [at + 1] : []));
    expect(puts).toHaveLength(3);
    for (const call of puts) {
      for (const when of ['before', 'after'] as const) {
        const found = await disturbed({ call, when, error: 'commit-unknown' });
        expect(found.error).toMatchObject({ outputs: { transactions: '2' } });
        expect(found.landed).toEqual(await contentOf(calm));
      }
    }
  });
});
