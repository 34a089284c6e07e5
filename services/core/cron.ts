/** A field of a cron expression: how far its values go, and names for them. */
interface Field {
  min: number;
  max: number;
  names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
];

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** An expression for which no day is found in so many has none: 29 February comes at least every 8 years. */
const DAYS_MAX = 366 * 8;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/**
 * The first time after `after` at which Argo starts a schedule, as robfig/cron reads it: five fields, names, lists,
 * ranges, steps, `@daily` and its like; where both days are given, either will do. A local time that a change of clocks
 * leaves out is passed over. Null for an expression or a time zone that this cannot read, and for one that never comes.
 */
export function nextRun(expression: string, after: Date, timezone: string): Date | null {
  const zone = zoneClock(timezone);
  const text = expression.trim().toLowerCase();
  const words = (DESCRIPTORS[text] ?? text).split(/\s+/);
  const sets = words.map((word, at) => valuesOf(word, FIELDS[at] ?? { min: 0, max: -1 }));
  const [minutes, hours, days, months, weekdays] = sets;
  if (zone === null || words.length !== FIELDS.length) return null;
  if (!minutes || !hours || !days || !months || !weekdays) return null;
  const isEither = !isOpen(words[2]) && !isOpen(words[4]);
  const first = zone(after);
  for (let count = 0; count <= DAYS_MAX; count += 1) {
    const day = new Date(Date.UTC(first.year, first.month - 1, first.day) + count * DAY_MS);
    const fits = [days.has(day.getUTCDate()), weekdays.has(day.getUTCDay())];
    const isDay = isEither ? fits.some(Boolean) : fits.every(Boolean);
    if (!isDay || !months.has(day.getUTCMonth() + 1)) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const local = day.getTime() + (hour * 60 + minute) * MINUTE_MS;
        const moment = momentOf(local, zone);
        if (moment !== null && moment > after) return moment;
      }
    }
  }
  return null;
}

/** A field that leaves every value open; one with a step does not (robfig/cron 3.0.1, parser.go). */
function isOpen(word = ''): boolean {
  return word.split(',').some((part) => /^[*?](?:\/1)?$/.test(part));
}

/** The values of one field in ascending order; null for what cannot be read. */
function valuesOf(word: string, { min, max, names = [] }: Field): Set<number> | null {
  const values: number[] = [];
  for (const part of word.split(',')) {
    const [range = '', stepText] = part.split('/');
    const step = stepText === undefined ? 1 : Number(stepText);
    const [fromText = '', toText] = range.split('-');
    const isAll = range === '*' || range === '?';
    const from = isAll ? min : numberOf(fromText, names, min);
    const open = isAll || (stepText !== undefined && toText === undefined);
    const to = open ? max : numberOf(toText ?? fromText, names, min);
    if (!Number.isInteger(step) || step < 1 || !(from >= min && from <= to && to <= max))
      return null;
    for (let value = from; value <= to; value += step) values.push(value);
  }
  return new Set(values.toSorted((a, b) => a - b));
}

function numberOf(text: string, names: readonly string[], min: number): number {
  const at = names.indexOf(text);
  if (at >= 0) return at + min;
  return /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
}

interface LocalTime {
  year: number;
  month: number;
  day: number;
  /** The wall clock's reading, as if it were UTC. */
  wallMs: number;
}

type ZoneClock = (moment: Date) => LocalTime;

function zoneClock(timezone: string): ZoneClock | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch {
    // A zone that this machine does not know; the controller may.
    return null;
  }
  return (moment) => {
    const parts = Object.fromEntries(
      format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = parts;
    return { year, month, day, wallMs: Date.UTC(year, month - 1, day, hour, minute) };
  };
}

/** The moment at which the zone's clocks show that time; of two the first, null when there is none. */
function momentOf(wallMs: number, zone: ZoneClock): Date | null {
  for (const offsetMs of offsetsAround(wallMs, zone)) {
    const moment = new Date(wallMs - offsetMs);
    if (zone(moment).wallMs === wallMs) return moment;
  }
  return null;
}

function offsetsAround(wallMs: number, zone: ZoneClock): number[] {
  return [wallMs - DAY_MS, wallMs + DAY_MS].map((atMs) => {
    const moment = new Date(Math.floor(atMs / MINUTE_MS) * MINUTE_MS);
    return zone(moment).wallMs - moment.getTime();
  });
}
