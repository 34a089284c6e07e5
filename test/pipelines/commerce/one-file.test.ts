import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import type { FeedName } from '../../../services/pipelines/commerce/door/raw-key.ts';
import { accountsOf, readFeedSet } from '../../../services/pipelines/commerce/set/feed-set.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { makeCommerceSample } from '../../../services/sample/commerce.ts';
import { curatedRows } from '../../support/commerce-curated.ts';
import {
  momentText,
  referenceEvents,
  referenceTransactions,
} from '../../support/commerce-feed-reference.ts';
import { runCommerceStep } from '../../support/commerce-run.ts';
import { START } from '../../support/pipeline.ts';

const DAYS = 8;
const LAST_DAY = '2026-01-31';
const FILES = oneFileEach(
  makeCommerceSample({
    seed: 21,
    transactions: 2000,
    products: 20,
    events: 1500,
    reviews: 20,
    customers: 40,
    lastDay: LAST_DAY,
    days: DAYS,
  }),
);

let folder: string;
let store: ObjectStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commerce-one-'));
  store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
  for (const [key, bytes] of FILES) await store.put(key, bytes);
  const bench = { store, folder, settings: { environment: 'prod' } };
  for (const step of ['validate', 'transactions', 'clickstream'])
    await runCommerceStep(bench, step);
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** All days of a feed in the file of the last one: a row of each day is all over it. */
function oneFileEach(files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const feed of ['transactions', 'clickstream']) {
    const own = [...files].filter(([key]) => key.startsWith(`raw/${feed}/`));
    const texts = own.map(([, bytes]) => Buffer.from(bytes).toString('utf8').trimEnd().split('\n'));
    const header = feed === 'transactions' ? [texts[0]?.[0] ?? ''] : [];
    const lines = texts.map((text) => text.slice(header.length));
    const longest = Math.max(...lines.map(({ length }) => length));
    const mixed = Array.from({ length: longest }, (_, at) =>
      lines.flatMap((day) => day[at] ?? []),
    ).flat();
    const key = own.at(-1)?.[0] ?? '';
    found.set(key, Buffer.from(`${[...header, ...mixed].join('\n')}\n`));
  }
  return found;
}

async function curatedOf(feed: FeedName): Promise<Record<string, string>[]> {
  const { commit } = await readFeedSet(store, feed);
  if (commit === null) throw new Error(`no set of ${feed}`);
  return curatedRows({ store, folder }, feed, { set: commit });
}

describe('a file that holds rows of many days', () => {
  it('becomes the transactions of a slow implementation, one object a day', async () => {
    const expected = referenceTransactions(FILES);
    const rows = await curatedOf('transactions');
    const idOf = ({ transaction_id: id }: { transaction_id?: string }): string => id ?? '';
    const sorted = <T extends { transaction_id?: string }>(of: readonly T[]): T[] =>
      of.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
    expect(sorted(rows)).toEqual(sorted(expected.rows));
    const set = await readFeedSet(store, 'transactions');
    expect(set.curated).toHaveLength(DAYS);
    expect(accountsOf(set).rejectsByRule).toEqual(expected.rejects);
  });

  it('becomes the click events of a slow implementation, one object an hour', async () => {
    const visitor = (ip: string, agent: string): string =>
      createHash('sha256').update(`${ip}\u001f${agent}`).digest('hex').slice(0, 24);
    const expected = referenceEvents(FILES, visitor);
    const keyOf = (row: Record<string, unknown>): string =>
      ['session_id', 'event_type', 'page', 'timestamp', 'device']
        .map((name) => row[name])
        .join('|');
    const rows = await curatedOf('clickstream');
    const wanted = expected.rows.map((row) => keyOf({ ...row, timestamp: momentText(row.at) }));
    expect(rows.map(keyOf).toSorted()).toEqual(wanted.toSorted());
    const { curated } = await readFeedSet(store, 'clickstream');
    const hours = new Set(curated.map(({ attributes }) => attributes['partition']));
    expect(curated).toHaveLength(hours.size);
    expect(hours.size).toBeGreaterThan(DAYS * 10);
  });
});
