import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import type { Part } from '../../../core/manifest.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import { PARQUET } from '../feed/process-file.ts';
import { partsBelow } from '../set/copied-parts.ts';
import type { FreshPart } from '../set/part-file.ts';
import type { ByDay, Derived } from './derived.ts';

/** Each takes a core. */
const DAYS_AT_ONCE = 4;

export interface Workshop {
  ports: Pick<StepPorts, 'scratch'>;
  engine: QueryEngine;
  /** The parts of `transactions`, and where they lie, by key. */
  sales: readonly Part[];
  paths: ReadonlyMap<string, string>;
}

/** Makes a table in scratch, and a view of it for the tables after it. */
export async function copyDerived(shop: Workshop, derived: Derived): Promise<FreshPart[]> {
  const { engine, ports } = shop;
  const { name, columns, partitionBy, byDay } = derived;
  const folder = join(ports.scratch, 'derived', name);
  await mkdir(folder, { recursive: true });
  if (byDay === undefined) await copyWhole(engine, derived, folder);
  else await copyDays(shop, derived, { byDay, folder });
  const parts = await partsBelow(engine, folder, (partition, path) => ({
    keyPattern: [
      'curated',
      name,
      ...(partitionBy.length > 0 ? [partition] : []),
      'part-{hash}.parquet',
    ].join('/'),
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

function listOf({ columns }: Derived): string {
  return columns
    .map(
      (one) => `CAST(${quoteIdentifier(one.name)} AS ${one.type}) AS ${quoteIdentifier(one.name)}`,
    )
    .join(', ');
}

async function copyWhole(engine: QueryEngine, derived: Derived, folder: string): Promise<void> {
  const { sql, partitionBy } = derived;
  const isParted = partitionBy.length > 0;
  const target = isParted ? folder : join(folder, 'data.parquet');
  const layout = isParted
    ? `, PARTITION_BY (${partitionBy.join(', ')}), WRITE_PARTITION_COLUMNS true, OVERWRITE_OR_IGNORE true`
    : '';
  await engine.run(
    `COPY (SELECT ${listOf(derived)} FROM (${sql.trim()}) made) TO ${quoteText(target)} (${PARQUET}${layout})`,
  );
}

/** A day reads its own objects alone, and its rows need not be told apart by day. */
async function copyDays(
  { engine, sales, paths }: Workshop,
  derived: Derived,
  { byDay, folder }: { byDay: ByDay; folder: string },
): Promise<void> {
  for (const [name, sql] of Object.entries(byDay.tables))
    await engine.run(`CREATE OR REPLACE TABLE ${quoteIdentifier(name)} AS ${sql}`);
  const days = new Map<string, Part[]>();
  for (const part of sales) {
    const day = part.attributes['partition'] ?? '';
    days.set(day, [...(days.get(day) ?? []), part]);
  }
  const limit = pLimit(DAYS_AT_ONCE);
  const copy = async (day: string, parts: readonly Part[]): Promise<void> => {
    const own = parts.map(({ key }) => quoteText(paths.get(key) ?? key)).join(', ');
    const target = join(folder, day);
    await mkdir(target, { recursive: true });
    await engine.run(`COPY (WITH transactions AS NOT MATERIALIZED (SELECT * FROM read_parquet([${own}], hive_partitioning = false))
      SELECT ${listOf(derived)} FROM (${byDay.sql.trim()}) made) TO ${quoteText(join(target, 'data.parquet'))} (${PARQUET})`);
  };
  await allSettled(Array.from(days, ([day, parts]) => limit(() => copy(day, parts))));
  for (const name of Object.keys(byDay.tables))
    await engine.run(`DROP TABLE ${quoteIdentifier(name)}`);
}
