import { sha256 } from '../core/manifest.ts';
import {
  closeOf,
  lastCompletedSession,
  sessionOn,
  sessionsBetween,
} from '../core/trading-calendar.ts';

/** The day with which the service's own history begins. */
const FIRST_DAY = '1999-11-01';
/** What the service sends without being asked for the full history. */
export const COMPACT_SESSIONS = 100;
const HOUR_MS = 3_600_000;
/** How long before the close a session opens, 6.5 hours; an early close is taken into account by the close. */
const SESSION_MS = 6.5 * HOUR_MS;

/** What the sample is asked for: five that there are, and one that there is not. */
export const SAMPLE_SYMBOLS = ['IBM', 'AAPL', 'MSFT', 'KO', 'NVDA', 'NOSUCH'] as const;
const UNKNOWN_SYMBOLS: ReadonlySet<string> = new Set(['NOSUCH', 'ABCDE']);

/** One day of a made-up share, exact to four decimals as the service writes them. */
export interface DayPrice {
  day: string;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string;
}

/** True for what the sample has prices of: one to five letters, but for a few that are kept unknown. */
export function isListed(symbol: string): boolean {
  return /^[A-Z]{1,5}$/.test(symbol) && !UNKNOWN_SYMBOLS.has(symbol);
}

/**
 * Prices of a share on every session up to a moment, oldest first; a session that goes on is in it. The price of a day
 * depends on the seed, the symbol and the day alone, so that what was told once is told again.
 */
export function dailyPrices(symbol: string, seed: number, until: Date): DayPrice[] {
  const random = seeded(Number.parseInt(sha256(`${seed} ${symbol}`).slice(0, 8), 16));
  let cents = 2_000 + Math.floor(random() * 18_000);
  const usual = 500_000 + Math.floor(random() * 20_000_000);
  return days(until).map((day) => {
    const open = moved(cents, (random() - 0.5) * 0.012);
    const close = moved(open, (random() - 0.495) * 0.036);
    const high = moved(Math.max(open, close), random() * 0.012);
    const low = moved(Math.min(open, close), -random() * 0.012);
    cents = close;
    const volume = Math.floor(usual * (0.5 + random() ** 2 * 2));
    const [o, h, l, c] = [open, high, low, close].map((one) => `${(one / 100).toFixed(2)}00`);
    return { day, open: o!, high: h!, low: l!, close: c!, volume: String(volume) };
  });
}

const known = new Map<string, string[]>();

function days(until: Date): string[] {
  const completed = lastCompletedSession(until).day;
  const last = runningSession(until) ?? completed;
  const list = known.get(last) ?? sessionsBetween(FIRST_DAY, last).map(({ day }) => day);
  known.set(last, list);
  return list;
}

/** The day of the session that goes on at this moment, null when there is none. */
export function runningSession(moment: Date): string | null {
  const session = sessionOn(moment.toISOString().slice(0, 10));
  if (session === null) return null;
  const untilCloseMs = closeOf(session).getTime() - moment.getTime();
  return untilCloseMs > 0 && untilCloseMs <= SESSION_MS ? session.day : null;
}

/** A price in cents after a move, at least one cent. */
function moved(cents: number, share: number): number {
  return Math.max(1, Math.round(cents * (1 + share)));
}

function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
