import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import { PipelineError } from '../../../core/error.ts';
import { sha256 } from '../../../core/manifest.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { FileRecord } from '../door/file-record.ts';
import type { FreshPart } from '../set/part-file.ts';
import type { Feed } from './feeds.ts';
import type { Shop } from './shop.ts';

/** A dictionary of ids that are there once takes long and is thrown away. */
export const PARQUET = 'FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 2000';

/** The good rows of a file, and those that break a rule, if any. */
export interface ProcessedFile {
  processed: FreshPart;
  rejects: FreshPart | null;
}

/** Where the rows of an accepted file are: in a table of `processBatch`, under a number of their own. */
export interface FileRows {
  record: FileRecord;
  table: string;
  at: number;
  /** What the files that are made of it are called by. */
  number: number;
}

/**
 * Writes the rows of one accepted file: good ones with `source_line` to Parquet, the others to JSON lines with object,
 * line, rule and values that tell of nobody. Each row is in one of the two; `bug` if not.
 */
export async function processFile(
  { ports, engine }: Shop,
  feed: Feed,
  { record, table, at, number }: FileRows,
): Promise<ProcessedFile> {
  const folder = join(ports.scratch, 'processed');
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${number}.parquet`);
  const names = feed.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  const rows = `FROM ${table} WHERE file = ${at} AND rule IS`;
  const good = await engine.run(
    `COPY (SELECT source_line, ${names} ${rows} NULL) TO ${quoteText(path)} (${PARQUET})`,
  );
  const rowsIn = record.metadata.rows;
  const target = join(folder, `${number}.jsonl`);
  const rejects =
    good === rowsIn
      ? null
      : await refuse(engine, record, { feed, rows: `${rows} NOT NULL`, target });
  if (good + (rejects?.rows ?? 0) !== rowsIn) {
    const seen = `${rowsIn} rows in, ${good} good, ${rejects?.rows ?? 0} refused`;
    throw new PipelineError('bug', `${record.key}: ${seen}: some are nowhere`);
  }
  return {
    processed: {
      keyPattern: `${placeOf('processed', record)}-{hash}.parquet`,
      path,
      rows: good,
      attributes: sourceOf('processed', record, { rows_in: String(rowsIn) }),
    },
    rejects,
  };
}

/** Where what comes of a file lies: `processed/<feed>/year=…/month=…/day=…/<name>`, by the day of its folder. */
function placeOf(zone: 'processed' | 'quarantine', { feed, date, key }: FileRecord): string {
  const [year, month, day] = date.split('-').map(Number);
  const name = (key.split('/').at(-1) ?? '').replace(/\.(?:csv|jsonl?)(?:\.gz)?$/i, '');
  const safe = name.replaceAll(/[^A-Za-z0-9_.-]/g, '_').slice(0, 80);
  // Two files of a day may have one name and the same good rows.
  const own = sha256(key).slice(0, 8);
  const folder = zone === 'processed' ? `year=${year}/month=${month}/day=${day}` : `date=${date}`;
  return `${zone}/${feed}/${folder}/${safe}-${own}`;
}

function sourceOf(
  zone: 'processed' | 'quarantine',
  { key, metadata }: FileRecord,
  more: Record<string, string>,
): Record<string, string> {
  return { zone, source: key, source_sha256: metadata.sha256, ...more };
}

async function refuse(
  engine: QueryEngine,
  record: FileRecord,
  { feed, rows, target }: { feed: Feed; rows: string; target: string },
): Promise<FreshPart> {
  const count =
    await engine.run(`COPY (SELECT ${quoteText(record.key)} AS object, source_line AS line, rule, ${shownSql(feed)} AS "values" ${rows})
    TO ${quoteText(target)} (FORMAT json)`);
  const counts = await engine.query(`SELECT rule, count(*) ${rows} GROUP BY rule ORDER BY rule`);
  const rules = Object.fromEntries(counts.rows.map(([rule, of]) => [String(rule), Number(of)]));
  return {
    keyPattern: `${placeOf('quarantine', record)}-{hash}.jsonl`,
    path: target,
    rows: count,
    attributes: sourceOf('quarantine', record, { rules: JSON.stringify(rules) }),
  };
}

/** The values of a refused row, `***` for those that are not what their column holds. */
function shownSql({ shown }: Feed): string {
  const cells = Object.entries(shown).map(([name, form]) => {
    const value = `"values".${quoteIdentifier(name)}`;
    return `${quoteIdentifier(name)}: CASE WHEN regexp_full_match(trim(${value}), ${quoteText(form)}) THEN trim(${value})
      WHEN ${value} IS NOT NULL THEN '***' END`;
  });
  return `{${cells.join(', ')}}`;
}
