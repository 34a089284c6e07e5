import { describe, expect, it } from 'vitest';
import {
  lastCompletedSession,
  newYorkDay,
  sessionOn,
  sessionsBetween,
} from '../../services/core/trading-calendar.ts';
import { sharedMarket } from '../support/shared-market.ts';

/** Weekdays without trading, as the exchange has published them or the press has told them. */
const CLOSED: Readonly<Record<number, string>> = {
  1990: '01-01 02-19 04-13 05-28 07-04 09-03 11-22 12-25',
  1994: '02-21 04-01 04-27 05-30 07-04 09-05 11-24 12-26',
  1997: '01-01 02-17 03-28 05-26 07-04 09-01 11-27 12-25',
  1998: '01-01 01-19 02-16 04-10 05-25 07-03 09-07 11-26 12-25',
  1999: '01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24',
  2001: '01-01 01-15 02-19 04-13 05-28 07-04 09-03 09-11 09-12 09-13 09-14 11-22 12-25',
  2004: '01-01 01-19 02-16 04-09 05-31 06-11 07-05 09-06 11-25 12-24',
  2005: '01-17 02-21 03-25 05-30 07-04 09-05 11-24 12-26',
  2007: '01-01 01-02 01-15 02-19 04-06 05-28 07-04 09-03 11-22 12-25',
  2011: '01-17 02-21 04-22 05-30 07-04 09-05 11-24 12-26',
  2012: '01-02 01-16 02-20 04-06 05-28 07-04 09-03 10-29 10-30 11-22 12-25',
  2018: '01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25',
  2020: '01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25',
  2021: '01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24',
  2022: '01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26',
  2023: '01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25',
  2024: '01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25',
  2025: '01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25',
  2026: '01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25',
  2027: '01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24',
  2028: '01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25',
};

/** Scheduled early closes. */
const HALF: Readonly<Record<number, string>> = {
  1990: '12-24',
  1993: '11-26',
  1994: '11-25',
  1995: '07-03 11-24',
  1996: '07-05 11-29 12-24',
  1997: '07-03 11-28 12-24 12-26',
  1999: '11-26 12-31',
  2002: '07-05 11-29 12-24',
  2003: '07-03 11-28 12-24 12-26',
  2012: '07-03 11-23 12-24',
  2013: '07-03 11-29 12-24',
  2019: '07-03 11-29 12-24',
  2020: '11-27 12-24',
  2021: '11-26',
  2022: '11-25',
  2023: '07-03 11-24',
  2024: '07-03 11-29 12-24',
  2025: '07-03 11-28 12-24',
  2026: '11-27 12-24',
  2027: '11-26',
  2028: '07-03 11-24',
};

function weekdaysOf(year: number): string[] {
  const days: string[] = [];
  for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 86_400_000) {
    const day = new Date(at);
    if (day.getUTCDay() % 6 !== 0) days.push(day.toISOString().slice(0, 10));
  }
  return days;
}

describe('the trading calendar', () => {
  it.each(Object.entries(CLOSED))('%s is closed on the days known', (year, known) => {
    const closed = weekdaysOf(Number(year)).filter((day) => sessionOn(day) === null);
    expect(closed.map((day) => day.slice(5)).join(' ')).toBe(known);
  });

  it.each(Object.entries(HALF))('%s closes early on the days known', (year, known) => {
    const halves = sessionsBetween(`${year}-01-01`, `${year}-12-31`).filter(({ isHalf }) => isHalf);
    expect(halves.map(({ day }) => day.slice(5)).join(' ')).toBe(known);
  });

  it('counts the sessions that the exchanges have held', () => {
    const counts = [1990, 2001, 2012, 2016, 2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025].map(
      (year) => sessionsBetween(`${year}-01-01`, `${year}-12-31`).length,
    );
    expect(counts).toEqual([253, 248, 250, 252, 251, 252, 253, 252, 251, 250, 252, 250]);
  });

  it('has each weekday of 1990 to 2035 open but for 8 to 13 days a year', () => {
    for (let year = 1990; year <= 2035; year += 1) {
      const closed = weekdaysOf(year).filter((day) => sessionOn(day) === null).length;
      expect([year, closed >= 8 && closed <= 13]).toEqual([year, true]);
    }
  });

  it('says which years it knows', () => {
    expect(() => sessionOn('1989-12-29')).toThrow('no year 1989');
    expect(() => sessionOn('2036-01-02')).toThrow('no year 2036');
    expect(() => sessionOn('')).toThrow('no year 0');
  });
});

describe('the last completed session', () => {
  it.each([
    ['before the close in winter', '2026-01-15T20:59:59Z', '2026-01-14'],
    ['at the close in winter', '2026-01-15T21:00:00Z', '2026-01-15'],
    ['before the close in summer', '2026-07-15T19:59:59Z', '2026-07-14'],
    ['at the close in summer', '2026-07-15T20:00:00Z', '2026-07-15'],
    ['at an early close', '2024-11-29T18:00:00Z', '2024-11-29'],
    ['before an early close', '2024-11-29T17:59:00Z', '2024-11-27'],
    ['on a Saturday', '2026-11-21T12:00:00Z', '2026-11-20'],
    [
      'after midnight in London, still the day before in New York',
      '2026-11-20T02:00:00Z',
      '2026-11-19',
    ],
    ['on the Monday after a holiday weekend', '2024-07-08T12:00:00Z', '2024-07-05'],
    ['after the attack of 2001', '2001-09-16T12:00:00Z', '2001-09-10'],
    ['on the day the clocks change', '2026-03-08T12:00:00Z', '2026-03-06'],
  ])('%s', (_name, moment, day) => {
    expect(lastCompletedSession(new Date(moment)).day).toBe(day);
  });

  it('waits for the grace', () => {
    const moment = new Date('2026-01-15T21:30:00Z');
    expect(lastCompletedSession(moment, 3_600_000).day).toBe('2026-01-14');
  });

  it('knows the day in New York', () => {
    expect(newYorkDay(new Date('2026-11-21T04:59:00Z'))).toBe('2026-11-20');
    expect(newYorkDay(new Date('2026-11-21T05:00:00Z'))).toBe('2026-11-21');
  });
});

describe.each(['daily_AAPL_20170427', 'daily_MSFT_20180816', 'daily_XELB_20170427'])(
  'the real reply %s',
  (name) => {
    const text = sharedMarket(`${name}.json`)?.toString() ?? null;
    it.skipIf(text === null)('has a row for each session between its ends, and no other', () => {
      const reply = JSON.parse((text ?? '').replace(/^\uFEFF/, '')) as Record<string, object>;
      const days = Object.keys(reply['Time Series (Daily)'] ?? {})
        .map((day) => day.slice(0, 10))
        .toSorted();
      const sessions = sessionsBetween(days[0] ?? '', days.at(-1) ?? '').map(({ day }) => day);
      expect(days).toEqual(sessions);
    });
  },
);
