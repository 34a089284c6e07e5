import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { accountsOf, readFeedSet } from '../../../services/pipelines/commerce/set/feed-set.ts';
import { FEED_NAMES } from '../../../services/pipelines/commerce/door/raw-key.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { makeCommerceSample } from '../../../services/sample/commerce.ts';
import {
  momentText,
  referenceEvents,
  referenceSessions,
  referenceTransactions,
} from '../../support/commerce-feed-reference.ts';
import { runCommerce } from '../../support/commerce-run.ts';
import { curatedRows } from '../../support/commerce-curated.ts';
import { START } from '../../support/pipeline.ts';

const FILES = makeCommerceSample({
  seed: 3,
  transactions: 6000,
  products: 120,
  events: 6000,
  reviews: 800,
  customers: 60,
  lastDay: '2026-01-31',
  days: 4,
});

let folder: string;
let store: ObjectStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commerce-'));
  store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
  for (const [key, bytes] of FILES) await store.put(key, bytes);
  await runCommerce({ store, folder, settings: { environment: 'prod' } });
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const visitor = (ip: string, agent: string): string =>
  createHash('sha256').update(`${ip}\u001f${agent}`).digest('hex').slice(0, 24);

describe('of a shop with every flaw', () => {
  it('every transaction is that of a slow implementation of the rules, and so is every reject', async () => {
    const expected = referenceTransactions(FILES);
    const rows = await curatedRows({ store, folder }, 'transactions', { order: 'transaction_id' });
    const byId = expected.rows.toSorted((a, b) => (a.transaction_id < b.transaction_id ? -1 : 1));
    expect(rows).toEqual(byId);
    expect(accountsOf(await readFeedSet(store, 'transactions')).rejectsByRule).toEqual(
      expected.rejects,
    );
    expect(Object.keys(expected.rejects).length).toBeGreaterThan(6);
  });

  it('every click event is that of a slow implementation, and so are its rejects', async () => {
    const expected = referenceEvents(FILES, visitor);
    const rows = await curatedRows({ store, folder }, 'clickstream');
    const keyOf = (row: Record<string, unknown>): string =>
      ['session_id', 'customer_id', 'event_type', 'page', 'timestamp', 'device', 'browser']
        .map((name) => row[name])
        .join('|');
    const wanted = expected.rows.map((row) => keyOf({ ...row, timestamp: momentText(row.at) }));
    expect(rows.map(keyOf).toSorted()).toEqual(wanted.toSorted());
    expect(accountsOf(await readFeedSet(store, 'clickstream')).rejectsByRule).toEqual(
      expected.rejects,
    );
    expect(Object.keys(expected.rejects).length).toBeGreaterThan(3);
  });

  it('every session is that of walking through its events', async () => {
    const expected = referenceSessions(referenceEvents(FILES, visitor).rows);
    const rows = await curatedRows({ store, folder }, 'sessions');
    const found = rows.map((row) =>
      [
        row['session_key'],
        row['started_at'],
        row['ended_at'],
        row['event_count'],
        row['purchases'],
        row['furthest_stage'],
      ].join('|'),
    );
    const wanted = expected.map((one) =>
      [
        `${one.session_id}#${one.session_seq}`,
        momentText(one.started_at),
        momentText(one.ended_at),
        one.event_count,
        one.purchases,
        one.furthest_stage,
      ].join('|'),
    );
    expect(found.toSorted()).toEqual(wanted.toSorted());
    expect(expected.some(({ session_seq }) => session_seq > 1)).toBe(true);
  });

  it.each(FEED_NAMES)(
    'rows in = published + rejected in %s, and each reject is in the quarantine',
    async (name) => {
      const set = await readFeedSet(store, name);
      const accounts = accountsOf(set);
      const lines = [];
      for (const { key } of set.quarantine) {
        const bytes = await store.get(key);
        lines.push(
          ...Buffer.from(bytes ?? '')
            .toString('utf8')
            .trim()
            .split('\n'),
        );
      }
      expect(accounts.rejected).toBeGreaterThan(0);
      expect(accounts.rowsIn).toBe(accounts.published + accounts.rejected);
      expect(lines).toHaveLength(accounts.rejected);
      for (const line of lines)
        expect(JSON.parse(line)).toMatchObject({
          object: expect.stringMatching(`^raw/${name}/`) as string,
          line: expect.any(Number) as number,
          rule: expect.any(String) as string,
        });
    },
  );

  it('sales_enriched has every transaction once, orphans too, and one first order a customer', async () => {
    const expected = referenceTransactions(FILES);
    const rows = await curatedRows({ store, folder }, 'sales_enriched');
    expect(rows).toHaveLength(expected.rows.length);
    const orphans = expected.rows.filter(({ product_id }) => product_id === 'prod_999999').length;
    expect(rows.filter(({ is_orphan }) => is_orphan === 'true')).toHaveLength(orphans);
    expect(orphans).toBeGreaterThan(0);
    const customers = new Set(expected.rows.map(({ customer_id }) => customer_id));
    expect(rows.filter(({ is_first_order }) => is_first_order === 'true')).toHaveLength(
      customers.size,
    );
  });

  it('a product whose price changed has the newest one', async () => {
    const rows = await curatedRows({ store, folder }, 'products', { order: 'product_id' });
    const newest = new Map<string, number>();
    for (const [key, bytes] of [...FILES].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      if (key.startsWith('raw/products/'))
        for (const line of Buffer.from(bytes).toString('utf8').split('\n'))
          if (line.endsWith('}')) {
            const { product_id: id, price } = JSON.parse(line) as {
              product_id: string;
              price: number;
            };
            newest.set(id, price);
          }
    expect(rows.length).toBe(121);
    for (const row of rows) expect(Number(row['price'])).toBe(newest.get(row['product_id'] ?? ''));
  });
});
