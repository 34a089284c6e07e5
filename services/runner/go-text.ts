import { durationFault, goDurationMs } from '../core/go-duration.ts';
import { quoteBody } from '../core/go-quote.ts';
import { fault } from './fault.ts';

/** A float as Go's `%v` writes it: `1e+06` from seven digits on, two digits of exponent. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return plainFloat(value);
}

/**
 * A float in plain digits, never with an exponent, as `strconv.FormatFloat(v, 'f', -1, 64)` writes
 * it.
 */
export function plainFloat(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return Object.is(value, -0) ? '-0' : text;
  const [, sign = '', whole = '', part = '', power = '0'] = match;
  const digits = whole + part;
  const point = whole.length + Number(power);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, '0')}`;
}

/** Milliseconds of a duration field of Argo: a Go duration, or a whole number of seconds. */
export function durationMs(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text) * 1000;
  const parsed = goDurationMs(text);
  if (parsed !== null) return parsed;
  throw fault(`unable to parse ${text} as a duration: time: ${durationFault(text)}`);
}

/** A duration for people, in the one or two largest units. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} minutes ${seconds % 60} seconds`;
  return `${Math.floor(minutes / 60)} hours ${minutes % 60} minutes`;
}

/** A time with whole seconds and `Z`, as Kubernetes writes it. */
export function secondsText(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** The 32-bit FNV-1a hash of the text's UTF-8 bytes: Argo's suffix of node ids. */
export function fnv32a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/**
 * One whole number by a printf format with one verb of `d x X o b v c s q`; flags `-+ 0#` and a
 * width are known.
 */
export function printfInt(format: string, value: number): string {
  let used = false;
  const text = format.replace(
    /%(?:%|([-+ 0#]*)(\d*)(?:\.(\d+))?([a-zA-Z]?))/g,
    (all, ...groups) => {
      if (all === '%%') return '%';
      const [flags = '', width = '', precision, verb = ''] = groups as string[];
      if (verb === '') return '%!(NOVERB)';
      if (used) return `%!${verb}(BADINDEX)`;
      used = true;
      return padded(verbText(verb, value, { flags, precision }), flags, Number(width));
    },
  );
  return used ? text : `${text}%!(EXTRA int=${value})`;
}

const RADIX: Readonly<Record<string, number>> = { d: 10, v: 10, x: 16, X: 16, o: 8, b: 2 };

function verbText(
  verb: string,
  value: number,
  { flags, precision }: { flags: string; precision: string | undefined },
): string {
  if (verb === 'c') return String.fromCodePoint(Math.max(0, value));
  if (verb === 'q') return `'${quoteBody(String.fromCodePoint(Math.max(0, value)))}'`;
  const radix = RADIX[verb];
  if (radix === undefined) return `%!${verb}(int=${value})`;
  let digits = Math.abs(value).toString(radix);
  if (verb === 'X') digits = digits.toUpperCase();
  if (precision !== undefined) digits = digits.padStart(Number(precision), '0');
  if (flags.includes('#') && radix === 16) digits = `0${verb}${digits}`;
  if (value < 0) return `-${digits}`;
  if (flags.includes('+')) return `+${digits}`;
  return flags.includes(' ') ? ` ${digits}` : digits;
}

function padded(text: string, flags: string, width: number): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!flags.includes('0') || text.startsWith('%!')) return text.padStart(width);
  const sign = /^[-+ ]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}
