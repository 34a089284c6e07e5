import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline as pipe } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import { PipelineError } from '../../../core/error.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { gateCsv } from '../../../stages/land/feed/gate.ts';
import { LINE_BYTES_MAX, LINE_MARK } from '../door/json-lines.ts';
import { FEEDS } from './feeds.ts';
import type { FileRecord } from '../door/file-record.ts';
import { localFile } from '../set/part-file.ts';

/** An accepted file as one that the engine may read: UTF-8, unpacked, with commas. */
export async function readablePath(
  ports: Pick<StepPorts, 'store' | 'scratch' | 'signal'>,
  record: FileRecord,
  number: number,
): Promise<string> {
  const { key, feed, metadata } = record;
  const path = await localFile(ports, { key, sha256: metadata.sha256 });
  if (metadata.rewrittenFrom === null) return path;
  const target = join(ports.scratch, `source-${number}`);
  const chunks = createReadStream(path);
  if (FEEDS[feed].format === 'csv')
    return (await gateCsv(chunks, { address: key, path: target })).path;
  await pipe(chunks, createGunzip(), createWriteStream(target), { signal: ports.signal });
  return target;
}

/** `line` of a row is the number of its file among those that are read × this + its line in the file. */
export const LINES_OF_FILE = 2 ** 32;

/** How many lines of all these files come before the first of each. */
export async function firstLines(
  engine: QueryEngine,
  records: readonly FileRecord[],
  paths: readonly string[],
): Promise<readonly number[]> {
  const [first] = records;
  if (records.length === 1 || first === undefined) return [0];
  const counts = records.map(({ metadata }) => metadata.rows);
  if (FEEDS[first.feed].format === 'json') {
    // Blank lines are no records, but lines.
    const { rows } = await engine.query(
      `SELECT file_index, count(*) FROM ${linesSql(paths)} GROUP BY file_index`,
    );
    for (const [at, count] of rows) counts[Number(at)] = Number(count);
  }
  return counts.map((_, at) => counts.slice(0, at).reduce((sum, count) => sum + count, 0));
}

/** The rows of files of one feed as a SELECT: `line`, `is_broken` and `raw_…` texts. Line 1 is the header of a CSV. */
export function sourceSql(
  records: readonly FileRecord[],
  paths: readonly string[],
  before: readonly number[],
): string {
  const [first] = records;
  if (first === undefined) throw new PipelineError('bug', 'a batch without files');
  return FEEDS[first.feed].format === 'csv'
    ? csvSql(first, paths, before)
    : jsonSql(first, paths, before);
}

function columnsOf({ feed }: FileRecord): readonly string[] {
  return [...FEEDS[feed].required, ...FEEDS[feed].optional];
}

/** The line of a row that is the n-th of all files. */
function lineSql(before: readonly number[], headerLines: number): string {
  const place = `row_number() OVER () + ${headerLines}`;
  if (before.length === 1) return place;
  return `CAST(file_index AS BIGINT) * ${LINES_OF_FILE} + ${place} - [${before.join(', ')}][CAST(file_index AS BIGINT) + 1]`;
}

function csvSql(record: FileRecord, paths: readonly string[], before: readonly number[]): string {
  const names = record.metadata.columns.map(({ name }) => name.trim().toLowerCase());
  const cells = columnsOf(record).map((name) => {
    const at = names.indexOf(name);
    return `${at < 0 ? 'CAST(NULL AS VARCHAR)' : `c${at}`} AS raw_${name}`;
  });
  const columns = names.map((_, at) => `'c${at}': 'VARCHAR'`).join(', ');
  return `SELECT ${lineSql(before, 1)} AS line, false AS is_broken, ${cells.join(', ')}
    FROM read_csv([${paths.map(quoteText).join(', ')}], auto_detect = false, header = true, columns = {${columns}}, delim = ',',
      quote = '"', escape = '"', compression = 'none', max_line_size = ${LINE_BYTES_MAX})`;
}

/** Line by line as text, for the engine's own reader of JSON leaves out what it cannot read and counts nothing. */
function jsonSql(record: FileRecord, paths: readonly string[], before: readonly number[]): string {
  const names = columnsOf(record);
  const form = JSON.stringify(Object.fromEntries(names.map((name) => [name, 'VARCHAR'])));
  const cells = names.map((name) => `fields.${quoteIdentifier(name)} AS raw_${name}`);
  return `WITH lines AS (
      SELECT ${lineSql(before, 0)} AS line, text FROM ${linesSql(paths)}
    ), read AS (
      SELECT line, TRY(from_json(text, ${quoteText(form)})) AS fields FROM lines WHERE text > '!' OR trim(text, ' \t\r') <> ''
    )
    SELECT line, fields IS NULL AS is_broken, ${cells.join(', ')} FROM read`;
}

function linesSql(paths: readonly string[]): string {
  return `read_csv([${paths.map(quoteText).join(', ')}], auto_detect = false, header = false, columns = {'text': 'VARCHAR'},
    delim = '${LINE_MARK}', quote = '', escape = '', compression = 'none', max_line_size = ${LINE_BYTES_MAX})`;
}
