import { durationFault, goDurationMs } from './go-duration.ts';
import { quote } from './go-quote.ts';
import { zoneFault } from './time-zone.ts';

/** A schedule that names times: the values of each field in ascending order. */
export interface TimedSchedule {
  /** Of the schedule's own `TZ=` or `CRON_TZ=`; empty without one. */
  zone: string;
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  /** 0 is Sunday. */
  weekdays: ReadonlySet<number>;
  /** Both kinds of days are given, so that either will do. */
  isEitherDay: boolean;
}

/** `@every DURATION`: counted from the last time, or from when the controller began. */
export interface IntervalSchedule {
  intervalMs: number;
}

/** What is wrong with a schedule, in the parser's words. */
export interface ScheduleFault {
  fault: string;
}

export type Schedule = TimedSchedule | IntervalSchedule;

/** A field of a schedule: its bounds, and the words that stand for numbers. */
interface Bounds {
  least: number;
  most: number;
  words: readonly string[];
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAYS = 'sun mon tue wed thu fri sat'.split(' ');
const FIELDS: readonly Bounds[] = [
  { least: 0, most: 59, words: [] },
  { least: 0, most: 23, words: [] },
  { least: 1, most: 31, words: [] },
  { least: 1, most: 12, words: MONTHS },
  { least: 0, most: 6, words: DAYS },
];

const DESCRIPTORS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);

/** Reads a cron schedule as the parser does that Argo uses (robfig/cron v3.0.1, ParseStandard). */
export function parseSchedule(given: string): Schedule | ScheduleFault {
  if (given === '') return { fault: 'empty spec string' };
  const [, zone = '', rest] = /^(?:TZ|CRON_TZ)=(\S*) (.*)$/.exec(given) ?? [];
  const wrongZone = rest === undefined ? null : zoneFault(zone);
  if (wrongZone !== null) return { fault: `provided bad location ${zone}: ${wrongZone}` };
  const text = rest?.trim() ?? given;
  const named = DESCRIPTORS.get(text);
  if (named === undefined && text.startsWith('@')) return intervalOf(text);
  return timesOf(named ?? text, zone);
}

function intervalOf(text: string): IntervalSchedule | ScheduleFault {
  const every = /^@every (.*)$/.exec(text)?.[1];
  if (every === undefined) return { fault: `unrecognized descriptor: ${text}` };
  const intervalMs = goDurationMs(every);
  if (intervalMs === null) {
    return { fault: `failed to parse duration ${text}: time: ${durationFault(every)}` };
  }
  // Whole seconds, and at least one.
  return { intervalMs: Math.max(1, Math.floor(intervalMs / 1000)) * 1000 };
}

function timesOf(text: string, zone: string): TimedSchedule | ScheduleFault {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length !== FIELDS.length) {
    return { fault: `expected exactly 5 fields, found ${words.length}: [${words.join(' ')}]` };
  }
  const sets: FieldValues[] = [];
  for (const [index, bounds] of FIELDS.entries()) {
    const found = valuesOf(words[index] ?? '', bounds);
    if (typeof found === 'string') return { fault: found };
    sets.push(found);
  }
  const none: FieldValues = { values: new Set(), isOpen: false };
  const [minutes = none, hours = none, days = none, months = none, weekdays = none] = sets;
  return {
    zone,
    minutes: minutes.values,
    hours: hours.values,
    days: days.values,
    months: months.values,
    weekdays: weekdays.values,
    isEitherDay: !days.isOpen && !weekdays.isOpen,
  };
}

interface FieldValues {
  values: ReadonlySet<number>;
  /** Some part of it leaves every value open; one with a step does not. */
  isOpen: boolean;
}

/** The values of one field; a text says what is wrong. Empty parts of a list are passed over. */
function valuesOf(word: string, bounds: Bounds): FieldValues | string {
  const values: number[] = [];
  let isOpen = false;
  for (const part of word.split(',').filter((one) => one !== '')) {
    const range = rangeOf(part, bounds);
    if (typeof range === 'string') return range;
    isOpen ||= range.isOpen;
    for (let value = range.start; value <= range.end; value += range.step) values.push(value);
  }
  return { values: new Set(values.toSorted((a, b) => a - b)), isOpen };
}

interface Range {
  start: number;
  end: number;
  step: number;
  isOpen: boolean;
}

function rangeOf(text: string, bounds: Bounds): Range | string {
  const { least, most } = bounds;
  const [span = '', stepText, ...more] = text.split('/');
  const ends = span.split('-');
  const isAny = ends[0] === '*' || ends[0] === '?';
  if (more.length > 0) return `too many slashes: ${text}`;
  if (!isAny && ends.length > 2) return `too many hyphens: ${text}`;
  const [start, written = start] = isAny ? [least, most] : ends.map((end) => valueOf(end, bounds));
  const step = stepText === undefined ? 1 : wholeOf(stepText);
  for (const value of [start, written, step]) if (typeof value === 'string') return value;
  const end = stepText !== undefined && ends.length === 1 ? most : Number(written);
  const range = {
    start: Number(start),
    end,
    step: Number(step),
    isOpen: isAny && Number(step) === 1,
  };
  return boundsFault(range, bounds, text) ?? range;
}

function boundsFault({ start, end, step }: Range, { least, most }: Bounds, text: string) {
  if (start < least) return `beginning of range (${start}) below minimum (${least}): ${text}`;
  if (end > most) return `end of range (${end}) above maximum (${most}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  return step === 0 ? `step of range should be a positive number: ${text}` : null;
}

function valueOf(text: string, { least, words }: Bounds): number | string {
  const index = words.indexOf(text.toLowerCase());
  return index >= 0 ? index + least : wholeOf(text);
}

/** Go's Atoi: a number, or its words for what is none; below 0 there is none. */
function wholeOf(text: string): number | string {
  const isWhole = /^[+-]?\d+$/.test(text);
  if (isWhole && Number(text) < 0) return `negative number (${Number(text)}) not allowed: ${text}`;
  if (isWhole && Number(text) < 2 ** 63) return Number(text);
  const why = isWhole ? 'value out of range' : 'invalid syntax';
  return `failed to parse int from ${text}: strconv.Atoi: parsing ${quote(text)}: ${why}`;
}
