import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { quoteText } from '../../../core/column.ts';
import type { Part } from '../../../core/manifest.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import { prepareProtection, protectedColumns, saltOf } from '../../../stages/shape/protect.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import { partsBelow } from '../set/copied-parts.ts';
import { type FreshPart, localFile } from '../set/part-file.ts';
import type { Feed } from './feeds.ts';
import { PARQUET } from './process-file.ts';
import { copyRepeats, countRepeats, findRepeats } from './repeats.ts';
import type { FeedPorts, Shop } from './shop.ts';
import { isOfUnit, textOfUnit, type Unit, unitName, unitsOf } from './unit.ts';

const FILES_AT_ONCE = 16;
/** Each takes a core. */
const UNITS_AT_ONCE = 4;
/** A row's place is the number of its file × this + its line: places are in the order of files and lines. */
const PLACES_OF_FILE = 2 ** 32;
/** Files of a day are read for that day. Where that would read all rows more often than this, they are sorted first. */
const READS_MAX = 3;

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
  /** How many of them a file has, by its key. */
  repeatsOf: ReadonlyMap<string, number>;
}

/**
 * Makes the units again in which a changed row is, or another row of its key: one row a key, the first (or last) in the
 * order of files and lines, whichever order the files came in. Personal data is protected on the way.
 */
export async function curate(shop: Shop, feed: Feed, request: Curation): Promise<Curated> {
  const { engine, ports } = shop;
  const { changed, fresh, processed } = request;
  const files = await pathsOf(ports, processed, fresh);
  if (files.length === 0) return { units: null, curated: [], repeats: [], repeatsOf: new Map() };
  await engine.run(`CREATE OR REPLACE VIEW keyed AS ${rowsSql(feed, files)}`);
  const touched =
    changed === null ? null : await findTouched(engine, feed, await pathsOf(ports, changed, fresh));
  await findRepeats(engine, feed);
  await prepareProtection(engine, saltOf(ports.settings));
  const units = await unitsOf(engine, feed, touched !== null);
  const curated = await copyCurated(shop, feed, { files, units });
  const sources = processed.map(({ attributes }) => attributes['source'] ?? '');
  const repeats = await copyRepeats(shop, feed, { sources, units });
  return { units: touched, curated, repeats, repeatsOf: await countRepeats(engine, sources) };
}

/** Rows of processed files with `number`, that of the file, `place` and `key`. */
function rowsSql(feed: Feed, files: readonly string[]): string {
  return `SELECT *, number * ${PLACES_OF_FILE} + source_line AS place, ${feed.keySql} AS key
    FROM (SELECT CAST(file_index AS BIGINT) AS number, * FROM ${filesSql(files)}) rows`;
}

function filesSql(files: readonly string[]): string {
  return `read_parquet([${files.map(quoteText).join(', ')}], hive_partitioning = false)`;
}

async function pathsOf(
  ports: FeedPorts,
  parts: readonly Part[],
  fresh: ReadonlyMap<string, string>,
): Promise<string[]> {
  const limit = pLimit(FILES_AT_ONCE);
  return allSettled(
    parts.map((part) => limit(async () => fresh.get(part.key) ?? (await localFile(ports, part)))),
  );
}

/** The table `touched`, and the names of the units in it: those of changed rows, and of other rows of their keys. */
async function findTouched(
  engine: QueryEngine,
  feed: Feed,
  files: readonly string[],
): Promise<Set<string>> {
  const columns = [...feed.unitBy, 'true AS is_touched'].join(', ');
  await engine.run(`CREATE OR REPLACE TABLE changed AS SELECT DISTINCT ${feed.keySql} AS key, ${columns} FROM ${filesSql(files)};
    CREATE OR REPLACE TABLE touched AS SELECT * EXCLUDE key FROM changed
      UNION SELECT ${columns} FROM keyed WHERE key IN (SELECT key FROM changed);`);
  const { rows } = await engine.query('SELECT * FROM touched');
  return new Set(rows.map((row) => textOfUnit(row.slice(0, feed.unitBy.length).map(Number))));
}

async function copyCurated(
  { ports, engine }: Shop,
  feed: Feed,
  { files, units }: { files: readonly string[]; units: readonly Unit[] },
): Promise<FreshPart[]> {
  const folder = join(ports.scratch, 'curated');
  await mkdir(folder, { recursive: true });
  const list = columnsSql(feed, ports.settings.environment);
  const sorted = isScattered(units) ? await sort(engine, feed, ports.scratch) : null;
  const limit = pLimit(UNITS_AT_ONCE);
  const copy = async (unit: Unit): Promise<void> => {
    const from = sorted ?? ownRowsSql(unit, files);
    const where = isOfUnit(feed, unit);
    const winners =
      unit.repeats === 0
        ? ''
        : `ANTI JOIN (SELECT place FROM losers WHERE ${where}) lost USING (place)`;
    const target = await targetOf(folder, feed, unit);
    await engine.run(
      `COPY (SELECT ${list} FROM (SELECT * FROM ${from} WHERE ${where}) rows ${winners}) TO ${target}`,
    );
  };
  await allSettled(units.map((unit) => limit(() => copy(unit))));
  return partsBelow(engine, folder, (partition, file) => ({
    keyPattern: [
      'curated',
      feed.name,
      ...(partition === '' ? [] : [partition]),
      'part-{hash}.parquet',
    ].join('/'),
    attributes: { zone: 'curated', table: feed.name, partition, unit: unitName(partition) },
    path: file,
  }));
}

function columnsSql(feed: Feed, environment: string): string {
  const columns = feed.columns.map(({ name }) => name);
  const tags = Object.fromEntries(feed.columns.map(({ name, tag }) => [name, tag]));
  return protectedColumns({ dataset: feed.name, columns, tags, environment });
}

/** True where most files hold rows of many units. */
function isScattered(units: readonly Unit[]): boolean {
  const sum = (of: (unit: Unit) => number): number =>
    units.reduce((total, unit) => total + of(unit), 0);
  return sum(({ rowsOfFiles }) => rowsOfFiles) > READS_MAX * sum(({ rows }) => rows);
}

/** The rows in the order of units, then of places, in one file of which a unit's rows are found fast. */
async function sort(engine: QueryEngine, feed: Feed, scratch: string): Promise<string> {
  const path = join(scratch, 'sorted.parquet');
  const order = [...feed.unitBy, 'place'].join(', ');
  await engine.run(`COPY (SELECT * EXCLUDE key FROM keyed ORDER BY ${order})
    TO ${quoteText(path)} (${PARQUET}, ROW_GROUP_SIZE 30720)`);
  return filesSql([path]);
}

function ownRowsSql({ files: numbers }: Unit, files: readonly string[]): string {
  const paths = numbers.map((number) => files[number] ?? '');
  const place = `CAST([${numbers.join(', ')}][CAST(file_index AS BIGINT) + 1] AS BIGINT) * ${PLACES_OF_FILE} + source_line AS place`;
  return `(SELECT *, ${place} FROM ${filesSql(paths)}) own`;
}

/** Where a unit goes: a file, or a folder with a folder for each of its partitions. */
async function targetOf(
  folder: string,
  { unitBy, partitionBy }: Feed,
  unit: Unit,
): Promise<string> {
  if (partitionBy.length > unitBy.length)
    return `${quoteText(folder)} (${PARQUET}, PARTITION_BY (${partitionBy.join(', ')}), WRITE_PARTITION_COLUMNS true, OVERWRITE_OR_IGNORE true)`;
  const own = join(folder, ...unitBy.map((name, at) => `${name}=${unit.values[at]}`));
  await mkdir(own, { recursive: true });
  return `${quoteText(join(own, 'data.parquet'))} (${PARQUET})`;
}
