import { PipelineError } from '../../../core/error.ts';
import { printable } from '../../../core/printable.ts';
import { type ExactJson, readExactJson, UnclearJson } from './exact-json.ts';

/** One page of rows that an API gave. */
export interface JsonPage {
  rows: readonly JsonRow[];
  /** How many rows there are in all, where the page says it. */
  total: number | null;
  /** The address or number of the next page; null where the page names none. */
  next: string | null;
  /** What the next request names as `cursor`. */
  cursor: string | null;
  /** The page says by itself whether another one follows. */
  hasMore: boolean | null;
}

/** A row by the names of its fields, in their order; every value is the text as it was written. */
export type JsonRow = ReadonlyMap<string, string | null>;

/** Fields of a page under which rows are looked for, first found first taken. */
const LISTS = ['data', 'results', 'items', 'rows'] as const;

/**
 * Reads a page: a JSON array of flat objects, or an object with such an array as `data`, `results`, `items` or `rows`.
 * Numbers keep the text they were written with, so nothing is rounded. `input-invalid` for what is no such page, for
 * a nested value, a name that a row has twice, and text that cannot be stored (a NUL, half a surrogate pair).
 */
export function readJsonPage(text: string, address: string): JsonPage {
  const refuse: Refuse = (why, hint = 'does the address lead to the list itself?') =>
    new PipelineError('input-invalid', `${address}: ${printable(why)}`, { hint });
  const page = parse(text, refuse);
  const list = isList(page) ? page : listOf(page, refuse);
  const hasMore = fieldOf(page, 'has_more');
  return {
    rows: list.map((row, at) => rowOf(row, at + 1, refuse)),
    total: totalOf(page),
    next:
      textOf(fieldOf(page, 'next')) ??
      textOf(fieldOf(page, 'next_url')) ??
      linkOf(fieldOf(page, 'links')),
    cursor:
      textOf(fieldOf(page, 'next_cursor')) ?? textOf(fieldOf(fieldOf(page, 'meta'), 'next_cursor')),
    hasMore: typeof hasMore === 'boolean' ? hasMore : null,
  };
}

type Refuse = (why: string, hint?: string) => PipelineError;

function parse(text: string, refuse: Refuse): ExactJson {
  try {
    return readExactJson(text);
  } catch (error) {
    if (error instanceof UnclearJson) throw refuse(error.message);
    if (/^\s*</.test(text)) {
      const why = 'answered with a web page, not with JSON';
      throw refuse(why, 'is a login needed? see ARGOSY_SOURCE_AUTHORIZATION');
    }
    throw refuse('the answer is no JSON', 'was it cut short?');
  }
}

function listOf(page: ExactJson, refuse: Refuse): readonly ExactJson[] {
  if (!isObject(page)) throw refuse('the answer is no list of rows');
  for (const name of LISTS) {
    const list = fieldOf(page, name);
    if (isList(list)) return list;
  }
  const found = [...page.keys()].slice(0, 5).join(', ').slice(0, 100);
  throw refuse(`the answer holds no list of rows as ${LISTS.join(', ')}, but: ${found}`);
}

/** No store and no database takes these: a NUL, half of a character. */
const UNSTORABLE = /\0|\p{Surrogate}/u;

function rowOf(row: ExactJson, number: number, refuse: Refuse): JsonRow {
  if (!isObject(row)) throw refuse(`row ${number} of the page is no object`);
  const cells = new Map<string, string | null>();
  for (const [name, value] of row) {
    const where = (): string => `row ${number} of the page, field ${name.slice(0, 60)}`;
    if (isList(value) || isObject(value)) {
      throw refuse(`${where()}: a nested value`, 'only flat rows are read: ask the API for them');
    }
    const cell = value === null ? null : String(value);
    if (UNSTORABLE.test(name) || (cell !== null && UNSTORABLE.test(cell))) {
      throw refuse(`${where()}: text that cannot be stored`, 'it holds a NUL or half a character');
    }
    cells.set(name, cell);
  }
  return cells;
}

/** `total`, `total_count`, `meta.total`, or `count` beside `results`, where it means all. */
function totalOf(page: ExactJson): number | null {
  const isCounted = isList(fieldOf(page, 'results'));
  const given =
    textOf(fieldOf(page, 'total')) ??
    textOf(fieldOf(page, 'total_count')) ??
    textOf(fieldOf(fieldOf(page, 'meta'), 'total')) ??
    (isCounted ? textOf(fieldOf(page, 'count')) : null);
  return given === null ? null : wholeOf(given);
}

/** A count as an API writes it; null for what is none. */
export function wholeOf(text: string): number | null {
  return /^\d{1,12}$/.test(text) ? Number(text) : null;
}

/** `links.next`, be it an address or an object with `href`. */
function linkOf(links: ExactJson | undefined): string | null {
  const next = fieldOf(links, 'next');
  return textOf(next) ?? textOf(fieldOf(next, 'href'));
}

function fieldOf(value: ExactJson | undefined, name: string): ExactJson | undefined {
  return isObject(value) ? value.get(name) : undefined;
}

function isObject(value: ExactJson | undefined): value is ReadonlyMap<string, ExactJson> {
  return value instanceof Map;
}

function isList(value: ExactJson | undefined): value is readonly ExactJson[] {
  return Array.isArray(value);
}

function textOf(value: ExactJson | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
