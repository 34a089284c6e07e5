import { uniqueNames } from './cells.ts';

/** Bounds a slug, which stands in a file name beside a metric. */
const SLUG_LENGTH_MAX = 40;

/** What the numbers of a metric are in (requirements 1.16). */
export type Unit = 'percent' | 'count' | 'usd_millions' | 'ratio' | 'unknown';

const DROPPED = new Set(['the', 'a', 'an', 'and', 'or', 'of', 'to', 'in', 'for']);

/** Bounds a name so that `{csv stem}_{metric}.parquet` stays a legal file name (255 bytes). */
const NAME_LENGTH_MAX = 96;

/** Titles in lower case, blanks for all but letters and digits, to names (1.6, alias table). */
const ALIASES: readonly (readonly [RegExp, string])[] = [
  [/^(?:average )?value weight(?:ed)? returns monthly$/, 'value_weighted_return'],
  [
    /^(?:average )?value weight(?:ed)? returns annual(?: from january to december)?$/,
    'value_weighted_return_annual',
  ],
  [/^(?:average )?value weight(?:ed)? returns daily$/, 'value_weighted_return_daily'],
  [/^(?:average )?equal weight(?:ed)? returns monthly$/, 'equal_weighted_return'],
  [
    /^(?:average )?equal weight(?:ed)? returns annual(?: from january to december)?$/,
    'equal_weighted_return_annual',
  ],
  [/^(?:average )?equal weight(?:ed)? returns daily$/, 'equal_weighted_return_daily'],
  [/^number of firms(?: in portfolios)?$/, 'num_firms'],
  [/^average market cap$/, 'average_market_cap'],
  [/\bnet stock issuance to dec\b/, 'net_stock_issuance_dec'],
  [/\bnet stock issuance to jun\b/, 'net_stock_issuance_jun'],
  [/\bvalue weight(?:ed)? average of op\b/, 'value_weight_average_op'],
  [/\bvalue weight(?:ed)? average of investment\b/, 'value_weight_average_investment'],
];

const UNITS: readonly (readonly [RegExp, Unit])[] = [
  [/return|factor/, 'percent'],
  [/^num_firms|^number_firms/, 'count'],
  [/^average_market_cap|^average_firm_size/, 'usd_millions'],
  [/^net_stock_issuance|^value_weight(?:ed)?_average_|^sum_be_sum_me/, 'ratio'],
];

/**
 * The metric of the n-th block of a file (counted from 1) from its title (requirements 1.6, rule
 * 6): `metric_{n}` without a usable title. Letters, digits and `_` only. Not yet unique within a
 * file: see `metricNames`.
 */
export function metricName(title: string, n: number): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim();
  for (const [pattern, name] of ALIASES) if (pattern.test(words)) return name;
  const kept = title
    .normalize('NFD')
    .toLowerCase()
    .replaceAll(/[\s\-_]+/g, '_')
    .replaceAll(/[^a-z0-9_]/g, '')
    .split('_')
    .filter((word) => word !== '' && !DROPPED.has(word));
  let name = '';
  for (const word of kept) {
    if (name.length + word.length >= NAME_LENGTH_MAX) break;
    name = name === '' ? word : `${name}_${word}`;
  }
  return name === '' ? `metric_${n}` : name;
}

/**
 * One name per title, in order, each once in the file (requirements 1.6, rule 7); `clashes` holds
 * the names that had to be numbered, for a warning.
 */
export function metricNames(titles: readonly string[]): { names: string[]; clashes: string[] } {
  return uniqueNames(titles.map((title, index) => metricName(title, index + 1)));
}

/** A file's name without its ending, in letters, digits and `_`; `csv` when nothing of it is left. */
export function slugOf(fileName: string): string {
  const stem = fileName
    .replace(/\.csv$/i, '')
    .normalize('NFD')
    .toLowerCase();
  const slug = stem.replaceAll(/[^a-z0-9\s_-]/g, '').replaceAll(/[\s_-]+/g, '_');
  return slug.slice(0, SLUG_LENGTH_MAX).replaceAll(/^_|_$/g, '') || 'csv';
}

/** The unit of a metric, by its name; `unknown` for what the library's own titles do not settle. */
export function unitOf(metric: string): Unit {
  for (const [pattern, unit] of UNITS) if (pattern.test(metric)) return unit;
  return 'unknown';
}
