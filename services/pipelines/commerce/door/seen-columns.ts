import { open } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import type { SeenColumn } from './file-record.ts';

const SAMPLE_BYTES = 1 << 16;
const SAMPLE_ROWS = 100;

const FORMS: readonly (readonly [type: SeenColumn['type'], form: RegExp])[] = [
  ['BIGINT', /^[+-]?\d{1,18}$/],
  ['DOUBLE', /^[+-]?\d{1,18}(?:\.\d+)?$/],
  ['BOOLEAN', /^(?:true|false)$/i],
  ['TIMESTAMP', /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}:\d{2}(?:\.\d+)?Z?)?$/],
];

/** The columns of records in the order in which they are first seen, with the type that nine of ten cells have. */
export function seenColumns(records: readonly Record<string, unknown>[]): SeenColumn[] {
  const cells = new Map<string, string[]>();
  for (const record of records) {
    for (const [name, value] of Object.entries(record)) {
      const own = cells.get(name) ?? [];
      cells.set(name, own);
      const text = textOf(value).trim();
      if (text !== '') own.push(text);
    }
  }
  return [...cells].map(([name, texts]) => ({ name, ...typeOf(texts) }));
}

/** The columns of a gated CSV by its first rows. */
export async function csvSample(path: string, columns: readonly string[]): Promise<SeenColumn[]> {
  await using file = await open(path, 'r');
  const { buffer, bytesRead } = await file.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
  const text = buffer.subarray(0, bytesRead).toString('utf8');
  const whole = bytesRead < SAMPLE_BYTES ? text : text.slice(0, text.lastIndexOf('\n') + 1);
  // The cut may be inside of a quoted cell: what comes after its quote is left out.
  const rows: string[][] = parse(whole, {
    relax_column_count: true,
    relax_quotes: true,
    to: SAMPLE_ROWS,
    from: 2,
  });
  const seen = seenColumns(
    rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null]))),
  );
  return columns.map((name) => seen.find((one) => one.name === name) ?? { name, ...typeOf([]) });
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

function typeOf(texts: readonly string[]): Omit<SeenColumn, 'name'> {
  if (texts.length === 0) return { type: 'VARCHAR', isEmpty: true };
  const found = FORMS.find(
    ([, form]) => texts.filter((text) => form.test(text)).length >= texts.length * 0.9,
  );
  return { type: found?.[0] ?? 'VARCHAR' };
}
