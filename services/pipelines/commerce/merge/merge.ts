import pLimit from 'p-limit';
import { quoteText } from '../../../core/column.ts';
import { type Commit, type Part, sha256 } from '../../../core/manifest.ts';
import type { Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import { datesTaken, FORCE_PARAMETER } from '../door/dates-taken.ts';
import { commitSet, newestSet } from '../set/commit-set.ts';
import { copyDerived } from './copy-derived.ts';
import { DERIVED, type Derived } from './derived.ts';
import categories from './categories.sql';
import { keepPart } from '../set/part-file.ts';
import { FEED_NAMES, type FeedName } from '../door/raw-key.ts';
import { failedFeeds, FEED_ENDS } from '../gate/feed-ends.ts';
import { type FeedSets, openFeedFiles, readFeedSets } from '../set/set-tables.ts';
import { CURATED_SET, shownAttributes } from '../set/shown.ts';
import type { DerivedParts, Workshop } from './workshop.ts';

/** The dataset whose newest commit is what readers of `curated_{env}` see. */
export const CURATED = CURATED_SET;
const PARTS_AT_ONCE = 16;
/** Each takes a core, and memory for its groups. */
const TABLES_AT_ONCE = 2;

/**
 * Joins the staged feeds to the tables for analysis and shows all of them, the feeds' own too, by one commit
 * (requirements 3.10): a reader never sees tables of two runs. Made of the same sets on the same day, nothing is done.
 * A feed that has failed, and what is made of it, stays as readers have it. "Last 30 days" end with the newest day that
 * was ever shown: a run of a day that is over takes nothing from readers.
 */
export const merge: Step = {
  name: 'merge',
  summary: 'Join the feeds to tables for analysis, and show all curated tables at once',
  parameters: [...FEED_ENDS, FORCE_PARAMETER],
  async run(ports, parameters, { logicalDate }): Promise<StepResult> {
    const failed = failedFeeds(parameters);
    const sets = await readFeedSets(ports);
    const base = await newestSet(ports.store, CURATED);
    const asOf = laterOf(base?.attributes['as_of'], logicalDate);
    const inputs = fingerprintOf(sets, asOf, failed);
    const { isForced } = datesTaken(parameters);
    if (base?.attributes['inputs'] === inputs && !isForced) return resultOf(base, 0);
    const { engine, paths } = await openFeedFiles(ports, sets);
    try {
      const day = `TIMESTAMP ${quoteText(`${asOf} 00:00:00`)} + INTERVAL 1 DAY`;
      await engine.run(`CREATE OR REPLACE MACRO run_end() AS ${day}; ${categories}`);
      const before = isForced ? [] : (base?.parts ?? []);
      const shop = { ports, engine, paths, sales: sets.transactions.curated, before };
      const made = await makeDerived(ports, shop, { failed, base });
      const feeds = FEED_NAMES.flatMap((name) =>
        failed.includes(name) ? partsOf(base, name) : sets[name].curated,
      );
      const parts = [...feeds, ...made.parts];
      const shown = shownAttributes(sets, { failed, base, logicalDate });
      const attributes = { inputs, as_of: asOf, ...shown };
      const { store, signal } = ports;
      const request = { dataset: CURATED, attributes, parts, base, signal };
      return resultOf((await commitSet(store, request)).commit, made.written);
    } finally {
      await engine.close();
    }
  },
};

function laterOf(before: string | undefined, logicalDate: string): string {
  return before !== undefined && before > logicalDate ? before : logicalDate;
}

/** Tables that were made of the same sets by the same SQL on the same day are the same. */
function fingerprintOf(sets: FeedSets, asOf: string, failed: readonly FeedName[]): string {
  const digests = FEED_NAMES.map((name) => sets[name].commit?.digest ?? '');
  const sql = DERIVED.map((one) => one.sql);
  return sha256(JSON.stringify([...digests, asOf, categories, ...sql, ...failed]));
}

/** Tables that are made of a feed that has failed stay as they were in the set before. */
async function makeDerived(
  ports: StepPorts,
  shop: Workshop,
  { failed, base }: { failed: readonly FeedName[]; base: Commit | null },
): Promise<{ parts: Part[]; written: number }> {
  const tableLimit = pLimit(TABLES_AT_ONCE);
  const partLimit = pLimit(PARTS_AT_ONCE);
  const stays = ({ feeds }: Derived): boolean => feeds.some((feed) => failed.includes(feed));
  const copied = new Map<string, Promise<DerivedParts>>();
  for (const derived of DERIVED.filter((one) => !stays(one))) {
    const copy = async (): Promise<DerivedParts> => {
      // They stand before it in the list, so that they have begun.
      for (const name of derived.after) await copied.get(name);
      return copyDerived(shop, derived);
    };
    copied.set(derived.name, tableLimit(copy));
  }
  const made = await allSettled([...copied.values()]);
  const fresh = made.flatMap((one) => one.fresh);
  const put = await allSettled(fresh.map((one) => partLimit(() => keepPart(ports, one))));
  return {
    parts: [
      ...DERIVED.filter(stays).flatMap(({ name }) => partsOf(base, name)),
      ...made.flatMap(({ kept }) => kept),
      ...put.map(({ part }) => part),
    ],
    written: put.filter(({ isNew }) => isNew).length,
  };
}

/** A table as readers have it. */
function partsOf(base: Commit | null, table: string): Part[] {
  return (base?.parts ?? []).filter(({ attributes }) => attributes['table'] === table);
}

function resultOf({ parts, version }: Commit, written: number): StepResult {
  const tables = new Set(parts.map(({ attributes }) => attributes['table']));
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  return {
    outputs: {
      version: String(version),
      tables: String(tables.size),
      rows: String(rows),
      changed: String(written > 0),
    },
    counts: { objectsWritten: written, objectsSkipped: parts.length - written, rowsRead: rows },
    problems: [],
  };
}
