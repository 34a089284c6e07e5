import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { namedQueries } from '../../../services/pipelines/commerce/answer/ask.ts';
import { FEED_NAMES } from '../../../services/pipelines/commerce/door/raw-key.ts';
import { FEEDS as RULES } from '../../../services/pipelines/commerce/feed/feeds.ts';
import { accountsOf, readFeedSet } from '../../../services/pipelines/commerce/set/feed-set.ts';
import { secret } from '../../../services/core/secret.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { curatedRows, TABLES } from '../../support/commerce-curated.ts';
import {
  momentText,
  type ReferenceEvent,
  referenceEvents,
  referenceTransactions,
} from '../../support/commerce-feed-reference.ts';
import { referenceProducts, referenceReviews } from '../../support/commerce-item-reference.ts';
import {
  referenceCustomers,
  referenceDays,
  referencePerformance,
  referenceSales,
} from '../../support/commerce-merge-reference.ts';
import { FILES, LATE_FILES } from '../../support/commerce-odd-files.ts';
import type { ShopRows } from '../../support/commerce-rows.ts';
import { runCommerce } from '../../support/commerce-run.ts';
import {
  referenceSessions,
  referenceTraffic,
  referenceVisits,
  type Row,
} from '../../support/commerce-visit-reference.ts';
import { REFERENCE } from '../../support/named-reference.ts';
import { openOwnEngine, START } from '../../support/pipeline.ts';
import { describeLong } from '../../support/require-component.ts';

const DAY = '2026-01-31';
const SALT = 'a salt of the test';
/** Of an address and a browser, as it is published: nobody finds it by trying addresses. */
const visitor = (ip: string, agent: string): string => {
  const own = createHash('sha256').update(`${ip}\u001f${agent}`).digest('hex').slice(0, 24);
  return createHmac('sha256', SALT).update(`visitor:${own}`).digest('hex');
};

/** What all files hold, however they came. */
const ALL = new Map([...FILES, ...LATE_FILES]);
const FEEDS = {
  transactions: referenceTransactions(ALL),
  products: referenceProducts(ALL),
  clickstream: referenceEvents(ALL, visitor),
  reviews: referenceReviews(ALL),
};
const SESSIONS = referenceSessions(FEEDS.clickstream.rows);
const CURATED = {
  transactions: FEEDS.transactions.rows,
  products: FEEDS.products.rows,
  events: FEEDS.clickstream.rows,
  sessions: SESSIONS,
  reviews: FEEDS.reviews.rows,
};
const EXPECTED: Readonly<Record<string, () => readonly object[]>> = {
  transactions: () => CURATED.transactions,
  products: () => CURATED.products,
  clickstream: () => CURATED.events.map(clickRow),
  reviews: () => CURATED.reviews,
  sessions: () => referenceVisits(SESSIONS),
  traffic_hourly: () => referenceTraffic(SESSIONS, 13),
  traffic_daily: () => referenceTraffic(SESSIONS, 10),
  sales_enriched: () => referenceSales(CURATED),
  customer_360: () => referenceCustomers(CURATED),
  product_performance: () => referencePerformance(CURATED, DAY),
  daily_summary: () => referenceDays(CURATED),
};

let folder: string;
let store: ObjectStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commerce-'));
  store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
  const bench = { store, folder, settings: { environment: 'prod', personSalt: secret(SALT) } };
  for (const [at, files] of [FILES, LATE_FILES].entries()) {
    for (const [key, bytes] of files) await store.put(key, bytes);
    await runCommerce(bench, { runId: `run-${at}`, logicalDate: DAY });
  }
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

function clickRow({ at, ...row }: ReferenceEvent): Row {
  const timestamp = momentText(at);
  const [year, month, day] = timestamp.slice(0, 10).split('-');
  const hour = timestamp.slice(11, 13);
  const numbers = { year, month, day, hour };
  const parts = Object.entries(numbers).map(([name, text]) => [name, String(Number(text))]);
  return { ...row, timestamp, user_agent: '', ...Object.fromEntries(parts) };
}

/** Rows as lines of texts, so that their order does not matter. */
function linesOf(rows: readonly object[]): string[] {
  return rows
    .map((row) => JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .toSorted();
}

describe('of a shop with every flaw, the files of which came in two runs, the older ones later', () => {
  it('there is a slow implementation of every table', () => {
    expect(Object.keys(EXPECTED).toSorted()).toEqual(TABLES.toSorted());
  });

  it.each(Object.keys(EXPECTED))(
    'every row and every column of %s is what a slow implementation says',
    async (table) => {
      const expected = linesOf(EXPECTED[table]!());
      expect(expected.length).toBeGreaterThan(3);
      expect(linesOf(await curatedRows({ store, folder }, table))).toEqual(expected);
    },
  );

  it.each(FEED_NAMES)(
    'rows in = published + rejected in %s, and each reject is in the quarantine for the right rule',
    async (name) => {
      const set = await readFeedSet(store, name);
      const accounts = accountsOf(set);
      const expected = FEEDS[name];
      const lines = [];
      for (const { key } of set.quarantine) {
        const bytes = await store.get(key);
        lines.push(...Buffer.from(bytes!).toString('utf8').trim().split('\n'));
      }
      expect(accounts.rowsIn - accounts.published - accounts.rejected).toBe(0);
      expect(accounts.rowsIn).toBe(expected.rowsIn);
      expect(accounts.published).toBe(expected.rows.length);
      expect(accounts.rejectsByRule).toEqual(expected.rejects);
      expect(lines).toHaveLength(accounts.rejected);
      for (const line of lines)
        expect(JSON.parse(line)).toMatchObject({
          object: expect.stringMatching(`^raw/${name}/`) as string,
          line: expect.any(Number) as number,
          rule: expect.any(String) as string,
        });
    },
  );

  it.each(FEED_NAMES)('every rule of %s refuses a row', (name) => {
    const { typedSql, winner } = RULES[name];
    const rules = [...typedSql.matchAll(/THEN '([a-z]+(?:-[a-z]+)+)'/g)].map(([, rule]) => rule);
    expect(rules.length).toBeGreaterThan(5);
    rules.push(winner === 'first' ? 'duplicate' : 'superseded');
    expect(new Set(Object.keys(FEEDS[name].rejects))).toEqual(new Set(rules));
  });

  it('sessions are split, sales of unknown products and unknown categories stay', () => {
    expect(SESSIONS.some(({ session_seq: seq }) => seq > 1)).toBe(true);
    const ids = new Set(CURATED.products.map((one) => one.product_id));
    expect(CURATED.transactions.some((row) => !ids.has(row.product_id))).toBe(true);
    expect(CURATED.transactions.some((row) => row.transaction_date < '2026')).toBe(true);
    expect(CURATED.products.some(({ category }) => category === 'Unheard of')).toBe(true);
  });

  it.each(Object.keys(REFERENCE))(
    '%s, asked of the published tables, is what a slow implementation says of the files',
    async (name) => {
      const { found, wanted } = await asked(name, DAY);
      expect(wanted.length).toBeGreaterThan(0);
      expect(found).toEqual(wanted);
    },
  );
});

describeLong('asked of the published tables as of an earlier day', () => {
  const cases = Object.keys(REFERENCE).flatMap((name) =>
    ['2026-01-29', '2025-12-20'].map((asOf) => [name, asOf] as const),
  );
  it.each(cases)(
    '%s as of %s is what a slow implementation says of the files',
    async (name, asOf) => {
      const { found, wanted } = await asked(name, asOf);
      expect(wanted.length).toBeGreaterThan(0);
      expect(found).toEqual(wanted);
    },
  );
});

async function asked(
  name: string,
  asOf: string,
): Promise<{ found: string[][]; wanted: string[][] }> {
  const ports = {
    store,
    openEngine: openOwnEngine,
    cache: join(folder, 'cache'),
    log: { debug() {}, info() {}, warn() {}, error() {} },
    signal: new AbortController().signal,
  };
  const { result } = await namedQueries.ask(ports, name, asOf);
  const texts = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.map(String));
  return { found: texts(result.rows), wanted: texts(REFERENCE[name]!(shopOf(), asOf)) };
}

/** The curated rows of the slow implementations, as the named queries' own take them. */
function shopOf(): ShopRows {
  const cents = (text: string): number => Math.round(Number(text) * 100);
  return {
    transactions: CURATED.transactions.map((row) => ({
      ...row,
      quantity: Number(row.quantity),
      price: cents(row.price),
      total_amount: cents(row.total_amount),
    })),
    products: CURATED.products.map((row) => ({
      ...row,
      price: cents(row.price),
      stock: Number(row.stock),
      is_active: row.is_active === 'true',
      rating: row.rating === '' ? null : row.rating,
    })),
    clicks: CURATED.events.map((row) => ({ ...row, timestamp: momentText(row.at) })),
    reviews: [],
  };
}
