import { PipelineError } from '../../core/error.ts';
import type { AthenaValue } from './athena-rows.ts';

/** One field longer than this is none of a result: Athena's own limit for a row is 32 MiB. */
const FIELD_CHARS_MAX = 64 * 2 ** 20;

/**
 * The rows of a result as Athena writes it to S3: UTF-8, commas, every value in double quotes with quotes in it twice,
 * NULL as a field with nothing in it, and a head of names first, which is left out. `input-invalid` for anything else.
 */
export async function* csvRows(
  chunks: AsyncIterable<Uint8Array>,
  columnCount: number,
): AsyncGenerator<readonly AthenaValue[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const scanner = csvScanner(columnCount);
  for await (const chunk of chunks) yield* scanner.feed(decoder.decode(chunk, { stream: true }));
  yield* scanner.feed(decoder.decode());
  yield* scanner.end();
}

function csvScanner(columnCount: number) {
  let rest = '';
  let rowCount = 0;

  const bad = (why: string): PipelineError =>
    new PipelineError('input-invalid', `result of Athena, row ${rowCount}: ${why}`, {
      hint: 'the object of the result was changed or cut: ask again',
    });

  /** The rows that end in what has come so far; what does not end stays for the next piece. */
  function* rowsOf(text: string, isLast: boolean): Generator<readonly AthenaValue[]> {
    let at = 0;
    for (;;) {
      const row = readRow(text, at, isLast);
      if (row === null) break;
      at = row.end;
      if (row.values.length !== columnCount)
        throw bad(`${row.values.length} values where the query has ${columnCount} columns`);
      rowCount += 1;
      if (rowCount > 1) yield row.values;
    }
    rest = text.slice(at);
    if (rest.length > FIELD_CHARS_MAX) throw bad('it has no end');
  }

  return {
    feed: (text: string) => rowsOf(rest + text, false),
    *end() {
      yield* rowsOf(rest, true);
      if (rest !== '') throw bad('it is cut short');
    },
  };
}

/** The row that begins there and where the next one begins; null when it does not end in the text. */
function readRow(
  text: string,
  start: number,
  isLast: boolean,
): { values: AthenaValue[]; end: number } | null {
  if (start >= text.length) return null;
  const values: AthenaValue[] = [];
  for (let at = start; ;) {
    const field = readField(text, at);
    if (field === null) return null;
    values.push(field.value);
    const behind = text[field.end];
    if (behind === ',') at = field.end + 1;
    else if (behind === '\n') return { values, end: field.end + 1 };
    else return behind === undefined && isLast ? { values, end: field.end } : null;
  }
}

function readField(text: string, start: number): { value: AthenaValue; end: number } | null {
  if (text[start] !== '"') {
    const end = endOfBare(text, start);
    return { value: end === start ? null : text.slice(start, end), end };
  }
  for (let at = start + 1; ; at += 2) {
    at = text.indexOf('"', at);
    if (at < 0) return null;
    if (text[at + 1] === '"') continue;
    // At the end of a piece, the second half of a doubled quote may still come.
    const value = text.slice(start + 1, at).replaceAll('""', '"');
    return { value, end: at + 1 };
  }
}

function endOfBare(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== ',' && text[at] !== '\n') at += 1;
  return at;
}
