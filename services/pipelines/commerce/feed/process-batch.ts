import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import { PipelineError } from '../../../core/error.ts';
import type { FileRecord } from '../door/file-record.ts';
import { type Feed, FEEDS } from './feeds.ts';
import { type ProcessedFile, processFile } from './process-file.ts';
import type { Shop } from './shop.ts';
import { firstLines, LINES_OF_FILE, readablePath, sourceSql } from './source-view.ts';

/** What is read together: the rows of several batches are in memory at a time. */
const BATCH_FILES_MAX = 64;
const BATCH_BYTES_MAX = 16_000_000;

/** An accepted file, and its number in the run. */
export interface Numbered {
  record: FileRecord;
  number: number;
}

/**
 * The files of a run in groups, in the order in which they come: small ones of the same columns are read together in one
 * scan, for a file of a few rows costs as much as one of many; a large one is read alone (requirements 3.5).
 */
export function batchesOf(records: readonly FileRecord[]): readonly (readonly Numbered[])[] {
  const batches: Numbered[][] = [];
  let open: Numbered[] = [];
  let sizeBytes = 0;
  for (const [number, record] of records.entries()) {
    sizeBytes += record.metadata.size_bytes;
    const isFull = open.length === BATCH_FILES_MAX || sizeBytes > BATCH_BYTES_MAX;
    const last = open.at(-1)?.record;
    if (last === undefined || isFull || !isAlike(last, record)) {
      open = [];
      sizeBytes = record.metadata.size_bytes;
      batches.push(open);
    }
    open.push({ record, number });
  }
  return batches;
}

/** Both small, and with the same columns in the same order. */
function isAlike(a: FileRecord, b: FileRecord): boolean {
  const namesOf = ({ metadata }: FileRecord): string =>
    JSON.stringify(metadata.columns.map(({ name }) => name));
  const isLight = [a, b].every(({ metadata }) => metadata.route === 'light');
  // What a JSON file has is told line by line.
  return isLight && (FEEDS[a.feed].format === 'json' || namesOf(a) === namesOf(b));
}

/** What came of the files of a batch. */
export interface ProcessedBatch {
  files: readonly ProcessedFile[];
  /** Those that the engine cannot read. */
  unreadable: readonly FileRecord[];
}

/**
 * What comes of the files of a batch, in their order: the same bytes as of each alone. Several batches may be under way
 * at a time.
 */
export async function processBatch(
  shop: Shop,
  feed: Feed,
  batch: readonly Numbered[],
): Promise<ProcessedBatch> {
  const { engine } = shop;
  const table = `batch_${batch[0]?.number}`;
  const isRead = await readBatch(shop, feed, { batch, table });
  const files: ProcessedFile[] = [];
  const unreadable: FileRecord[] = [];
  for (const [at, one] of batch.entries()) {
    if (isRead) files.push(await processFile(shop, feed, { ...one, table, at }));
    else if (batch.length === 1) unreadable.push(one.record);
    else {
      // Each alone says which one it is that cannot be read.
      const alone = await processBatch(shop, feed, [one]);
      files.push(...alone.files);
      unreadable.push(...alone.unreadable);
    }
  }
  if (isRead) await engine.run(`DROP TABLE ${table}`);
  return { files, unreadable };
}

/** Makes the table of all rows, typed, with what they hold of those that break a rule; false if one of them cannot be read. */
async function readBatch(
  { ports, engine }: Shop,
  feed: Feed,
  { batch, table }: { batch: readonly Numbered[]; table: string },
): Promise<boolean> {
  const records = batch.map(({ record }) => record);
  const paths: string[] = [];
  for (const { record, number } of batch) paths.push(await readablePath(ports, record, number));
  const names = feed.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  try {
    const source = sourceSql(records, paths, await firstLines(engine, records, paths));
    await engine.run(`CREATE TABLE ${table} AS WITH source AS (${source})
      SELECT CAST(line // ${LINES_OF_FILE} AS INTEGER) AS file, line % ${LINES_OF_FILE} AS source_line, ${names}, rule,
        CASE WHEN rule IS NOT NULL THEN "values" END AS "values" FROM (${typedSql(feed, records)}) typed`);
    return true;
  } catch (error) {
    if (isOfContent(error)) return false;
    throw error;
  }
}

/** The SELECT of the feed, in which `file_day(line)` stands for the day of the row's file. */
function typedSql(feed: Feed, records: readonly FileRecord[]): string {
  const days = records.map(({ date }) => `TIMESTAMP ${quoteText(`${date} 00:00:00`)}`);
  const day =
    days.length === 1 ? `${days[0]}` : `([${days.join(', ')}][line // ${LINES_OF_FILE} + 1])`;
  return feed.typedSql.replaceAll('file_day(line)', day);
}

function isOfContent(error: unknown): boolean {
  return (
    error instanceof PipelineError && /CSV (?:Error|Parser)|Invalid unicode/i.test(error.message)
  );
}
