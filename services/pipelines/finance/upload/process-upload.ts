import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { PipelineError } from '../../../core/error.ts';
import { openCleaner, type UploadReason } from './clean-upload.ts';
import { uploadRows, type UploadRow } from './upload-rows.ts';
import { uploadText } from './upload-text.ts';

/** Rows that are written at a time. */
const BATCH_ROWS = 500;
/** A rejected row is kept up to so many characters. */
const REJECT_LENGTH_MAX = 10_000;

export interface UploadWork {
  bytes: AsyncIterable<Uint8Array>;
  /** The object's key: what rejects name. */
  object: string;
  /** Its address, for messages. */
  what: string;
  isGzip: boolean;
  processedAt: string;
  /** Local files to write. */
  outputPath: string;
  rejectsPath: string;
  idsMax?: number;
}

/** Rows in = rows out + rows rejected, without the header. */
export interface UploadCounts {
  rowsRead: number;
  rowsWritten: number;
  rowsRejected: number;
  rejectsByReason: Partial<Record<UploadReason, number>>;
}

/**
 * Cleans an upload row by row into a local file, and what it refuses into another, in constant memory but for the ids.
 * `input-invalid` when it has no rows or is no table.
 */
export async function processUpload(work: UploadWork): Promise<UploadCounts> {
  const counts: UploadCounts = {
    rowsRead: 0,
    rowsWritten: 0,
    rowsRejected: 0,
    rejectsByReason: {},
  };
  await using rejects = await open(work.rejectsPath, 'w');
  const refuse = async (row: UploadRow, rule: UploadReason): Promise<void> => {
    counts.rowsRejected += 1;
    counts.rejectsByReason[rule] = (counts.rejectsByReason[rule] ?? 0) + 1;
    const text = masked(row.text.slice(0, REJECT_LENGTH_MAX));
    const line = { object: work.object, line: row.line, rule, text };
    await rejects.writeFile(`${JSON.stringify(line)}\n`);
  };
  const text = outputText(work, counts, refuse);
  const target = createWriteStream(work.outputPath);
  await (work.isGzip ? pipeline(text, createGzip(), target) : pipeline(text, target));
  return counts;
}

async function* outputText(
  { bytes, what, isGzip, processedAt, idsMax }: UploadWork,
  counts: UploadCounts,
  refuse: (row: UploadRow, rule: UploadReason) => Promise<void>,
): AsyncGenerator<string> {
  const { stringify } = await import('csv-stringify/sync');
  const rows = uploadRows(uploadText(bytes, { what, isGzip }), what);
  const header = await rows.next();
  if (header.done === true) throw empty(what, 'it is empty');
  const limit = idsMax === undefined ? {} : { idsMax };
  const cleaner = openCleaner(header.value, { what, processedAt, ...limit });
  let batch: (readonly string[])[] = [cleaner.columns];
  for await (const row of rows) {
    counts.rowsRead += 1;
    const verdict = cleaner.judge(row);
    if (typeof verdict === 'string') {
      await refuse(row, verdict);
      continue;
    }
    counts.rowsWritten += 1;
    batch.push(verdict);
    if (batch.length < BATCH_ROWS) continue;
    yield stringify(batch);
    batch = [];
  }
  if (counts.rowsRead === 0) throw empty(what, 'it has a header and no rows');
  if (batch.length > 0) yield stringify(batch);
}

function empty(what: string, why: string): PipelineError {
  return new PipelineError('input-invalid', `${what}: ${why}`, {
    hint: 'upload a file with a header and at least one row',
  });
}

/** The first letter of each e-mail address. */
function masked(text: string): string {
  return text.replaceAll(/([^\s@,;<>"])[^\s@,;<>"]*(@|%40)[^\s,;<>"]*/g, '$1***@***');
}
