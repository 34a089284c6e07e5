import { createHash } from 'node:crypto';
import { PipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';

/** The month at whose end a library file was made. `month` counts from 1. */
export interface Vintage {
  year: number;
  month: number;
}

/** How a vintage is given as a parameter. */
export const VINTAGE_FORM = {
  pattern: /^\d{4}(-(0[1-9]|1[0-2]))?$/,
  words: 'a year or a month, 2017 or 2017-07',
};

/** Month names as keys hold them: `july` in `july17_6_Portfolios_2x3.CSV`. */
export const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;

/** The month of a vintage of which only the year is known (requirements 1.4, extract details). */
const JULY = 7;

/** Two digits of a year above this are of the last century (requirements 1.7). */
const CENTURY_PIVOT = 50;

/** Bounds a name so that `{csv stem}_{metric}-{hash}.parquet` stays a legal file name (255 bytes). */
const NAME_BYTES_MAX = 80;

/** `201707`, `2017-07`, with or without a day. `2017_10_…` is no October: 10 portfolios are meant. */
const YEAR_MONTH = /(?<!\d)((?:19|20)\d\d)-?(0[1-9]|1[0-2])(?:-?(?:0[1-9]|[12]\d|3[01]))?(?!\d)/;
const YEAR = /(?<!\d)((?:19|20)\d\d)(?!\d)/;
/** A month's name, whole or its first three letters. */
const MONTH_WORD = new RegExp(
  `(?<![a-z])(?:sept|${MONTHS.map((month) => `${month}|${month.slice(0, 3)}`).join('|')})(?![a-z])`,
  'i',
);

interface PartialVintage {
  year: number | null;
  month: number | null;
}

/** Year and month that a text names (`201707`, `2017-07`, `July 2017`), null where it does not. */
export function dateInText(text: string): PartialVintage {
  const both = YEAR_MONTH.exec(text);
  if (both !== null) return { year: Number(both[1]), month: Number(both[2]) };
  const year = YEAR.exec(text)?.[1];
  const word = MONTH_WORD.exec(text)?.[0].toLowerCase().slice(0, 3);
  const month = word === undefined ? 0 : MONTHS.findIndex((name) => name.startsWith(word)) + 1;
  return { year: year === undefined ? null : Number(year), month: month === 0 ? null : month };
}

/**
 * What a link tells of its vintage, read after decoding the URL (decisions): first its file name,
 * then its label, then the folders above the file; never the host or the port.
 */
export function linkDate(link: { label: string; url: string }): PartialVintage {
  const segments = pathSegments(link.url);
  const name = dateInText(segments.at(-1) ?? '');
  const label = dateInText(link.label);
  const folders = dateInText(segments.slice(0, -1).join('/'));
  for (const found of [name, label, folders]) {
    if (found.year !== null && found.month !== null) return found;
  }
  const year = name.year ?? label.year ?? folders.year;
  return { year, month: name.month ?? label.month };
}

/** The year a URL names, its file name first; null when it names none. */
export function yearOfUrl(url: string): number | null {
  return linkDate({ label: '', url }).year;
}

/**
 * The vintage of a file: month and year of its link; else the "using the YYYYMM CRSP database" tag
 * of its first line; else July of the link's year; null when nothing names a year (requirements
 * 1.4).
 */
export function vintageOf(from: {
  label?: string;
  url?: string;
  firstLine?: string;
}): Vintage | null {
  const { year, month } = linkDate({ label: from.label ?? '', url: from.url ?? '' });
  if (year !== null && month !== null) return { year, month };
  const tag = /\b(\d{4})(0[1-9]|1[0-2]) CRSP database/i.exec(from.firstLine ?? '');
  if (tag !== null) return { year: Number(tag[1]), month: Number(tag[2]) };
  return year === null ? null : { year, month: JULY };
}

/**
 * `{month}{yy}_{original name}.CSV`, the name of an extracted file: `july17_6_Portfolios_2x3.CSV`
 * (requirements 1.3). What no key may hold, and what a query engine takes for a pattern, becomes `_`; a long name is
 * cut and gets a hash of the whole. `input-invalid` for a vintage whose year two digits cannot tell.
 */
export function csvName(vintage: Vintage, originalName: string): string {
  const month = MONTHS[vintage.month - 1];
  if (
    month === undefined ||
    centuryOf(vintage.year % 100) + (vintage.year % 100) !== vintage.year
  ) {
    throw new PipelineError(
      'input-invalid',
      `${originalName}: no vintage ${vintage.year}-${vintage.month}`,
      {
        hint: 'a vintage is a month of the years 1951 to 2050',
      },
    );
  }
  const base = originalName.slice(originalName.search(/[^/\\]*$/));
  const stem = base.replace(/\.csv$/i, '').replaceAll(/[\p{Cc}\p{Surrogate}*?[\]]/gu, '_');
  return `${month}${String(vintage.year % 100).padStart(2, '0')}_${bounded(stem)}.CSV`;
}

function bounded(stem: string): string {
  if (Buffer.byteLength(stem) <= NAME_BYTES_MAX) return stem;
  const mark = `-${sha256(stem).slice(0, 8)}`;
  let kept = '';
  for (const character of stem) {
    if (Buffer.byteLength(kept + character + mark) > NAME_BYTES_MAX) break;
    kept += character;
  }
  return kept + mark;
}

/**
 * The last day of the month that a CSV name starts with: `july17_…` gives `2017-07-31`; null when
 * it starts with none. Two-digit years above 50 are of the last century (requirements 1.7).
 */
export function ingestionDate(name: string): string | null {
  const found = /^([a-z]+)(\d\d)_/i.exec(name);
  const word = found?.[1]?.toLowerCase();
  const month = MONTHS.findIndex((candidate) => candidate === word) + 1;
  if (found === null || month === 0) return null;
  const year = centuryOf(Number(found[2])) + Number(found[2]);
  const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
  return `${year}-${String(month).padStart(2, '0')}-${String(lastDay).padStart(2, '0')}`;
}

/**
 * The key of a downloaded ZIP (requirements 1.3, as settled: without seconds, so that the same URL
 * on the same logical date lands on the same key). `logicalDate` is `YYYY-MM-DD`.
 */
export function zipKey(from: { url: string; logicalDate: string }): string {
  const year = yearOfUrl(from.url) ?? 'unknown';
  const date = from.logicalDate.replaceAll('-', '');
  return `raw_data/fama_french_6portfolios_${year}_${date}_${urlHash(from.url)}.zip`;
}

/** `hash8` of requirements 1.3: the first 8 hex digits of the MD5 of a source URL. */
export function urlHash(url: string): string {
  return createHash('md5').update(url).digest('hex').slice(0, 8);
}

/** The name of a CSV without folder and ending: the partition of its rows, and the start of its Parquet keys. */
export function csvStem(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).replace(/\.csv$/i, '');
}

function centuryOf(twoDigits: number): number {
  return twoDigits > CENTURY_PIVOT ? 1900 : 2000;
}

function pathSegments(url: string): string[] {
  const path = URL.canParse(url) ? new URL(url).pathname : url.replace(/[?#].*$/s, '');
  return path.split('/').map(decodeSegment);
}

/** A segment that is not properly encoded is decoded as far as its ASCII goes. */
function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A stray "%" makes decodeURIComponent refuse it all; the year in it can still be read.
    return segment.replaceAll(/%[2-7][0-9a-f]/gi, (code) => decodeURIComponent(code));
  }
}
