import { dayAfter } from '../../../core/trading-calendar.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import type { RecordStore } from '../../../ports/record-store.ts';
import { landingFolder, parseLandedKey } from '../plan/landed.ts';
import { type Extraction, extractionsOf } from '../plan/ledger.ts';
import type { PriceLedger, Unlanded } from './price-ledger.ts';

/** So many days are looked at for what the ledger does not have yet; it is written by every run. */
const DAYS_MAX = 45;
const READS_AT_ONCE = 16;

/** A landed reply whose rows are not in the fact table, in these bytes. */
export interface UnloadedReply {
  symbol: string;
  /** The day of extraction. */
  date: string;
  /** The days that it has prices of; of a reply without a record its day of extraction. */
  firstDay: string;
  lastDay: string;
}

/** What has been extracted since the ledger was written. */
export interface LandedSince {
  unloaded: readonly UnloadedReply[];
  /** By day and symbol. */
  asked: ReadonlyMap<string, ReadonlyMap<string, Unlanded>>;
}

interface Since {
  store: Pick<ObjectStore, 'list'>;
  records: RecordStore;
  ledger: PriceLedger | null;
  /** The last day that is looked at, `YYYY-MM-DD`. */
  to: string;
  signal: AbortSignal;
}

/** Two listings a day, and a record for each symbol that is not as the ledger has it. */
export async function landedSince(since: Since): Promise<LandedSince> {
  const { ledger, to } = since;
  const oldest = dayAfter(to, -DAYS_MAX);
  const from = ledger === null || ledger.asOf < oldest ? oldest : ledger.asOf;
  const unloaded: UnloadedReply[] = [];
  const asked = new Map<string, Map<string, Unlanded>>();
  for (let day = from; day <= to; day = dayAfter(day, 1)) {
    const landed = await landedTags(since, day);
    const fresh = [...landed].filter(([symbol, etag]) => !isLoaded(ledger, { symbol, day, etag }));
    const records = await recordsOf(since, day, [
      ...fresh.map(([symbol]) => symbol),
      ...(await unlandedIds(since, day, landed)),
    ]);
    for (const [symbol] of fresh) {
      const { firstDay, lastDay } = records.get(symbol) ?? {};
      unloaded.push({ symbol, date: day, firstDay: firstDay ?? day, lastDay: lastDay ?? day });
    }
    const those = [...records.values()].flatMap(({ symbol, outcome }) =>
      outcome === 'landed' || landed.has(symbol) ? [] : [[symbol, outcome] as const],
    );
    if (those.length > 0) asked.set(day, new Map(those));
  }
  return { unloaded, asked };
}

async function landedTags({ store, signal }: Since, day: string): Promise<Map<string, string>> {
  const landed = new Map<string, string>();
  for await (const { key, etag } of store.list(landingFolder(day), { signal })) {
    const name = parseLandedKey(key);
    if (name !== null) landed.set(name.symbol, etag);
  }
  return landed;
}

async function unlandedIds(
  { records, signal }: Since,
  day: string,
  landed: ReadonlyMap<string, string>,
): Promise<string[]> {
  const ids: string[] = [];
  for await (const id of records.ids(extractionsOf(day), { signal })) {
    if (!landed.has(id)) ids.push(id);
  }
  return ids;
}

async function recordsOf(
  { records, signal }: Since,
  day: string,
  symbols: readonly string[],
): Promise<Map<string, Extraction>> {
  const found = new Map<string, Extraction>();
  for (let at = 0; at < symbols.length; at += READS_AT_ONCE) {
    const batch = symbols.slice(at, at + READS_AT_ONCE);
    const values = await Promise.all(
      batch.map((symbol) => records.get<Extraction>(extractionsOf(day), symbol, { signal })),
    );
    for (const value of values) if (value !== null) found.set(value.symbol, value);
  }
  return found;
}

function isLoaded(
  ledger: PriceLedger | null,
  { symbol, day, etag }: { symbol: string; day: string; etag: string },
): boolean {
  const known = ledger?.symbols[symbol];
  if (known === undefined || known.loadedOn < day) return false;
  // Of days before the newest loaded one the ledger has no etag: their prices are in the newest too.
  return known.loadedOn > day || known.etag === etag;
}
