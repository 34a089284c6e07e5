import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { makeCommerceSample } from '../../../services/sample/commerce.ts';
import { runCommerce } from '../../support/commerce-run.ts';
import { curatedSet, tableDigests } from '../../support/commerce-curated.ts';
import { START } from '../../support/pipeline.ts';
import { describeLong } from '../../support/require-component.ts';

const PARAMETERS = { 'min-transactions': '1', 'min-products': '0', 'freshness-hours': '900' };
const OPTIONS = {
  transactions: 1500,
  products: 30,
  events: 900,
  reviews: 200,
  customers: 40,
  lastDay: '2026-01-31',
  days: 3,
};
const FILES = makeCommerceSample({ ...OPTIONS, seed: 11 });
/** The same days of another shop: other rows under the same ids. */
const OTHER = makeCommerceSample({ ...OPTIONS, seed: 12 });

let folder: string;
let whole: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commerce-'));
  whole = await digestsAfter([[...FILES]]);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

type Batch = readonly (readonly [key: string, bytes: Uint8Array])[];

/** Puts each batch and runs after it; the digests of the tables in the end, and the keys of their objects. */
async function digestsAfter(
  batches: readonly Batch[],
  store = newStore(),
): Promise<Record<string, string>> {
  for (const [at, batch] of batches.entries()) {
    for (const [key, bytes] of batch) await store.put(key, bytes);
    await runCommerce({ store, folder }, { runId: `run-${at}`, parameters: PARAMETERS });
  }
  const { parts } = await curatedSet(store);
  const objects = parts.map(({ key }) => key).toSorted();
  return { ...(await tableDigests({ store, folder })), objects: objects.join('\n') };
}

function newStore(): ObjectStore {
  return memoryStore({ bucket: 'commerce', clock: manualClock(START) });
}

function ofDay(day: string, files: ReadonlyMap<string, Uint8Array> = FILES): Batch {
  return [...files].filter(([key]) => key.includes(`date=${day}`));
}

const [D1, D2, D3] = ['2026-01-29', '2026-01-30', '2026-01-31'] as const;

describeLong('the tables are those of one build of everything', () => {
  it('when the days come in order', async () => {
    expect(await digestsAfter([ofDay(D1), ofDay(D2), ofDay(D3)])).toEqual(whole);
  }, 60_000);

  it('when the days come in any other order', async () => {
    expect(await digestsAfter([ofDay(D3), ofDay(D1), ofDay(D2)])).toEqual(whole);
  }, 60_000);

  it('when a day came wrong first and is replaced', async () => {
    const batches = [
      [...FILES].map(([key, bytes]) => [key, OTHER.get(key) ?? bytes] as const),
      ofDay(D2),
      ofDay(D1),
      ofDay(D3),
    ];
    expect(await digestsAfter(batches)).toEqual(whole);
  }, 60_000);

  it('when the same content comes again under another name', async () => {
    const again = ofDay(D2).map(
      ([key, bytes]) => [key.replace(/(\.[a-z]+)$/, '-again$1'), bytes] as const,
    );
    expect(await digestsAfter([[...FILES], again])).toEqual(whole);
  }, 60_000);

  it('when one file holds ids that another day has too, in either order', async () => {
    const key = `raw/transactions/date=${D3}/late.csv`;
    const late = lateFile();
    const atOnce = await digestsAfter([[...FILES, [key, late]]]);
    expect(await digestsAfter([[...FILES], [[key, late]]])).toEqual(atOnce);
    expect(await digestsAfter([[[key, late]], [...FILES]])).toEqual(atOnce);
    expect(atOnce).not.toEqual(whole);
  }, 60_000);
});

/** Rows of the first day again, with other amounts, and rows of it that came late. */
function lateFile(): Uint8Array {
  const [, first] = ofDay(D1).find(([key]) => key.includes('/transactions/')) ?? [];
  const [header = '', ...lines] = Buffer.from(first ?? '')
    .toString('utf8')
    .trimEnd()
    .split('\n');
  const again = lines.slice(0, 20).map((line) => line.replace(/,completed$/, ',returned'));
  const late = lines.slice(20, 40).map((line) => line.replace(/^txn_/, 'late_'));
  return Buffer.from(`${[header, ...again, ...late].join('\n')}\n`);
}

describe('an incremental run', () => {
  it('changes nothing the second time', async () => {
    const store = newStore();
    await digestsAfter([[...FILES]], store);
    const before = await keysOf(store);
    const results = await runCommerce(
      { store, folder },
      { runId: 'again', parameters: PARAMETERS },
    );
    expect(await keysOf(store)).toEqual(before);
    for (const feed of ['transactions', 'products', 'clickstream', 'reviews'])
      expect(results.get(feed)?.outputs).toMatchObject({ files: '0', changed: 'false' });
  }, 60_000);

  it('writes no partition again that the new files do not touch', async () => {
    const store = newStore();
    await digestsAfter([[...ofDay(D1), ...ofDay(D2)]], store);
    const before = await curatedSet(store);
    await digestsAfter([ofDay(D3)], store);
    const after = new Set((await curatedSet(store)).parts.map(({ key }) => key));
    const old = before.parts.filter(({ attributes }) =>
      ['transactions', 'clickstream'].includes(attributes['table'] ?? ''),
    );
    expect(old.length).toBeGreaterThan(10);
    // An id of the sample may come again on the last day; its own day is then looked at again, with the same rows.
    const gone = old.filter(({ key }) => !after.has(key));
    expect(gone).toEqual([]);
  }, 60_000);
});

async function keysOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key, etag } of store.list('')) keys.push(`${key} ${etag}`);
  return keys;
}
