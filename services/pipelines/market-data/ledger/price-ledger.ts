import { PipelineError } from '../../../core/error.ts';
import type { CallOptions, ObjectStore } from '../../../ports/object-store.ts';

/** Where the ledger lies: what the fact table holds, so small that ten years of 500 symbols are read in a moment. */
export const PRICE_LEDGER_KEY = '_partitions/prices.json';

/** The days of a symbol in the fact table. */
export interface LoadedSymbol {
  /** The first and the last day with a price. */
  first: string;
  last: string;
  /** Sessions between them without one. */
  gaps: readonly string[];
  /** Days whose price is from before the close. */
  open: readonly string[];
  /** The last session of a symbol that is not traded any more. */
  delistedOn: string | null;
  /** The newest reply that is loaded: its day of extraction, its etag, and about where its prices begin. */
  loadedOn: string;
  etag: string;
  loadedFrom: string;
  /** The day of extraction of the loaded reply with most prices, which is the history. */
  historyOn: string;
}

/** A landed history that is not loaded, as after a change of the warehouse. */
export interface UnloadedHistory {
  date: string;
  firstDay: string;
  lastDay: string;
}

/** Asked for in vain, or left for another day. */
export type Unlanded = 'failed' | 'pending';

/**
 * What the store keeps of the warehouse, written by each run that has checked it. It is made of the tables and of the
 * records of extractions alone: without it, the next run makes it again.
 */
export interface PriceLedger {
  version: 1;
  runId: string;
  /** The day of the run: what was extracted on it or later is looked at beside the ledger. */
  asOf: string;
  symbols: Readonly<Record<string, LoadedSymbol>>;
  /** The days of extraction of which a reply is loaded, in order. */
  loadedDays: readonly string[];
  /** By symbol. */
  histories: Readonly<Record<string, UnloadedHistory>>;
  /** By day of extraction and symbol, of sessions that are not loaded. */
  asked: Readonly<Record<string, Readonly<Record<string, Unlanded>>>>;
}

/** The ledger; null before the first. */
export async function readPriceLedger(
  store: Pick<ObjectStore, 'get' | 'url'>,
  options?: CallOptions,
): Promise<PriceLedger | null> {
  const bytes = await store.get(PRICE_LEDGER_KEY, options);
  if (bytes === null) return null;
  const ledger = parsed(bytes);
  if (ledger !== null) return ledger;
  throw new PipelineError(
    'input-invalid',
    `${store.url}/${PRICE_LEDGER_KEY}: no ledger of prices`,
    {
      hint: 'remove the object: the next run of market-data makes it again from the warehouse',
    },
  );
}

/** Keeps the ledger; the same bytes are not written again. */
export async function keepPriceLedger(
  store: ObjectStore,
  ledger: PriceLedger,
  options?: CallOptions,
): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(ledger)}\n`);
  const there = await store.get(PRICE_LEDGER_KEY, options);
  if (there !== null && Buffer.compare(there, bytes) === 0) return;
  await store.put(PRICE_LEDGER_KEY, bytes, options);
}

function parsed(bytes: Uint8Array): PriceLedger | null {
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<PriceLedger> | null;
    const { version, asOf, symbols, asked, histories, loadedDays } = value ?? {};
    const isLedger =
      version === 1 &&
      typeof asOf === 'string' &&
      [symbols, asked, histories].every((one) => typeof one === 'object' && one !== null) &&
      Array.isArray(loadedDays);
    return isLedger ? (value as PriceLedger) : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
