import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import { type Commit, type Part, sha256 } from '../../../core/manifest.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import { commitSet, newestSet } from '../set/commit-set.ts';
import { partsBelow } from '../set/copied-parts.ts';
import { DERIVED, type Derived } from './derived.ts';
import categories from './categories.sql';
import { keepPart } from '../set/part-file.ts';
import { FEED_NAMES } from '../door/raw-key.ts';
import { type FeedSets, openFeedTables, readFeedSets } from '../set/set-tables.ts';

/** The dataset whose newest commit is what readers of `curated_{env}` see. */
export const CURATED = 'curated';
const PARTS_AT_ONCE = 16;
const PARQUET = 'FORMAT parquet, COMPRESSION snappy';

/**
 * Joins the staged feeds to the tables for analysis and shows all of them, the feeds' own too, by one commit
 * (requirements 3.10): a reader never sees tables of two runs. Made of the same sets on the same day, nothing is done.
 */
export const merge: Step = {
  name: 'merge',
  summary: 'Join the feeds to tables for analysis, and show all curated tables at once',
  parameters: [],
  async run(ports, _parameters, { logicalDate }): Promise<StepResult> {
    const sets = await readFeedSets(ports);
    const base = await newestSet(ports.store, CURATED);
    const inputs = fingerprintOf(sets, logicalDate);
    if (base?.attributes['inputs'] === inputs) return resultOf(base, 0);
    const engine = await openFeedTables(ports, sets);
    try {
      const day = `TIMESTAMP ${quoteText(`${logicalDate} 00:00:00`)} + INTERVAL 1 DAY`;
      await engine.run(`CREATE OR REPLACE MACRO run_end() AS ${day}; ${categories}`);
      const made = await makeDerived(ports, engine);
      const parts = [...FEED_NAMES.flatMap((name) => sets[name].curated), ...made.parts];
      const attributes = { inputs, as_of: logicalDate };
      const { store, signal } = ports;
      const request = { dataset: CURATED, attributes, parts, base, signal };
      return resultOf((await commitSet(store, request)).commit, made.written);
    } finally {
      await engine.close();
    }
  },
};

/** Tables that were made of the same sets by the same SQL on the same day are the same. */
function fingerprintOf(sets: FeedSets, logicalDate: string): string {
  const digests = FEED_NAMES.map((name) => sets[name].commit?.digest ?? '');
  const sql = DERIVED.map((one) => one.sql);
  return sha256(JSON.stringify([...digests, logicalDate, categories, ...sql]));
}

async function makeDerived(
  ports: StepPorts,
  engine: QueryEngine,
): Promise<{ parts: Part[]; written: number }> {
  const parts: Part[] = [];
  let written = 0;
  const limit = pLimit(PARTS_AT_ONCE);
  for (const derived of DERIVED) {
    const fresh = await copyDerived(ports, engine, derived);
    const kept = await allSettled(fresh.map((one) => limit(() => keepPart(ports, one))));
    for (const { part, isNew } of kept) {
      parts.push(part);
      if (isNew) written += 1;
    }
  }
  return { parts, written };
}

async function copyDerived({ scratch }: StepPorts, engine: QueryEngine, derived: Derived) {
  const { name, sql, columns, partitionBy } = derived;
  const folder = join(scratch, 'derived', name);
  await mkdir(folder, { recursive: true });
  const list = columns.map(
    (one) => `CAST(${quoteIdentifier(one.name)} AS ${one.type}) AS ${quoteIdentifier(one.name)}`,
  );
  const isParted = partitionBy.length > 0;
  const target = isParted ? folder : join(folder, 'data.parquet');
  const layout = isParted
    ? `, PARTITION_BY (${partitionBy.join(', ')}), WRITE_PARTITION_COLUMNS true, OVERWRITE_OR_IGNORE true`
    : '';
  await engine.run(
    `COPY (SELECT ${list.join(', ')} FROM (${sql.trim()}) made) TO ${quoteText(target)} (${PARQUET}${layout})`,
  );
  const parts = await partsBelow(engine, folder, (partition, path) => ({
    keyPattern: [CURATED, name, ...(isParted ? [partition] : []), 'part-{hash}.parquet'].join('/'),
    attributes: { zone: 'curated', table: name, partition },
    path,
  }));
  const paths = parts.map(({ path }) => quoteText(path)).join(', ');
  const from =
    parts.length === 0
      ? `(SELECT ${columns.map((one) => `CAST(NULL AS ${one.type}) AS ${quoteIdentifier(one.name)}`).join(', ')} WHERE false)`
      : `read_parquet([${paths}], hive_partitioning = false)`;
  await engine.run(`CREATE OR REPLACE VIEW ${quoteIdentifier(name)} AS SELECT * FROM ${from}`);
  return parts;
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
