import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { newYorkDay } from '../core/trading-calendar.ts';
import {
  COMPACT_SESSIONS,
  dailyPrices,
  type DayPrice,
  isListed,
  runningSession,
} from './market-data.ts';

/** Where the API is served, and how it behaves. */
export interface MarketServerOptions {
  /** The interface to listen at; `0.0.0.0` is for a container. */
  host: string;
  /** 0 for any. */
  port: number;
  /** Whether another port will do when this one is taken. */
  isPortPreferred: boolean;
  seed: number;
  now: () => Date;
  /** Calls that are answered within any minute and within a day in New York; without it all are. */
  quota?: { perMinute: number; perDay: number };
  /** The one key that is taken; without it any but an empty one is. */
  key?: string;
  /** Refuses the full history, as the service does without a plan. */
  isFullPremium?: boolean;
  /** What a symbol is answered in place of its prices: bytes with status 200, or a status alone. */
  replies?: ReadonlyMap<string, Uint8Array | number>;
}

/** One call that came, refused ones too. */
export interface MarketCall {
  symbol: string;
  outputsize: string;
  atMs: number;
  /** `prices`, or which error was sent. */
  answer: 'prices' | 'key' | 'day' | 'minute' | 'premium' | 'symbol' | 'function' | 'planned';
}

/** An API that is being served. */
export interface MarketServer {
  /** The address of the queries. */
  url: string;
  readonly calls: MarketCall[];
  /** Ends all connections. Closing twice is closing once. */
  close(): Promise<void>;
}

const MINUTE_MS = 60_000;

/**
 * Serves daily prices as Alpha Vantage does: TIME_SERIES_DAILY, compact and full, JSON alone, every error with status
 * 200. The words are those of replies found in public (requirements 2.3). Whoever starts it closes it.
 */
export async function serveMarket(options: MarketServerOptions): Promise<MarketServer> {
  const calls: MarketCall[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (url.pathname !== '/query') {
      response.writeHead(404).end();
      return;
    }
    const { body, status } = answer(url.searchParams, { ...options, calls });
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  const port = await listen(server, options);
  return {
    url: `http://${options.host}:${port}/query`,
    calls,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Asked extends MarketServerOptions {
  calls: MarketCall[];
}

function answer(query: URLSearchParams, asked: Asked): { status: number; body: Uint8Array } {
  const symbol = query.get('symbol') ?? '';
  const outputsize = query.get('outputsize') ?? 'compact';
  const key = query.get('apikey') ?? '';
  const planned = asked.replies?.get(symbol);
  const refusal = refusalOf({ symbol, outputsize, key, kind: query.get('function') }, asked);
  const note = (what: MarketCall['answer']) =>
    void asked.calls.push({ symbol, outputsize, atMs: asked.now().getTime(), answer: what });
  if (refusal !== null) {
    note(refusal.answer);
    return { status: 200, body: json(refusal.body) };
  }
  if (planned !== undefined) {
    note('planned');
    const isStatus = typeof planned === 'number';
    return { status: isStatus ? planned : 200, body: isStatus ? Buffer.from('') : planned };
  }
  note('prices');
  const prices = dailyPrices(symbol, asked.seed, asked.now());
  const isFull = outputsize === 'full';
  const shown = isFull ? prices : prices.slice(-COMPACT_SESSIONS);
  return { status: 200, body: json(seriesOf(shown, { symbol, isFull, now: asked.now() })) };
}

interface Query {
  symbol: string;
  outputsize: string;
  key: string;
  kind: string | null;
}

type Refusal = { answer: MarketCall['answer']; body: object };

/** In the order in which the service looks: the key, the quotas, the function, what the plan holds, the symbol. */
function refusalOf(query: Query, asked: Asked): Refusal | null {
  const { symbol, outputsize, key, kind } = query;
  if (key === '' || (asked.key !== undefined && key !== asked.key)) {
    return { answer: 'key', body: { 'Error Message': BAD_KEY } };
  }
  const spent = quotaRefusal(asked, key);
  if (spent !== null) return spent;
  if (kind !== 'TIME_SERIES_DAILY') {
    return { answer: 'function', body: { 'Error Message': badCall('') } };
  }
  if (asked.isFullPremium === true && outputsize === 'full') {
    return { answer: 'premium', body: { Information: PREMIUM } };
  }
  if (asked.replies?.has(symbol) === true || isListed(symbol)) return null;
  return { answer: 'symbol', body: { 'Error Message': badCall('TIME_SERIES_DAILY') } };
}

function quotaRefusal({ quota, calls, now }: Asked, key: string): Refusal | null {
  if (quota === undefined) return null;
  const counted = calls.filter(({ answer: what }) => what !== 'key');
  const today = newYorkDay(now());
  const ofDay = counted.filter(({ atMs }) => newYorkDay(new Date(atMs)) === today);
  if (ofDay.length >= quota.perDay) {
    return { answer: 'day', body: { Information: dayQuota(key, quota.perDay) } };
  }
  const ofMinute = counted.filter(({ atMs }) => atMs > now().getTime() - MINUTE_MS);
  if (ofMinute.length < quota.perMinute) return null;
  return { answer: 'minute', body: { Note: minuteQuota(quota) } };
}

const BAD_KEY =
  'the parameter apikey is invalid or missing. Please claim your free API key on (https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds.';
const PREMIUM =
  'Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to instantly unlock all premium endpoints';

function badCall(kind: string): string {
  return `Invalid API call. Please retry or visit the documentation (https://www.alphavantage.co/documentation/) for ${kind}.`;
}

function dayQuota(key: string, perDay: number): string {
  return `We have detected your API key as ${key} and our standard API rate limit is ${perDay} requests per day. Please subscribe to any of the premium plans at https://www.alphavantage.co/premium/ to instantly remove all daily rate limits.`;
}

function minuteQuota({ perMinute, perDay }: { perMinute: number; perDay: number }): string {
  return `Thank you for using Alpha Vantage! Our standard API call frequency is ${perMinute} calls per minute and ${perDay} calls per day. Please visit https://www.alphavantage.co/premium/ if you would like to target a higher API call frequency.`;
}

function seriesOf(
  prices: readonly DayPrice[],
  { symbol, isFull, now }: { symbol: string; isFull: boolean; now: Date },
): object {
  const running = runningSession(now);
  const last = prices.at(-1)?.day ?? '';
  const refreshed = running === null ? last : `${running} ${newYorkTime(now)}`;
  const rows = prices.toReversed().map((one) => [one.day, rowOf(one)] as const);
  return {
    'Meta Data': {
      '1. Information': 'Daily Prices (open, high, low, close) and Volumes',
      '2. Symbol': symbol,
      '3. Last Refreshed': refreshed,
      '4. Output Size': isFull ? 'Full size' : 'Compact',
      '5. Time Zone': 'US/Eastern',
    },
    'Time Series (Daily)': Object.fromEntries(rows),
  };
}

function rowOf({ open, high, low, close, volume }: DayPrice): Record<string, string> {
  return {
    '1. open': open,
    '2. high': high,
    '3. low': low,
    '4. close': close,
    '5. volume': volume,
  };
}

function newYorkTime(moment: Date): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: 'America/New_York',
    timeStyle: 'medium',
  }).format(moment);
}

function json(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 4)}\n`);
}

async function listen(server: Server, options: MarketServerOptions): Promise<number> {
  const { host, port, isPortPreferred } = options;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (port === 0 || !isTaken || !isPortPreferred) throw error;
    return listen(server, { ...options, port: 0 });
  }
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}
