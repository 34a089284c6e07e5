import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import type { Part } from '../../../core/manifest.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { prepareProtection, protectedColumns, saltOf } from '../../../stages/shape/protect.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import { partsBelow } from '../set/copied-parts.ts';
import type { Feed } from './feeds.ts';
import { type FreshPart, localFile } from '../set/part-file.ts';
import { PARQUET } from './process-file.ts';

const FILES_AT_ONCE = 16;
/** A row's place is the number of its file × this + its line: places are in the order of files and lines. */
const PLACES_OF_FILE = 2 ** 32;

export interface Curation {
  /** The good rows of every file, in the order of the files' keys. */
  processed: readonly Part[];
  /** Parts that came or went since the last set; null to make everything. */
  changed: readonly Part[] | null;
  /** Where parts lie that were made just now, by their keys. */
  fresh: ReadonlyMap<string, string>;
}

export interface Curated {
  /** The units that were made again; null for all of them. */
  units: ReadonlySet<string> | null;
  curated: readonly FreshPart[];
  /** Rows that another row of the same key stands for. */
  repeats: readonly FreshPart[];
}

interface Shop {
  ports: StepPorts;
  engine: QueryEngine;
}

/**
 * Makes the units again in which a changed row is, or another row of its key: one row a key, the first (or last) in the
 * order of files and lines, whichever order the files came in. Personal data is protected on the way.
 */
export async function curate(shop: Shop, feed: Feed, request: Curation): Promise<Curated> {
  const { engine, ports } = shop;
  await viewRows(shop, feed, request);
  const isAll = request.changed === null;
  if (request.changed !== null)
    await findTouched(shop, feed, await pathsOf(ports, request.changed, request.fresh));
  const touched = isAll ? 'true' : 'unit IN (SELECT unit FROM touched)';
  const best = feed.winner === 'first' ? 'min' : 'max';
  await engine.run(`CREATE OR REPLACE TABLE repeated AS SELECT key, ${best}(place) AS winner FROM keyed
    ${isAll ? '' : `WHERE key IN (SELECT key FROM keyed WHERE ${touched})`} GROUP BY key HAVING count(*) > 1`);
  await prepareProtection(engine, saltOf(ports.settings));
  const rows = `(SELECT * FROM keyed LEFT JOIN repeated USING (key) WHERE ${touched})`;
  const from = `${rows} WHERE winner IS NULL OR winner = place`;
  const curated = await copyCurated(shop, feed, { from, request });
  const repeats = await copyRepeats(shop, feed, {
    from: `${rows} WHERE winner <> place`,
    processed: request.processed,
  });
  const units = isAll ? null : await textsOf(engine, 'SELECT unit FROM touched ORDER BY unit');
  return { units: units === null ? null : new Set(units), curated, repeats };
}

/** The view `keyed`: rows of all processed parts with `place`, `key` and `unit`. */
async function viewRows(
  { ports, engine }: Shop,
  feed: Feed,
  { processed, fresh }: Curation,
): Promise<void> {
  const files = await pathsOf(ports, processed, fresh);
  await engine.run('CREATE OR REPLACE TABLE files (path VARCHAR, number INTEGER)');
  await engine.append('files', [
    { type: 'VARCHAR', values: files },
    { type: 'INTEGER', values: files.map((_, at) => at) },
  ]);
  const list = files.map(quoteText).join(', ');
  const from =
    files.length === 0
      ? `(SELECT 0 AS number, CAST(0 AS BIGINT) AS source_line, ${feed.columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteIdentifier(name)}`).join(', ')} WHERE false)`
      : files.length === 1
        ? `(SELECT 0 AS number, * FROM read_parquet([${list}], hive_partitioning = false))`
        : `(SELECT number, rows.* FROM read_parquet([${list}], hive_partitioning = false, filename = 'source_path') rows
            JOIN files ON files.path = rows.source_path)`;
  await engine.run(`CREATE OR REPLACE VIEW keyed AS
    SELECT *, CAST(number AS BIGINT) * ${PLACES_OF_FILE} + source_line AS place, ${feed.keySql} AS key, ${feed.unitSql} AS unit
    FROM ${from} rows`);
}

async function pathsOf(
  ports: StepPorts,
  parts: readonly Part[],
  fresh: ReadonlyMap<string, string>,
): Promise<string[]> {
  const limit = pLimit(FILES_AT_ONCE);
  return allSettled(
    parts.map((part) => limit(async () => fresh.get(part.key) ?? (await localFile(ports, part)))),
  );
}

async function findTouched({ engine }: Shop, feed: Feed, files: readonly string[]): Promise<void> {
  await engine.run(`CREATE OR REPLACE TABLE changed AS SELECT DISTINCT ${feed.keySql} AS key, ${feed.unitSql} AS unit
      FROM read_parquet([${files.map(quoteText).join(', ')}], hive_partitioning = false);
    CREATE OR REPLACE TABLE touched AS SELECT unit FROM changed
      UNION SELECT unit FROM keyed WHERE key IN (SELECT key FROM changed);`);
}

async function copyCurated(
  { ports, engine }: Shop,
  feed: Feed,
  { from, request }: { from: string; request: Curation },
): Promise<FreshPart[]> {
  const { partitionBy } = feed;
  const folder = join(ports.scratch, 'curated');
  await mkdir(folder, { recursive: true });
  const columns = feed.columns.map(({ name }) => name);
  const tags = Object.fromEntries(feed.columns.map(({ name, tag }) => [name, tag]));
  const { environment } = ports.settings;
  const list = protectedColumns({ dataset: feed.name, columns, tags, environment });
  // The order of a whole build is that of files and lines anyway, and a sort of all rows would cost much.
  const isOrdered = feed.isSorted || request.changed !== null;
  const order = isOrdered ? `ORDER BY ${[...partitionBy, 'place'].join(', ')}` : '';
  const layout =
    partitionBy.length === 0
      ? { target: join(folder, 'data.parquet'), options: PARQUET }
      : {
          target: folder,
          options: `${PARQUET}, PARTITION_BY (${partitionBy.join(', ')}), WRITE_PARTITION_COLUMNS true, OVERWRITE_OR_IGNORE true`,
        };
  await engine.run(
    `COPY (SELECT ${list} FROM ${from} ${order}) TO ${quoteText(layout.target)} (${layout.options})`,
  );
  return partsBelow(engine, folder, (partition, file) => ({
    keyPattern: [
      'curated',
      feed.name,
      ...(partition === '' ? [] : [partition]),
      'part-{hash}.parquet',
    ].join('/'),
    attributes: { zone: 'curated', table: feed.name, partition, unit: unitOf(partition) },
    path: file,
  }));
}

/** The unit of a partition folder: `year=2025/month=1/day=5/hour=7` is of `2025-01-05`. */
export function unitOf(partition: string): string {
  if (partition === '') return 'all';
  const numbers = partition.split('/').map((part) => part.slice(part.indexOf('=') + 1));
  return numbers
    .slice(0, 3)
    .map((number, at) => number.padStart(at === 0 ? 4 : 2, '0'))
    .join('-');
}

/** The rows that others stand for, in one file a unit. */
async function copyRepeats(
  { ports, engine }: Shop,
  feed: Feed,
  { from, processed }: { from: string; processed: readonly Part[] },
): Promise<FreshPart[]> {
  const rule = feed.winner === 'first' ? 'duplicate' : 'superseded';
  const found = await engine.query(
    `SELECT unit, count(*) FROM ${from} GROUP BY unit ORDER BY unit`,
  );
  if (found.rows.length === 0) return [];
  const folder = join(ports.scratch, 'repeats');
  await mkdir(folder, { recursive: true });
  await engine.run('CREATE OR REPLACE TABLE sources (number INTEGER, object VARCHAR)');
  await engine.append('sources', [
    { type: 'INTEGER', values: processed.map((_, at) => at) },
    { type: 'VARCHAR', values: processed.map(({ attributes }) => attributes['source'] ?? '') },
  ]);
  const id = feed.columns[0]?.name ?? '';
  const value = feed.columns[0]?.tag === 'none' ? quoteIdentifier(id) : 'NULL';
  await engine.run(`CREATE OR REPLACE TABLE repeats AS SELECT unit, object, source_line AS line, ${value} AS id
    FROM (SELECT * FROM ${from}) lost JOIN sources USING (number)`);
  const parts: FreshPart[] = [];
  for (const [unit, count] of found.rows) {
    const path = join(folder, `${String(unit)}.jsonl`);
    await engine.run(`COPY (SELECT object, line, ${quoteText(rule)} AS rule, {${quoteIdentifier(id)}: id} AS "values"
      FROM repeats WHERE unit = ${quoteText(String(unit))} ORDER BY object, line) TO ${quoteText(path)} (FORMAT json)`);
    parts.push({
      keyPattern: `quarantine/${feed.name}/repeats/${String(unit)}-{hash}.jsonl`,
      path,
      rows: Number(count),
      attributes: {
        zone: 'quarantine',
        unit: String(unit),
        rules: JSON.stringify({ [rule]: Number(count) }),
      },
    });
  }
  return parts;
}

async function textsOf(engine: QueryEngine, sql: string): Promise<string[]> {
  return (await engine.query(sql)).rows.map(([text]) => String(text));
}
