import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { sha256 } from '../../../services/core/manifest.ts';
import {
  extractManifestKey,
  ownExtractManifestKey,
} from '../../../services/pipelines/finance/extract/extract-manifest.ts';
import { financePartitions } from '../../../services/pipelines/finance/partitions.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { NOW, putRun, standings, statuses } from '../../support/partitions.ts';

const WANTED = { pipeline: 'finance', to: '2026-01-07' };
let store: ObjectStore;

beforeEach(() => {
  store = memoryStore({ bucket: 'finance', clock: manualClock(NOW) });
});

/** Lands an extraction of a day and returns the key of its manifest. */
async function land(logicalDate: string, rows = 3): Promise<string> {
  const bytes = Buffer.from(JSON.stringify({ logicalDate, sources: [], rows }));
  const own = ownExtractManifestKey(logicalDate, sha256(bytes));
  await store.put(own, bytes);
  await store.put(extractManifestKey(logicalDate), bytes);
  return own;
}

function run(day: string, status: 'success' | 'failed' | 'running', more: object = {}) {
  const name = { run_id: `finance-${day}-${status}`, workflow: 'finance', logical_date: day };
  return { ...name, status, ...more };
}

const extracted = (manifest: string) => ({
  records_loaded: 3,
  steps: [{ step: 'extract', outputs: { manifest } }] as never,
});

describe('the partitions of finance', () => {
  it('are the days from the first that is known: done, failed, landed and not loaded, or not there', async () => {
    await putRun(store, run('2026-01-04', 'success', extracted(await land('2026-01-04'))));
    await land('2026-01-05');
    await putRun(store, run('2026-01-06', 'failed'));
    const found = await statuses(financePartitions, store, WANTED);
    expect(
      found.map(({ day, state, reason, work, rows }) => [day, state, reason, work, rows]),
    ).toEqual([
      ['2026-01-04', 'done', null, '2026-01-04', 3],
      ['2026-01-05', 'missing', 'landed, and not loaded', '2026-01-05', null],
      ['2026-01-06', 'failed', 'a rule does not hold', null, null],
      ['2026-01-07', 'missing', 'nothing is landed', null, null],
    ]);
  });

  it('are stale when other rows were landed since, and done again when those of the load come back', async () => {
    await putRun(store, run('2026-01-07', 'success', extracted(await land('2026-01-07'))));
    expect(await standings(financePartitions, store, WANTED)).toEqual({ '2026-01-07': 'done' });
    await land('2026-01-07', 4);
    expect(await standings(financePartitions, store, WANTED)).toEqual({ '2026-01-07': 'stale' });
    await land('2026-01-07', 3);
    expect(await standings(financePartitions, store, WANTED)).toEqual({ '2026-01-07': 'done' });
  });

  it('are running while a run is at them, and failed when its process is gone or it has been silent for a day', async () => {
    const went = { started_at: '2026-11-20T11:00:00.000Z' };
    await putRun(store, run('2026-01-05', 'running'));
    await putRun(store, run('2026-01-06', 'running'), true);
    await putRun(store, run('2026-01-07', 'running', went));
    expect(await standings(financePartitions, store, WANTED)).toEqual({
      '2026-01-05': 'running',
      '2026-01-06': 'failed',
      '2026-01-07': 'failed',
    });
  });

  it('are failed only until a newer run is good', async () => {
    const manifest = await land('2026-01-07');
    const later = { started_at: '2026-11-21T11:30:00.000Z' };
    await putRun(store, run('2026-01-07', 'failed'));
    await putRun(store, run('2026-01-07', 'success', { ...later, ...extracted(manifest) }));
    expect(await standings(financePartitions, store, WANTED)).toEqual({ '2026-01-07': 'done' });
  });

  it('take no notice of a run for a single upload', async () => {
    await land('2026-01-07');
    const upload = { steps: [{ step: 'process', outputs: {} }] as never };
    await putRun(store, run('2026-01-07', 'success', upload));
    expect(await standings(financePartitions, store, WANTED)).toEqual({ '2026-01-07': 'missing' });
  });

  it('are missing behind the last landing, whether the range begins before it or not', async () => {
    await putRun(store, run('2026-01-04', 'success', extracted(await land('2026-01-04'))));
    const later = { ...WANTED, from: '2026-01-06' };
    expect(await standings(financePartitions, store, later)).toEqual({
      '2026-01-06': 'missing',
      '2026-01-07': 'missing',
    });
  });

  it('are missing when an object that was cleaned is gone, and can be made of what is landed', async () => {
    const own = await land('2026-01-07');
    const [manifest, transactions, customers] = ['manifest', 'transactions', 'customers'].map(
      (name) =>
        `clean/2026-01-07/${name}-0123456789abcdef.${name === 'manifest' ? 'json' : 'parquet'}`,
    ) as [string, string, string];
    const steps = [
      { step: 'extract', outputs: { manifest: own } },
      { step: 'transform', outputs: { manifest } },
    ] as never;
    await putRun(store, run('2026-01-07', 'success', { steps }));
    for (const key of [manifest, transactions, customers]) await store.put(key, Buffer.from('x'));
    expect(await standings(financePartitions, store, WANTED)).toEqual({ '2026-01-07': 'done' });
    for (const key of [manifest, transactions, customers]) {
      await store.delete(key);
      const [found] = await statuses(financePartitions, store, WANTED);
      expect([found?.state, found?.work]).toEqual(['missing', '2026-01-07']);
      await store.put(key, Buffer.from('x'));
    }
    // Another version of the rows does not stand for those of this run.
    await store.put('clean/2026-01-07/customers-fedcba9876543210.parquet', Buffer.from('x'));
    await store.put('clean/2026-01-07/manifest-fedcba9876543210.json', Buffer.from('x'));
    await store.delete(customers);
    expect(await standings(financePartitions, store, WANTED)).toEqual({ '2026-01-07': 'missing' });
  });
});
