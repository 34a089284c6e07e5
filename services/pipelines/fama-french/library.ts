import { PipelineError } from '../../core/error.ts';

/** Why a line that looks like a row is in no block. */
export type RejectRule =
  | 'no_header'
  | 'date_invalid'
  | 'date_width'
  | 'date_duplicate'
  | 'not_a_row'
  | 'row_cut';

/** A line that is kept out of the result, as it stands in the file. `line` counts from 1. */
export interface Reject {
  line: number;
  text: string;
  rule: RejectRule;
}

export type WarningRule =
  | 'value_empty'
  | 'value_unparsable'
  | 'row_short'
  | 'row_wide'
  | 'portfolio_unnamed'
  | 'portfolio_duplicate'
  | 'block_empty'
  | 'stray_line'
  | 'title_uncertain'
  | 'end_abrupt';

/** All occurrences of one oddity in one file: how many, and the first five with their place. */
export interface ParseWarning {
  rule: WarningRule;
  count: number;
  examples: { line: number; text: string }[];
}

/** One table of a library file, wide as it is there: `columns[p][d]` is portfolio p on date d. */
export interface Block {
  /** The lines above the header joined by one blank; empty when there are none. */
  title: string;
  /** Line of the header, counted from 1. */
  line: number;
  /** `YYYY`, `YYYYMM` or `YYYYMMDD`, one width per block, each once, in file order. */
  dates: string[];
  /** Normalised and unique (`small_lobm`). */
  portfolios: string[];
  /** One array per portfolio, as long as `dates`; NULL for missing, blank and unparsable cells. */
  columns: (number | null)[][];
  rejects: Reject[];
}

export interface ParsedLibrary {
  blocks: Block[];
  warnings: ParseWarning[];
  /** Lines that look like rows and belong to no block. */
  rejects: Reject[];
  /** Wide rows, counted where they are recognised: must be the sum of all `dates` and of all rejects. */
  rowsRead: number;
}

/** What was read of a file that may have no block; `fault` is then the `input-invalid` that says why. */
export interface ReadLibrary extends ParsedLibrary {
  fault: PipelineError | null;
}

/** All lines that are kept out, of whichever block. */
export function allRejects({ rejects, blocks }: ParsedLibrary): Reject[] {
  return [...rejects, ...blocks.flatMap((block) => block.rejects)];
}

/** Throws `bug` unless every row that was recognised is in a block or rejected (design L2). */
export function checkRows(parsed: ParsedLibrary, name: string): void {
  const taken = parsed.blocks.reduce((sum, { dates }) => sum + dates.length, 0);
  const rejected = allRejects(parsed).length;
  if (parsed.rowsRead === taken + rejected) return;
  throw new PipelineError(
    'bug',
    `${name}: ${parsed.rowsRead} rows read, but ${taken} taken and ${rejected} rejected`,
  );
}
