import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline as pipe } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import { SOURCE_ROW_BYTES_MAX } from '../../../core/limit.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { gateCsv } from '../../../stages/land/feed/gate.ts';
import { FEEDS } from './feeds.ts';
import type { FileRecord } from '../door/file-record.ts';
import { localFile } from '../set/part-file.ts';

/** The engine takes some sixteen times this as a buffer. */
const LINE_BYTES_MAX = 2 * SOURCE_ROW_BYTES_MAX;

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

/** The view `source`: `line`, `is_broken` and `raw_…` texts of a file, and the macro `file_day`. Line 1 is the header of a CSV. */
export function sourceSql(record: FileRecord, path: string): string {
  const { format } = FEEDS[record.feed];
  return `CREATE OR REPLACE MACRO file_day() AS TIMESTAMP ${quoteText(`${record.date} 00:00:00`)};
    CREATE OR REPLACE VIEW source_all AS ${format === 'csv' ? csvSql(record, path) : jsonSql(record, path)};
    CREATE OR REPLACE VIEW source AS SELECT * FROM source_all;`;
}

/** Narrows the view `source` to the lines that are not in the file of good rows: few, so that their rules cost little. */
export function restSql(goodPath: string): string {
  const good = `read_parquet(${quoteText(goodPath)})`;
  return `CREATE OR REPLACE TABLE missing AS SELECT unnest(range(before + 1, source_line)) AS line
      FROM (SELECT source_line, lag(source_line, 1, 0) OVER () AS before FROM ${good}) WHERE source_line > before + 1;
    CREATE OR REPLACE TABLE seen AS SELECT coalesce(max(source_line), 0) AS last FROM ${good};
    CREATE OR REPLACE VIEW source AS SELECT source_all.* FROM source_all, seen
      WHERE line > last OR line IN (SELECT line FROM missing);`;
}

function columnsOf({ feed }: FileRecord): readonly string[] {
  return [...FEEDS[feed].required, ...FEEDS[feed].optional];
}

function csvSql(record: FileRecord, path: string): string {
  const names = record.metadata.columns.map(({ name }) => name.trim().toLowerCase());
  const cells = columnsOf(record).map((name) => {
    const at = names.indexOf(name);
    return `${at < 0 ? 'CAST(NULL AS VARCHAR)' : `c${at}`} AS raw_${name}`;
  });
  const columns = names.map((_, at) => `'c${at}': 'VARCHAR'`).join(', ');
  return `SELECT row_number() OVER () + 1 AS line, false AS is_broken, ${cells.join(', ')}
    FROM read_csv(${quoteText(path)}, auto_detect = false, header = true, columns = {${columns}}, delim = ',',
      quote = '"', escape = '"', max_line_size = ${LINE_BYTES_MAX})`;
}

/** Line by line as text, for the engine's own reader of JSON leaves out what it cannot read and counts nothing. */
function jsonSql(record: FileRecord, path: string): string {
  const names = columnsOf(record);
  const form = JSON.stringify(Object.fromEntries(names.map((name) => [name, 'VARCHAR'])));
  const cells = names.map((name) => `fields.${quoteIdentifier(name)} AS raw_${name}`);
  return `WITH lines AS (
      SELECT row_number() OVER () AS line, text
      FROM read_csv(${quoteText(path)}, auto_detect = false, header = false, columns = {'text': 'VARCHAR'}, delim = '\u0001',
        quote = '', escape = '', max_line_size = ${LINE_BYTES_MAX})
    ), read AS (
      SELECT line, TRY(from_json(text, ${quoteText(form)})) AS fields FROM lines WHERE trim(text, ' \t\r') <> ''
    )
    SELECT line, fields IS NULL AS is_broken, ${cells.join(', ')} FROM read`;
}
