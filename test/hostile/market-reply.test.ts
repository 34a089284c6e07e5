import { describe, expect, it } from 'vitest';
import { readReply } from '../../services/pipelines/market-data/extract/reply.ts';
import { sharedMarket } from '../support/shared-market.ts';

const ROW =
  '{"1. open":"1.0000","2. high":"2.0000","3. low":"0.5000","4. close":"1.5000","5. volume":"10"}';
const series = (rows: string, symbol = 'IBM') =>
  `{"Meta Data":{"2. Symbol":"${symbol}","3. Last Refreshed":"2026-01-16"},"Time Series (Daily)":${rows}}`;
const GOOD = series(`{"2026-01-16":${ROW}}`);
const nested = (open: string, close: string, depth: number) =>
  open.repeat(depth) + close.repeat(depth);

/** Bytes with status 200, and what they are. */
const BAD: readonly (readonly [
  name: string,
  body: string | Uint8Array,
  outcome: string,
  kind: string,
])[] = [
  ['nothing', '', 'unreadable', 'input-invalid'],
  ['blanks', ' \n ', 'unreadable', 'input-invalid'],
  ['a byte order mark alone', '\uFEFF', 'unreadable', 'input-invalid'],
  ['a page', '<!DOCTYPE html><html><body>Maintenance</body></html>', 'unreadable', 'input-invalid'],
  ['a page behind a mark', '\uFEFF<html>', 'unreadable', 'input-invalid'],
  [
    'CSV',
    'timestamp,open,high,low,close,volume\n2026-01-16,1,2,0.5,1.5,10\n',
    'unreadable',
    'input-invalid',
  ],
  ['words', 'Service Unavailable', 'unreadable', 'input-invalid'],
  ['null', 'null', 'unreadable', 'input-invalid'],
  ['a list', '[]', 'unreadable', 'input-invalid'],
  ['a number', '42', 'unreadable', 'input-invalid'],
  ['an empty object', '{}', 'unreadable', 'input-invalid'],
  ['JSON that breaks off', GOOD.slice(0, -20), 'unreadable', 'input-invalid'],
  ['JSON cut after the first byte', '{', 'unreadable', 'input-invalid'],
  ['two replies', GOOD + GOOD, 'unreadable', 'input-invalid'],
  ['UTF-16', Buffer.from(`\uFEFF${GOOD}`, 'utf16le'), 'unreadable', 'input-invalid'],
  [
    'bytes that are no UTF-8',
    Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
    'unreadable',
    'input-invalid',
  ],
  ['an empty series', series('{}'), 'unreadable', 'input-invalid'],
  ['a series that is a list', series('[]'), 'unreadable', 'input-invalid'],
  ['a series that is null', series('null'), 'unreadable', 'input-invalid'],
  [
    'a series under __proto__',
    `{"__proto__":{"Time Series (Daily)":{"2026-01-16":${ROW}}}}`,
    'unreadable',
    'input-invalid',
  ],
  [
    'the weekly series',
    `{"Weekly Time Series":{"2026-01-16":${ROW}}}`,
    'unreadable',
    'input-invalid',
  ],
  [
    'days that are no objects',
    series('{"2026-01-16":1,"2026-01-15":null}'),
    'unreadable',
    'input-invalid',
  ],
  [
    'prices that are numbers',
    series('{"2026-01-16":{"1. open":1.5}}'),
    'unreadable',
    'input-invalid',
  ],
  ['another symbol', series(`{"2026-01-16":${ROW}}`, 'AAPL'), 'unreadable', 'input-invalid'],
  ['10,000 lists in each other', nested('[', ']', 10_000), 'unreadable', 'input-invalid'],
  [
    'a day 10,000 deep',
    series(`{"2026-01-16":{"1. open":${nested('[', ']', 10_000)}}}`),
    'unreadable',
    'input-invalid',
  ],
  ['an error that is no text', '{"Error Message":{"a":1}}', 'unreadable', 'input-invalid'],
  ['an error in unknown words', '{"Error Message":"Oops"}', 'unreadable', 'input-invalid'],
  [
    'more days than there are',
    series(`{${Array.from({ length: 50_001 }, (_, at) => `"${at}":${ROW}`).join()}}`),
    'unreadable',
    'too-large',
  ],
  [
    'the error of a bad symbol',
    '{"Error Message":"Invalid API call. Please retry or visit the documentation (https://www.alphavantage.co/documentation/) for TIME_SERIES_DAILY."}',
    'bad-symbol',
    'input-invalid',
  ],
  [
    'the error of a bad key',
    '{"Error Message":"the parameter apikey is invalid or missing. Please claim your free API key on (https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds."}',
    'bad-key',
    'denied',
  ],
  [
    'the words on the demo key',
    '{"Information":"The **demo** API key is for demo purposes only. Please claim your free API key at (https://www.alphavantage.co/support/#api-key) to explore our full API offerings."}',
    'bad-key',
    'denied',
  ],
  [
    'the words on a premium endpoint',
    '{"Information":"Thank you for using Alpha Vantage! This is a premium endpoint. You may subscribe to any of the premium plans"}',
    'premium',
    'denied',
  ],
  [
    'the words on one request a second',
    '{"Information":"Thank you for using Alpha Vantage! Please consider spreading out your free API requests more sparingly (1 request per second)."}',
    'minute-quota',
    'throttled',
  ],
  [
    'the older note on a minute',
    '{"Note":"Our standard API call frequency is 5 calls per minute and 100 calls per day."}',
    'minute-quota',
    'throttled',
  ],
];

describe('a reply with status 200 that holds', () => {
  it.each(BAD)('%s is what it is', (_name, body, outcome, kind) => {
    const reply = readReply(Buffer.from(body), 'IBM', '2026-01-16');
    expect(reply).toMatchObject({ outcome, kind });
    expect(JSON.stringify(reply).length).toBeLessThan(200);
  });

  it('covers thirty kinds', () => {
    expect(BAD.length).toBeGreaterThanOrEqual(30);
  });
});

describe('a good reply', () => {
  it('keeps every value as it was written, and may hold a note beside it', () => {
    const reply = readReply(
      Buffer.from(GOOD.replace('{', '{"Note":"Buy more!",')),
      'IBM',
      '2026-01-16',
    );
    expect(reply).toMatchObject({
      outcome: 'prices',
      rows: [{ line: 1, refreshDate: '2026-01-16', open: '1.0000', volume: '10' }],
      isFinal: true,
    });
  });

  it.each([
    ['a day named with its time', `{"2026-01-16 12:14:00":${ROW}}`, '2026-01-16', false],
    ['a day refreshed before the close', `{"2026-01-16":${ROW}}`, '2026-01-16 15:59:59', false],
    ['a day refreshed after the close', `{"2026-01-16":${ROW}}`, '2026-01-16 16:00:01', true],
    ['a half day refreshed after its close', `{"2024-11-29":${ROW}}`, '2024-11-29 13:00:00', true],
  ])('tells a session that was not over by %s', (_name, rows, refreshed, isFinal) => {
    const body = series(rows).replace(
      '"3. Last Refreshed":"2026-01-16"',
      `"3. Last Refreshed":"${refreshed}"`,
    );
    const reply = readReply(Buffer.from(body), 'IBM', '2026-01-16');
    expect(reply).toMatchObject({ outcome: 'prices', isFinal });
  });

  it('gives rows that no table takes as rejects, and the others as rows', () => {
    const rows = `{"2026-01-16":${ROW},"2026-01-15":{"1. open":2},"2026-01-14":7,"2026-01-13":{"1. open":"${'9'.repeat(21)}"},"2026-01-12":{"1. open":"1\\u0000"}}`;
    const reply = readReply(Buffer.from(series(rows)), 'IBM', '2026-01-16');
    expect(
      reply.outcome === 'prices' && reply.rejects.map(({ line, rule }) => [line, rule]),
    ).toEqual([
      [2, 'text-expected'],
      [3, 'row-expected'],
      [4, 'text-too-long'],
      [5, 'text-unstorable'],
    ]);
    expect(reply.outcome === 'prices' && reply.rows).toHaveLength(1);
  });
});

describe.skipIf(sharedMarket('error_message_ABCDE.json') === null)('a real reply', () => {
  it.each([
    ['error_information_daily_quota.json', 'day-quota', 'throttled'],
    ['error_information_premium.json', 'minute-quota', 'throttled'],
    ['error_message_ABCDE.json', 'bad-symbol', 'input-invalid'],
    ['error_note_rate_limit.json', 'minute-quota', 'throttled'],
  ])('%s is what it is, and its words are not passed on', (name, outcome, kind) => {
    const reply = readReply(sharedMarket(name) ?? Buffer.of(), 'IBM', '2026-01-16');
    expect(reply).toMatchObject({ outcome, kind });
    expect(JSON.stringify(reply)).not.toContain('XXXX');
  });
});
