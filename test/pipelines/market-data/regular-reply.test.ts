import { describe, expect, it } from 'vitest';
import { readRegular } from '../../../services/pipelines/market-data/extract/regular-reply.ts';
import { readReply } from '../../../services/pipelines/market-data/extract/reply.ts';
import { sharedMarket } from '../../support/shared-market.ts';

const DATE = '2026-01-16';
const META = '"Meta Data": {"2. Symbol": "IBM", "3. Last Refreshed": "2026-01-16"}';
const row = (day: string, open = '1.0000') =>
  `"${day}": {"1. open": "${open}", "2. high": "2.0000", "3. low": "0.5", "4. close": "1.25", "5. volume": "10"}`;
const reply = (...rows: string[]) => `{${META}, "Time Series (Daily)": {${rows.join(', ')}}}`;

describe('a reply as the service writes it', () => {
  it('is read as JSON reads it', () => {
    const text = reply(row('2026-01-16'), row('2026-01-15'), row('2024-02-29'));
    const regular = readRegular(text, DATE);
    expect(regular?.rows.map(({ refreshDate }) => refreshDate)).toEqual([
      '2026-01-16',
      '2026-01-15',
      '2024-02-29',
    ]);
    // The same in another order of fields is read as JSON.
    const other = text.replaceAll(
      /"1\. open": "([^"]+)", "2\. high": "([^"]+)"/g,
      '"2. high": "$2", "1. open": "$1"',
    );
    expect(readRegular(other, DATE)).toBeNull();
    expect(readReply(Buffer.from(text), 'IBM', DATE)).toEqual(
      readReply(Buffer.from(other), 'IBM', DATE),
    );
  });

  it.skipIf(sharedMarket('daily_MSFT_20180816.json') === null)(
    'is what the real replies of whole days are',
    () => {
      for (const name of ['daily_MSFT_20180816.json', 'daily_AAPL_20170427.json']) {
        const text =
          sharedMarket(name)
            ?.toString()
            .replace(/^\uFEFF/, '') ?? '';
        const series = (JSON.parse(text) as Record<string, object>)['Time Series (Daily)'] ?? {};
        expect(readRegular(text, DATE)?.rows).toEqual(
          Object.entries(series as Record<string, Record<string, string>>).map(
            ([refreshDate, one], at) => ({
              line: at + 1,
              refreshDate,
              open: one['1. open'],
              high: one['2. high'],
              low: one['3. low'],
              close: one['4. close'],
              volume: one['5. volume'],
              isPlain: true,
            }),
          ),
        );
      }
    },
  );

  it.each([
    ['a day twice', reply(row('2026-01-16'), row('2026-01-16', '3.0000'))],
    ['days that rise', reply(row('2026-01-15'), row('2026-01-16'))],
    ['a day that there is not', reply(row('2025-02-29'))],
    ['a day to come', reply(row('2026-01-17'), row('2026-01-16'))],
    ['a day before the calendar', reply(row('2026-01-16'), row('1989-12-29'))],
    ['a day with a time', reply(row('2026-01-16 12:00:00'))],
    ['a price in words', reply(row('2026-01-16', 'n/a'))],
    ['a price with an exponent', reply(row('2026-01-16', '1e5'))],
    ['no days', reply()],
    ['a comma too many', reply(row('2026-01-16'), '')],
    ['more behind the end', `${reply(row('2026-01-16'))}{}`],
    ['a field behind the series', `{"Time Series (Daily)": {${row('2026-01-16')}}, "Note": "x"}`],
    ['an end too early', reply(row('2026-01-16')).slice(0, -1)],
    [
      'the series inside another field',
      `{"a": "\\"Time Series (Daily)\\"", "Time Series (Daily)": {${row('2026-01-16')}}}`,
    ],
  ])('is not one with %s', (_name, text) => {
    expect(readRegular(text, DATE)).toBeNull();
  });

  it('takes the last of a day that is there twice, as JSON does', () => {
    const read = readReply(
      Buffer.from(reply(row('2026-01-16'), row('2026-01-16', '3.0000'))),
      'IBM',
      DATE,
    );
    expect(read).toMatchObject({ outcome: 'prices', rows: [{ open: '3.0000' }] });
  });
});
