const DAYS_IN_MONTH = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** The day as `yyyymmdd`, or 0 when the calendar has no such day (31/02, 2023-02-29, year 0). */
export function dayNumber(year: number, month: number, day: number): number {
  if (year < 1 || month < 1 || month > 12 || day < 1) return 0;
  if (day > 28 && day > daysIn(year, month)) return 0;
  return year * 10_000 + month * 100 + day;
}

function daysIn(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  return month === 2 && isLeap ? 29 : DAYS_IN_MONTH[month]!;
}

/** A day as `yyyymmdd` in ISO form: 20260131 is `2026-01-31`. */
export function isoDay(number: number): string {
  const digits = String(number).padStart(8, '0');
  return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
}
