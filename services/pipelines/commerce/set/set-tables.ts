import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import type { DatasetColumn } from '../../../core/dataset.ts';
import type { Part } from '../../../core/manifest.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import { type FeedSet, readFeedSet } from './feed-set.ts';
import { FEEDS } from '../feed/feeds.ts';
import { PARQUET } from '../feed/process-file.ts';
import { localFile } from './part-file.ts';
import { FEED_NAMES, type FeedName } from '../door/raw-key.ts';

const FILES_AT_ONCE = 16;
/** An open file costs memory, whatever it holds, and each reading of a table opens all of its files. */
const FILES_OF_VIEW_MAX = 200;
/** Above this mean size the rows take longer to copy than the files to open. */
const PACKED_BYTES_MAX = 2 ** 18;
const PACKS_AT_ONCE = 2;

export type FeedSets = Readonly<Record<FeedName, FeedSet>>;

/** The newest set of each feed. */
export async function readFeedSets({ store }: Pick<StepPorts, 'store'>): Promise<FeedSets> {
  const [transactions, products, clickstream, reviews] = await Promise.all([
    readFeedSet(store, 'transactions'),
    readFeedSet(store, 'products'),
    readFeedSet(store, 'clickstream'),
    readFeedSet(store, 'reviews'),
  ]);
  return { transactions, products, clickstream, reviews };
}

/** An engine with one view a feed over its staged curated parts; the caller closes it. */
export async function openFeedTables(ports: StepPorts, sets: FeedSets): Promise<QueryEngine> {
  return (await openFeedFiles(ports, sets)).engine;
}

/** The same, with where each part lies, by its key. */
export async function openFeedFiles(
  ports: StepPorts,
  sets: FeedSets,
): Promise<{ engine: QueryEngine; paths: ReadonlyMap<string, string> }> {
  const paths = new Map<string, string>();
  for (const name of FEED_NAMES) {
    const { curated } = sets[name];
    const found = await localPaths(ports, curated);
    for (const [at, { key }] of curated.entries()) paths.set(key, found[at] ?? key);
  }
  const folders = Array.from(paths.values(), (path) => dirname(path));
  const engine = await ports.openEngine([...new Set([ports.scratch, ...folders])]);
  try {
    for (const name of FEED_NAMES) {
      const own = await packed(ports, engine, { name, parts: sets[name].curated, paths });
      await engine.run(tableSql(name, FEEDS[name].columns, own));
    }
    return { engine, paths };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** Files with the rows of these parts, in their order; many small ones become a few below scratch. */
async function packed(
  { scratch }: StepPorts,
  engine: QueryEngine,
  of: { name: FeedName; parts: readonly Part[]; paths: ReadonlyMap<string, string> },
): Promise<string[]> {
  const files = of.parts.map(({ key }) => of.paths.get(key) ?? key);
  const sizeBytes = of.parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  if (files.length <= FILES_OF_VIEW_MAX || sizeBytes > files.length * PACKED_BYTES_MAX)
    return files;
  const folder = join(scratch, 'packed');
  await mkdir(folder, { recursive: true });
  const names = FEEDS[of.name].columns.map((one) => quoteIdentifier(one.name)).join(', ');
  const limit = pLimit(PACKS_AT_ONCE);
  const pack = async (first: number): Promise<string> => {
    const own = files.slice(first, first + FILES_OF_VIEW_MAX).map(quoteText);
    const path = join(folder, `${of.name}-${first}.parquet`);
    await engine.run(`COPY (SELECT ${names} FROM read_parquet([${own.join(', ')}], hive_partitioning = false))
      TO ${quoteText(path)} (${PARQUET})`);
    return path;
  };
  const count = Math.ceil(files.length / FILES_OF_VIEW_MAX);
  const firsts = Array.from({ length: count }, (_, at) => at * FILES_OF_VIEW_MAX);
  return allSettled(firsts.map((first) => limit(() => pack(first))));
}

async function localPaths(ports: StepPorts, parts: readonly Part[]): Promise<string[]> {
  const limit = pLimit(FILES_AT_ONCE);
  return allSettled(parts.map((part) => limit(() => localFile(ports, part))));
}

function tableSql(
  name: string,
  columns: readonly DatasetColumn[],
  paths: readonly string[],
): string {
  const view = `CREATE OR REPLACE VIEW ${quoteIdentifier(name)} AS SELECT`;
  if (paths.length === 0) {
    const none = columns.map((one) => `CAST(NULL AS ${one.type}) AS ${quoteIdentifier(one.name)}`);
    return `${view} ${none.join(', ')} WHERE false`;
  }
  const names = columns.map((one) => quoteIdentifier(one.name)).join(', ');
  return `${view} ${names} FROM read_parquet([${paths.map(quoteText).join(', ')}], hive_partitioning = false)`;
}
