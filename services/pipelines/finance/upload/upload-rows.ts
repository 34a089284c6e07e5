import { pipeline, Readable } from 'node:stream';
import { PipelineError } from '../../../core/error.ts';

/** One row of an upload, or its header. */
export interface UploadRow {
  /** Where it begins, counted from 1. */
  line: number;
  fields: readonly string[];
  /** As it stands in the file, without its line end. */
  text: string;
}

/** The longest row, in characters. */
const ROW_LENGTH_MAX = 2 ** 20;

/** How csv-parse tells of a row, with `raw`. */
interface Parsed {
  record: string[];
  raw: string;
}

/**
 * The rows of CSV text with commas, the header first; lines without anything are none. `input-invalid` with the
 * last good line for a quote that is not closed or a row beyond 1,048,576 characters.
 */
export async function* uploadRows(
  text: AsyncIterable<string>,
  what: string,
): AsyncGenerator<UploadRow> {
  const { parse } = await import('csv-parse');
  let parsedLines = 0;
  const parser = parse({
    bom: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: ROW_LENGTH_MAX,
    raw: true,
    // What is read ahead is lost when the parser ends with an error, so its place is kept here.
    on_record: (record: string[], { lines }) => {
      parsedLines = lines;
      return record;
    },
  });
  // An error of the text ends the parser with that error, and so the loop below.
  pipeline(Readable.from(text), parser, () => undefined);
  let line = 1;
  try {
    for await (const parsed of parser) {
      const { record, raw } = parsed as Parsed;
      const blank = /^[\r\n]*/.exec(raw)?.[0] ?? '';
      const body = raw.slice(blank.length).replace(/(?:\r\n|\n|\r)$/, '');
      line += lineEnds(blank);
      yield { line, fields: record, text: body };
      line += lineEnds(raw.slice(blank.length));
    }
  } catch (thrown) {
    throw faultOf(thrown, `${what}, after line ${parsedLines}`);
  }
}

function lineEnds(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}

function faultOf(thrown: unknown, place: string): unknown {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (!code.startsWith('CSV_')) return thrown;
  const why: Readonly<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: 'a quote is not closed',
    CSV_MAX_RECORD_SIZE: `the next row has more than ${ROW_LENGTH_MAX} characters`,
  };
  return new PipelineError('input-invalid', `${place}: ${why[code] ?? code}`, {
    hint: 'mend that line and upload the file again',
    cause: thrown,
  });
}
