import { quote } from './go-quote.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds of a Go duration (`1m30s`); `null` when it is none. */
export function goDurationMs(text: string): number | null {
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return null;
  let totalMs = 0;
  for (const [, amount = '0', unit = 's'] of body.matchAll(
    /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g,
  )) {
    totalMs += Number(amount) * (UNIT_MS[unit] ?? 0);
  }
  return text.startsWith('-') ? -totalMs : totalMs;
}

/** Go's words for the first thing that is wrong with a duration, without `time: ` in front. */
export function durationFault(text: string): string {
  let rest = text.replace(/^[+-]/, '');
  while (rest !== '') {
    const [number = '', unit = ''] = /^(?:\d+\.?\d*|\.\d+)?([^\d.]*)/.exec(rest) ?? [];
    if (number.length === unit.length) break;
    if (unit === '') return `missing unit in duration ${quote(text)}`;
    if (!Object.hasOwn(UNIT_MS, unit))
      return `unknown unit ${quote(unit)} in duration ${quote(text)}`;
    rest = rest.slice(number.length);
  }
  return `invalid duration ${quote(text)}`;
}
