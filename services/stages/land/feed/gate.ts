import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { PipelineError } from '../../../core/error.ts';
import { SOURCE_BYTES_MAX, SOURCE_ROW_BYTES_MAX } from '../../../core/limit.ts';
import { printable } from '../../../core/printable.ts';
import { DOUBLE_QUOTE } from '../../shape/profile/dialect.ts';
import { feed } from '../../shape/profile/feed.ts';
import { type Profile, PROFILE_RULES } from '../../shape/profile/profile.ts';
import { decodeText } from '../../shape/profile/text-encoding.ts';
import { openText, profileStream } from '../../shape/profile/profile-stream.ts';
import { startScan } from '../../shape/profile/scan-state.ts';
import type { Flaw } from '../../shape/profile/structure-tally.ts';
import { csvText } from './csv-text.ts';
import { type ScratchFile, writeScratch } from './scratch-file.ts';

/** A CSV file that every reader reads alike: UTF-8, commas, double quotes, as many fields in each row as columns. */
export interface GatedCsv extends ScratchFile {
  columns: readonly string[];
  rows: number;
  /** How the file was written when it had to be written anew; null when its bytes are those of the source. */
  rewrittenFrom: string | null;
}

export interface GateRequest {
  /** What the file is called in messages. */
  address: string;
  path: string;
  /** What else is wrong with the names of its columns, in words; told beside everything else. */
  judgeHeader?: (names: readonly string[]) => readonly string[];
}

const READ_BYTES = 256 * 1024;

/** Rows are not what they claim to be: a reader would shift, join or damage their cells. */
const REFUSED: readonly Flaw[] = [
  'extra_fields',
  'short_rows',
  'stray_quotes',
  'unclosed_quote',
  'nul_bytes',
  'invalid_utf8',
];

/** Harmless as such, but not every reader reads them alike: the file is written anew. */
const SMOOTHED: readonly Flaw[] = ['blank_lines', 'bare_cr'];

/**
 * Lets a CSV file into scratch in one pass, and refuses (`input-invalid`, with the lines) one whose rows cannot be
 * told apart with certainty: no CSV reaches a reader ungated (design, finding 3). A clean file in UTF-8 with commas
 * stays byte for byte what it is. One in gzip, UTF-16 or Latin-1, with another delimiter, line end or a byte order
 * mark is written anew with the same cells; its first bytes decide how it is read. Only double quotes are quotes.
 */
export async function gateCsv(
  chunks: AsyncIterable<Uint8Array>,
  { address, path, judgeHeader }: GateRequest,
): Promise<GatedCsv> {
  const raw = await writeScratch(path, address, async (write) => {
    const passed = passing(chunks, write);
    const rules = { ...PROFILE_RULES, isHeaderRequired: false };
    const profile = await profileStream(passed.chunks, {
      rules,
      bytesMax: SOURCE_BYTES_MAX,
      quote: DOUBLE_QUOTE,
    });
    if (passed.failure() !== undefined) throw passed.failure();
    const names = profile.columns.map(({ name }) => name);
    refuseFlaws(address, profile, names.length === 0 ? [] : (judgeHeader?.(names) ?? []));
    return profile;
  });
  const { result: profile, ...file } = raw;
  const columns = profile.columns.map(({ name }) => name);
  const rows = profile.row_count;
  const oddity = oddityOf(profile);
  if (oddity === null) return { ...file, columns, rows, rewrittenFrom: null };
  const target = { path: `${path}.csv`, address };
  const rewritten =
    oddity === 'gzip' ? await unwrap(path, target) : await rewrite(path, target, profile);
  await rm(path);
  return { ...rewritten, columns, rows, rewrittenFrom: oddity };
}

/** Passes chunks on and writes each; what the source or the disk throws is kept, for the scan takes it for a flaw. */
function passing(
  chunks: AsyncIterable<Uint8Array>,
  write: (bytes: Uint8Array) => Promise<void>,
): { chunks: AsyncIterable<Uint8Array>; failure: () => unknown } {
  let failure: unknown;
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of chunks) {
        await write(chunk);
        yield chunk;
      }
    } catch (error) {
      failure = error;
      throw error;
    }
  }
  return { chunks: all(), failure: () => failure };
}

function refuseFlaws(address: string, profile: Profile, ofHeader: readonly string[]): void {
  const why = [...REFUSED.flatMap((flaw) => flawWords(profile, flaw)), ...headerWords(profile)];
  const isHeaderOnly = profile.row_count === 0 && profile.columns.length > 0;
  if (why.length === 0 && profile.status === 'error' && !isHeaderOnly)
    why.push(profile.error_message ?? '');
  why.push(...ofHeader);
  if (why.length > 0) throw refusal(address, why.join('; '));
  const rowBytes = profile.columns.reduce((sum, { bytes_max: most }) => sum + most + 1, 0);
  if (rowBytes <= SOURCE_ROW_BYTES_MAX) return;
  throw new PipelineError('too-large', `${address}: rows may have ${rowBytes} bytes`, {
    hint: `no row may have more than ${SOURCE_ROW_BYTES_MAX} bytes; is a quote left open?`,
  });
}

function flawWords({ flaws }: Profile, flaw: Flaw): string[] {
  const found = flaws[flaw];
  if (found === undefined) return [];
  const lines = found.lines.join(', ') + (found.count > found.lines.length ? ' …' : '');
  return [`${found.count} ${flaw.replace('_', ' ')}, on line ${lines}`];
}

/** Names are not repeated here: where the header row is missing they are data. */
function headerWords({ warnings }: Profile): string[] {
  const has = (code: string): boolean => warnings.some((one) => one.code === code);
  return [
    ...(has('blank_header') ? ['a column of the header has no name'] : []),
    ...(has('duplicate_header') ? ['two columns of the header have the same name'] : []),
  ];
}

function refusal(address: string, why: string): PipelineError {
  return new PipelineError('input-invalid', `${address}: CSV refused: ${printable(why)}`, {
    hint: 'correct the file at its source: a row that does not fit its header could shift amounts',
  });
}

/** What of the file not every reader reads alike, in words; null when there is nothing. */
function oddityOf({ dialect, flaws }: Profile): string | null {
  const odd: string[] = [];
  if (dialect.compression !== 'none') odd.push(dialect.compression);
  if (dialect.encoding !== 'utf-8') odd.push(dialect.encoding);
  if (dialect.has_bom) odd.push('byte order mark');
  if (dialect.delimiter !== ',') odd.push(`delimiter ${JSON.stringify(dialect.delimiter)}`);
  if (dialect.newline === 'cr' || dialect.newline === 'mixed')
    odd.push(`line ends ${dialect.newline}`);
  odd.push(
    ...SMOOTHED.filter((flaw) => flaws[flaw] !== undefined).map((flaw) => flaw.replace('_', ' ')),
  );
  return odd.length === 0 ? null : odd.join(', ');
}

/** Writes the bytes that were packed, as they are. */
async function unwrap(
  path: string,
  target: { path: string; address: string },
): Promise<ScratchFile> {
  const { result: _, ...file } = await writeScratch(target.path, target.address, async (write) => {
    const text = await openText(
      createReadStream(path, { highWaterMark: READ_BYTES }),
      DOUBLE_QUOTE,
    );
    for await (const chunk of text.chunks) await write(chunk);
  });
  return file;
}

/** Writes the cells as they were scanned: null where nothing stood, text where quotes did. */
async function rewrite(
  path: string,
  target: { path: string; address: string },
  { dialect, columns }: Profile,
): Promise<ScratchFile> {
  const { result: _, ...file } = await writeScratch(target.path, target.address, async (write) => {
    const text = await openText(
      createReadStream(path, { highWaterMark: READ_BYTES }),
      DOUBLE_QUOTE,
    );
    const state = startScan(text.marks, 1);
    const isWide = dialect.encoding.startsWith('utf-16');
    const textOf = (content: Uint8Array): string => {
      const value = decodeText(content, dialect.encoding);
      if (!isWide || !value.includes('\ufffd')) return value;
      const mark = `line ${state.line} holds U+FFFD, the mark of damaged text`;
      throw refusal(target.address, mark);
    };
    let row: (string | null)[] = [];
    let rows: (string | null)[][] = [columns.map(({ name }) => name)];
    state.sink = {
      cell: (content, isQuoted) =>
        void row.push(content.length > 0 || isQuoted ? textOf(content) : null),
      row: () => {
        rows.push(row);
        row = [];
      },
    };
    const afterScan = async (): Promise<void> => {
      if (rows.length > 0) await write(Buffer.from(csvText(rows)));
      rows = [];
    };
    await feed(state, text.chunks, { bytesMax: SOURCE_BYTES_MAX, afterScan });
  });
  return file;
}
