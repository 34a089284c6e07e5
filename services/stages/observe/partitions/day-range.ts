const DAY_MS = 86_400_000;

/** The days from one to another, both included, `YYYY-MM-DD`; none when the first is after the second. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY_MS) {
    days.push(new Date(at).toISOString().slice(0, 10));
  }
  return days;
}

/** The earliest of these that is there; null for none. */
export function earliest(days: Iterable<string>): string | null {
  let found: string | null = null;
  for (const day of days) if (found === null || day < found) found = day;
  return found;
}

/** Whether a month, `YYYY-MM`, has a day of the range. */
export function isMonthWithin(month: string, { from, to }: DayRange): boolean {
  return (from === null || month >= from.slice(0, 7)) && (to === null || month <= to.slice(0, 7));
}

/** Whether the day is in the range. */
export function isDayWithin(day: string, { from, to }: DayRange): boolean {
  return (from === null || day >= from) && (to === null || day <= to);
}

/** Two days, both included; null where the range is open. */
export interface DayRange {
  from: string | null;
  to: string | null;
}
