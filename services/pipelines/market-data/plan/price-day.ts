import { dayNumber } from '../../../core/calendar.ts';
import { CALENDAR_YEARS } from '../../../core/trading-calendar.ts';

const FIRST_DAY = `${CALENDAR_YEARS.first}-01-01`;
const LAST_DAY = `${CALENDAR_YEARS.last}-12-31`;
const FORM = /^\d{4}-\d\d-\d\d$/;
/** Of a day whose session was not over. */
const TIME_FORM = /^ (?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?$/;

/** True for a day that there is, `YYYY-MM-DD`, in the years of the trading calendar. */
export function isKnownDay(text: string): boolean {
  return FORM.test(text) && text >= FIRST_DAY && text <= LAST_DAY && isInMonth(text);
}

/** Whether the month has such a day, of a text that is known to have the form `YYYY-MM-DD`. */
export function isInMonth(text: string): boolean {
  const day = Number(text.slice(8));
  const month = Number(text.slice(5, 7));
  // Of every month there is a day up to the 28th.
  if (day >= 1 && day <= 28) return month >= 1 && month <= 12;
  return dayNumber(Number(text.slice(0, 4)), month, day) !== 0;
}

/**
 * Why there is no price of that day, which may have a time after it, in a reply that was asked for on `extractedOn`;
 * null when there may be.
 */
export function dayFault(text: string, extractedOn: string): 'date-invalid' | 'date-future' | null {
  const day = text.slice(0, 10);
  if (!isKnownDay(day) || (text.length > 10 && !TIME_FORM.test(text.slice(10)))) {
    return 'date-invalid';
  }
  return day > extractedOn ? 'date-future' : null;
}
