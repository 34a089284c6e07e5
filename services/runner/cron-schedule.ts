import { durationFault, goDurationMs, quote } from './go-text.ts';

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
const DESCRIPTORS = new Set(
  '@yearly @annually @monthly @weekly @daily @midnight @hourly'.split(' '),
);

/** What is wrong with a cron schedule, in the words of the parser that Argo uses (robfig/cron v3, standard); else `null`. */
export function scheduleFault(given: string): string | null {
  if (given === '') return 'empty spec string';
  const zone = /^(?:TZ|CRON_TZ)=(\S*) (.*)$/.exec(given);
  const wrongZone = zone === null ? null : zoneFault(zone[1] ?? '');
  if (zone !== null && wrongZone !== null) return `provided bad location ${zone[1]}: ${wrongZone}`;
  const schedule = zone === null ? given : (zone[2] ?? '').trim();
  if (schedule.startsWith('@')) return descriptorFault(schedule);
  const fields = schedule.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== FIELDS.length) {
    return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  }
  for (const [index, bounds] of FIELDS.entries()) {
    for (const range of (fields[index] ?? '').split(',')) {
      const wrong = range === '' ? null : rangeFault(range, bounds);
      if (wrong !== null) return wrong;
    }
  }
  return null;
}

function descriptorFault(text: string): string | null {
  if (DESCRIPTORS.has(text)) return null;
  const every = /^@every (.*)$/.exec(text)?.[1];
  if (every === undefined) return `unrecognized descriptor: ${text}`;
  if (goDurationMs(every) !== null) return null;
  return `failed to parse duration ${text}: time: ${durationFault(every)}`;
}

function rangeFault(text: string, bounds: Bounds): string | null {
  const [span = '', step, ...more] = text.split('/');
  if (more.length > 0) return `too many slashes: ${text}`;
  const ends = span.split('-');
  const isAny = ends[0] === '*' || ends[0] === '?';
  if (!isAny && ends.length > 2) return `too many hyphens: ${text}`;
  const [from, to = from] = isAny
    ? [bounds.least, bounds.most]
    : ends.map((end) => valueOf(end, bounds));
  const { least, most } = bounds;
  for (const value of [from, to]) if (typeof value === 'string') return value;
  const [start, written] = [Number(from), Number(to)];
  const end = step !== undefined && ends.length === 1 ? most : written;
  const stepSize = step === undefined ? 1 : wholeOf(step);
  if (typeof stepSize === 'string') return stepSize;
  if (start < least) return `beginning of range (${start}) below minimum (${least}): ${text}`;
  if (end > most) return `end of range (${end}) above maximum (${most}): ${text}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${text}`;
  if (stepSize === 0) return `step of range should be a positive number: ${text}`;
  return null;
}

function valueOf(text: string, { least, words }: Bounds): number | string {
  const index = words.indexOf(text.toLowerCase());
  if (index >= 0) return index + least;
  return wholeOf(text);
}

/** Go's Atoi: a number, or its words for what is none. */
function wholeOf(text: string): number | string {
  const isWhole = /^[+-]?\d+$/.test(text);
  if (isWhole && Number(text) < 2 ** 63) return Number(text);
  const why = isWhole ? 'value out of range' : 'invalid syntax';
  return `failed to parse int from ${text}: strconv.Atoi: parsing ${quote(text)}: ${why}`;
}

/** Names of three letters that are files of the zone database; JavaScript takes more of them. */
const SHORT_ZONES = new Set('UTC UCT GMT CET MET EET WET EST MST HST PRC ROC ROK'.split(' '));

/** What is wrong with a time zone's name, as Go's LoadLocation has it; `null` when it is one. */
export function zoneFault(name: string): string | null {
  if (name === '' || name === 'UTC' || name === 'Local') return null;
  if (name.includes('..') || /^[/\\]/.test(name)) {
    return 'time: invalid location name';
  }
  const unknown = `unknown time zone ${name}`;
  if (!/^[A-Z][\w+-]*(?:\/[A-Z][\w+-]*)*$/.test(name)) return unknown;
  if (/^[A-Z]{3}$/.test(name) && !SHORT_ZONES.has(name)) return unknown;
  try {
    const found = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
    // Go looks the name up as a file, so capitals count.
    const isSameWord = found.toLowerCase() === name.toLowerCase();
    return isSameWord && found !== name ? unknown : null;
  } catch (thrown) {
    if (thrown instanceof RangeError) return unknown;
    throw thrown;
  }
}
