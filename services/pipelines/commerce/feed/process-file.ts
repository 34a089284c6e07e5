import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import { PipelineError } from '../../../core/error.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { StepPorts } from '../../../ports/step.ts';
import type { Feed } from './feeds.ts';
import type { FileRecord } from '../door/file-record.ts';
import type { FreshPart } from '../set/part-file.ts';
import { readablePath, restSql, sourceSql } from './source-view.ts';

/** A dictionary of ids that are there once takes long and is thrown away. */
export const PARQUET = 'FORMAT parquet, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 2000';

/** The good rows of a file, and those that break a rule, if any. */
export interface ProcessedFile {
  processed: FreshPart;
  rejects: FreshPart | null;
}

/**
 * Cleans one accepted file by the rules of its feed: good rows with `source_line` to Parquet, the others to JSON lines
 * with object, line, rule and values that tell of nobody. Each row is in one of the two; `bug` if not.
 */
export async function processFile(
  { ports, engine }: { ports: StepPorts; engine: QueryEngine },
  feed: Feed,
  { record, number }: { record: FileRecord; number: number },
): Promise<ProcessedFile> {
  const path = await readablePath(ports, record, number);
  await engine.run(sourceSql(record, path));
  await engine.run(feed.typedSql);
  const folder = join(ports.scratch, 'processed');
  await mkdir(folder, { recursive: true });
  const goodPath = join(folder, `${number}.parquet`);
  const names = feed.columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  const rowsIn = record.metadata.rows;
  const good = await readingFile(record, () =>
    engine.run(`COPY (SELECT line AS source_line, ${names} FROM typed WHERE rule IS NULL)
      TO ${quoteText(goodPath)} (${PARQUET})`),
  );
  if (good !== rowsIn) await engine.run(restSql(goodPath));
  const rejects =
    good === rowsIn
      ? null
      : await refuse(engine, { record, path: join(folder, `${number}.jsonl`) });
  if (good + (rejects?.rows ?? 0) !== rowsIn) {
    const seen = `${rowsIn} rows in, ${good} good, ${rejects?.rows ?? 0} refused`;
    throw new PipelineError('bug', `${record.key}: ${seen}: some are nowhere`);
  }
  return {
    processed: {
      keyPattern: `${placeOf('processed', record)}-{hash}.parquet`,
      path: goodPath,
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
  const folder = zone === 'processed' ? `year=${year}/month=${month}/day=${day}` : `date=${date}`;
  return `${zone}/${feed}/${folder}/${safe}`;
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
  { record, path }: { record: FileRecord; path: string },
): Promise<FreshPart> {
  const rows =
    await engine.run(`COPY (SELECT ${quoteText(record.key)} AS object, line, rule, "values" FROM typed
    WHERE rule IS NOT NULL) TO ${quoteText(path)} (FORMAT json)`);
  const counts = await engine.query(
    `SELECT rule, count(*) FROM read_json(${quoteText(path)}, format = 'newline_delimited', columns = {'rule': 'VARCHAR'})
     GROUP BY rule ORDER BY rule`,
  );
  const rules = Object.fromEntries(
    counts.rows.map(([rule, count]) => [String(rule), Number(count)]),
  );
  return {
    keyPattern: `${placeOf('quarantine', record)}-{hash}.jsonl`,
    path,
    rows,
    attributes: sourceOf('quarantine', record, { rules: JSON.stringify(rules) }),
  };
}

/** The engine's message shows rows of the file, which a message of ours must not. */
async function readingFile<T>(record: FileRecord, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (
      !(error instanceof PipelineError) ||
      !/CSV (?:Error|Parser)|Invalid unicode/i.test(error.message)
    )
      throw error;
    throw new PipelineError('input-invalid', `${record.key}: cannot be read as ${record.feed}`, {
      hint: 'correct the file at its source and put it again',
    });
  }
}
