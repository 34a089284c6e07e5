import { isKnownDay } from './price-day.ts';
import { isSymbol } from './symbols.ts';

/** Below it lies what the service has sent, unchanged, by the day of extraction (requirements 2.4). */
export const LANDING_PREFIX = 'raw/stock_data/';

/** A landed reply, by its key. */
export interface LandedName {
  key: string;
  /** The day of extraction. */
  date: string;
  symbol: string;
}

/** The prefix of a day's replies. */
export function landingFolder(date: string): string {
  return `${LANDING_PREFIX}${date}/`;
}

/** The key of the reply for a symbol on a day. */
export function landedKey(date: string, symbol: string): string {
  return `${landingFolder(date)}${symbol}_daily.json`;
}

/** What a key below the prefix names; null for anything else that lies there. */
export function parseLandedKey(key: string): LandedName | null {
  const match = /^raw\/stock_data\/(\d{4}-\d{2}-\d{2})\/([^/]+)_daily\.json$/.exec(key);
  const [, date = '', symbol = ''] = match ?? [];
  return isKnownDay(date) && isSymbol(symbol) ? { key, date, symbol } : null;
}
