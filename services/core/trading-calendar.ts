import { PipelineError } from './error.ts';
import { momentOf, zoneClock } from './time-zone.ts';

/** A day on which the New York exchanges trade. */
export interface Session {
  /** `YYYY-MM-DD`, the day in New York. */
  day: string;
  /** A scheduled early close: 13:00, until 1992 14:00, in place of 16:00. */
  isHalf: boolean;
}

/** The years that are known, both whole. */
export const CALENDAR_YEARS = { first: 1990, last: 2035 } as const;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const SUNDAY = 0;
const MONDAY = 1;
const WEDNESDAY = 3;
const THURSDAY = 4;
const FRIDAY = 5;
const SATURDAY = 6;

/** Days on which the exchanges stayed closed for what no rule foretells. */
const SPECIAL_CLOSURES = new Set([
  '1994-04-27',
  '2001-09-11',
  '2001-09-12',
  '2001-09-13',
  '2001-09-14',
  '2004-06-11',
  '2007-01-02',
  '2012-10-29',
  '2012-10-30',
  '2018-12-05',
  '2025-01-09',
]);

/** Early closes that were announced for one year alone. */
const SPECIAL_HALF_DAYS = new Set(['1997-12-26', '1999-12-31', '2003-12-26']);

/** The session of a day; null on weekends and when the exchanges are closed. `unsupported` outside 1990 to 2035. */
export function sessionOn(day: string): Session | null {
  const { closures, halves } = yearOf(Number(day.slice(0, 4)));
  const weekday = weekdayOf(day);
  if (weekday === SUNDAY || weekday === SATURDAY || closures.has(day)) return null;
  return { day, isHalf: halves.has(day) };
}

/** When a session closes. */
export function closeOf({ day, isHalf }: Session): Date {
  return newYorkTime(day, isHalf ? (day < '1993' ? 14 : 13) : 16);
}

/** The sessions from a day to another, both included, in order; empty when the first is after the second. */
export function sessionsBetween(from: string, to: string): Session[] {
  const sessions: Session[] = [];
  for (let day = from; day <= to; day = dayAfter(day, 1)) {
    const session = sessionOn(day);
    if (session !== null) sessions.push(session);
  }
  return sessions;
}

/** The newest session that had closed at least `graceMs` before the moment. */
export function lastCompletedSession(moment: Date, graceMs = 0): Session {
  const known = moment.getTime() - graceMs;
  for (let day = new Date(known).toISOString().slice(0, 10); ; day = dayAfter(day, -1)) {
    const session = sessionOn(day);
    if (session !== null && closeOf(session).getTime() <= known) return session;
  }
}

/** The day so many days after another, `YYYY-MM-DD`; before it when `days` is negative. */
export function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

interface TradingYear {
  closures: ReadonlySet<string>;
  halves: ReadonlySet<string>;
}

const years = new Map<number, TradingYear>();

function yearOf(year: number): TradingYear {
  if (!(year >= CALENDAR_YEARS.first && year <= CALENDAR_YEARS.last)) {
    throw new PipelineError('unsupported', `the trading calendar has no year ${year}`, {
      hint: `it knows ${CALENDAR_YEARS.first} to ${CALENDAR_YEARS.last}`,
    });
  }
  const known = years.get(year) ?? { closures: closuresOf(year), halves: halvesOf(year) };
  years.set(year, known);
  return known;
}

/** Holidays by the exchange's rule 7.2 and its forerunners, and the special closures. */
function closuresOf(year: number): Set<string> {
  const days = [
    newYear(year),
    ...(year >= 1998 ? [nth(year, 1, MONDAY, 3)] : []),
    nth(year, 2, MONDAY, 3),
    dayAfter(easter(year), -2),
    lastMonday(year, 5),
    ...(year >= 2022 ? [observed(`${year}-06-19`)] : []),
    observed(`${year}-07-04`),
    nth(year, 9, MONDAY, 1),
    nth(year, 11, THURSDAY, 4),
    observed(`${year}-12-25`),
  ];
  return new Set([...days.filter((day) => day !== null), ...SPECIAL_CLOSURES]);
}

/** Scheduled early closes: the Friday after Thanksgiving, Christmas Eve, and a day beside the Fourth of July. */
function halvesOf(year: number): Set<string> {
  const days = new Set(SPECIAL_HALF_DAYS);
  if (year >= 1992) days.add(dayAfter(nth(year, 11, THURSDAY, 4), 1));
  if (weekdayOf(`${year}-12-24`) <= THURSDAY) days.add(`${year}-12-24`);
  const third = weekdayOf(`${year}-07-03`);
  if (year < 1995) return days;
  // With the Fourth on a Thursday the early close was on the Friday after it, and since 2013 it is on the day before.
  if (third === WEDNESDAY) days.add(year < 2013 ? `${year}-07-05` : `${year}-07-03`);
  else if (third < FRIDAY) days.add(`${year}-07-03`);
  return days;
}

/** New Year on a Saturday is not made up for, since the Friday is the last day of a business year. */
function newYear(year: number): string | null {
  const weekday = weekdayOf(`${year}-01-01`);
  if (weekday === SATURDAY) return null;
  return weekday === SUNDAY ? `${year}-01-02` : `${year}-01-01`;
}

/** On a Saturday it is kept on the Friday before, on a Sunday on the Monday after. */
function observed(day: string): string {
  const weekday = weekdayOf(day);
  if (weekday === SATURDAY) return dayAfter(day, -1);
  return weekday === SUNDAY ? dayAfter(day, 1) : day;
}

/** The n-th of a weekday in a month. */
function nth(year: number, month: number, weekday: number, n: number): string {
  const first = `${year}-${String(month).padStart(2, '0')}-01`;
  return dayAfter(first, ((weekday - weekdayOf(first) + 7) % 7) + (n - 1) * 7);
}

function lastMonday(year: number, month: number): string {
  const fifth = nth(year, month, MONDAY, 5);
  return Number(fifth.slice(5, 7)) === month ? fifth : dayAfter(fifth, -7);
}

/** Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8). */
function easter(year: number): string {
  const a = year % 19;
  const [b, c] = [Math.floor(year / 100), year % 100];
  const [d, e] = [Math.floor(b / 4), b % 4];
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const [i, k] = [Math.floor(c / 4), c % 4];
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 19 * l) / 433);
  const month = Math.floor((h + l - 7 * m + 90) / 25);
  const day = (h + l - 7 * m + 33 * month + 19) % 32;
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function weekdayOf(day: string): number {
  return new Date(Date.parse(day)).getUTCDay();
}

const newYork = zoneClock('America/New_York');

/** The moment at which New York's clocks show that hour of that day; none of the hours asked for is left out. */
function newYorkTime(day: string, hour: number): Date {
  const wallMs = Date.parse(day) + hour * HOUR_MS;
  const moment = newYork === null ? null : momentOf(wallMs, newYork);
  if (moment !== null) return moment;
  throw new PipelineError('bug', 'the time zone America/New_York is not known here');
}

/** The day that New York's calendars show at a moment. */
export function newYorkDay(moment: Date): string {
  if (newYork === null) throw new PipelineError('bug', 'the time zone America/New_York is absent');
  return new Date(newYork(moment).wallMs).toISOString().slice(0, 10);
}
