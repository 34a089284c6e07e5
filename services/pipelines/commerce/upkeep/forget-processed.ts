import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteText } from '../../../core/column.ts';
import type { Part } from '../../../core/manifest.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { FEED_NAMES } from '../door/raw-key.ts';
import { type Feed, FEEDS } from '../feed/feeds.ts';
import { foldersOf, make } from '../feed/make.ts';
import type { Plan } from '../feed/plan.ts';
import { PARQUET } from '../feed/process-file.ts';
import type { FeedPorts, Shop } from '../feed/shop.ts';
import { type FeedSet, readFeedSet } from '../set/feed-set.ts';
import { type FreshPart, localFile } from '../set/part-file.ts';
import type { Person } from './forget-file.ts';

type Ports = FeedPorts & Pick<StepPorts, 'openEngine'>;

/** Sessions that the cleaned files name a customer in: of some of them the raw file may be gone. */
export async function sessionsProcessed(ports: Ports, customerId: string): Promise<string[]> {
  const set = await readFeedSet(ports.store, 'clickstream');
  if (set.processed.length === 0) return [];
  return withParts(ports, set, async ({ engine }, paths) => {
    const { rows } = await engine.query(
      `SELECT DISTINCT session_id FROM ${partsSql(paths)} WHERE customer_id = $1`,
      [customerId],
    );
    return rows.map(([session]) => String(session));
  });
}

/**
 * Takes a person's rows out of cleaned files, whether the raw file is there or not, and makes the units of the feeds
 * again that they were in. Readers see it after the next run. Returns how many rows.
 */
export async function eraseProcessed(ports: Ports, person: Person): Promise<number> {
  let count = 0;
  for (const name of FEED_NAMES) {
    const feed = FEEDS[name];
    if (!feed.required.includes('customer_id')) continue;
    const set = await readFeedSet(ports.store, name);
    if (set.processed.length > 0) count += await eraseFeed(ports, feed, { set, person });
  }
  return count;
}

async function eraseFeed(
  all: Ports,
  feed: Feed,
  { set, person }: { set: FeedSet; person: Person },
): Promise<number> {
  return withParts(all, set, async ({ ports, engine }, paths) => {
    const about = await aboutSql(engine, feed, person);
    const found = await engine.query(
      `SELECT file_index, count(*) FROM ${partsSql(paths)} WHERE ${about} GROUP BY file_index ORDER BY file_index`,
    );
    const rewritten: FreshPart[] = [];
    const replaced: Part[] = [];
    for (const [at, count] of found.rows) {
      const [part, path] = [set.processed[Number(at)], paths[Number(at)]];
      if (part === undefined || path === undefined) continue;
      const target = join(ports.scratch, `forgotten-${feed.name}-${Number(at)}.parquet`);
      await engine.run(
        `COPY (SELECT * FROM ${partsSql([path])} WHERE NOT ${about}) TO ${quoteText(target)} (${PARQUET})`,
      );
      replaced.push(part);
      rewritten.push(without(part, { path: target, count: Number(count) }));
    }
    if (rewritten.length > 0)
      await make({ ports, engine }, feed, { plan: planOf(set, replaced), rewritten });
    return found.rows.reduce((sum, [, count]) => sum + Number(count), 0);
  });
}

/** A condition on the rows of cleaned files. */
async function aboutSql(engine: QueryEngine, { columns }: Feed, person: Person): Promise<string> {
  await engine.run('CREATE OR REPLACE TABLE person (session_id VARCHAR)');
  if (person.sessions.size > 0)
    await engine.append('person', [{ type: 'VARCHAR', values: [...person.sessions] }]);
  const own = `coalesce(customer_id = ${quoteText(person.customerId)}, false)`;
  if (columns.every(({ name }) => name !== 'session_id')) return own;
  return `(${own} OR (customer_id IS NULL AND session_id IN (SELECT session_id FROM person)))`;
}

function without(part: Part, { path, count }: { path: string; count: number }): FreshPart {
  const rowsIn = Number(part.attributes['rows_in']) - count;
  return {
    keyPattern: part.key.replace(/-[0-9a-f]{16}\.parquet$/, '-{hash}.parquet'),
    path,
    rows: part.rows - count,
    attributes: { ...part.attributes, rows_in: String(rowsIn) },
  };
}

function planOf(set: FeedSet, replaced: readonly Part[]): Plan {
  return {
    set,
    added: [],
    kept: set.processed.filter((part) => !replaced.includes(part)),
    replaced,
    attributes: set.commit?.attributes ?? {},
    isWhole: false,
    problems: [],
  };
}

function partsSql(paths: readonly string[]): string {
  return `read_parquet([${paths.map(quoteText).join(', ')}], hive_partitioning = false)`;
}

/** Work on the cleaned files of a feed, with scratch of its own: what a feed makes lies below it. */
async function withParts<T>(
  all: Ports,
  set: FeedSet,
  work: (shop: Shop, paths: readonly string[]) => Promise<T>,
): Promise<T> {
  const scratch = await mkdtemp(join(all.scratch, 'feed-'));
  const ports = { ...all, scratch };
  const folders = await foldersOf(ports, planOf(set, []));
  const engine = await ports.openEngine(folders);
  try {
    const paths: string[] = [];
    for (const part of set.processed) paths.push(await localFile(ports, part));
    return await work({ ports, engine }, paths);
  } finally {
    await engine.close();
    await rm(scratch, { recursive: true, force: true });
  }
}
