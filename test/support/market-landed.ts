import type { MarketBench } from './market.ts';

/** One day of a made-up reply. */
export interface Day {
  day: string;
  close?: string;
  open?: string;
  volume?: string;
}

/** A reply of the service that has these days. */
export function replyBytes(symbol: string, days: readonly Day[]): Buffer {
  const rows = days.map(({ day, open = '10.0000', close = '10.5000', volume = '100' }) => [
    day,
    {
      '1. open': open,
      '2. high': '20.0000',
      '3. low': '1.0000',
      '4. close': close,
      '5. volume': volume,
    },
  ]);
  const series = Object.fromEntries(rows) as object;
  return Buffer.from(
    JSON.stringify({ 'Meta Data': { '2. Symbol': symbol }, 'Time Series (Daily)': series }),
  );
}

/** Lands a reply of these days. */
export async function land(
  { store }: MarketBench,
  name: { date: string; symbol: string },
  days: readonly Day[],
): Promise<void> {
  const { date, symbol } = name;
  await store.put(`raw/stock_data/${date}/${symbol}_daily.json`, replyBytes(symbol, days));
}

const FULL = ['2026-01-05', '2026-01-06', '2026-01-07', '2026-01-08', '2026-01-09', '2026-01-12'];

/** The days of extraction that `landThree` lands. */
export const THREE_DATES = ['2026-01-12', '2026-01-13', '2026-01-14'] as const;

/** Three days of extraction of two symbols: the history, then two that overlap it and revise a day each. */
export async function landThree(one: MarketBench): Promise<void> {
  const [first, second, third] = THREE_DATES;
  for (const symbol of ['IBM', 'KO']) {
    const whole = FULL.map((day) => ({ day }));
    await land(one, { date: first, symbol }, whole);
    await land(one, { date: second, symbol }, [
      { day: '2026-01-09', close: '11.1111' },
      { day: '2026-01-12' },
      { day: '2026-01-13' },
    ]);
    await land(one, { date: third, symbol }, [
      { day: '2026-01-12', close: '12.2222' },
      { day: '2026-01-13' },
      { day: '2026-01-14' },
    ]);
  }
}
