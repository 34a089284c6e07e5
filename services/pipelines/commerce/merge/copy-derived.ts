import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import { type Part, sha256 } from '../../../core/manifest.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import { PARQUET } from '../feed/process-file.ts';
import { partsBelow } from '../set/copied-parts.ts';
import { copyDays, type Day } from './copy-days.ts';
import type { ByDay, Derived } from './derived.ts';
import type { DerivedParts, Workshop } from './workshop.ts';

/** Makes a table in scratch, of a table in partitions those that have changed, and a view of it for tables after it. */
export async function copyDerived(shop: Workshop, derived: Derived): Promise<DerivedParts> {
  const { engine, ports } = shop;
  const { name, byDay, partitionBy, sql } = derived;
  const folder = join(ports.scratch, 'derived', name);
  await mkdir(folder, { recursive: true });
  if (byDay !== undefined) return copySales(shop, derived, { byDay, folder });
  const isParted = partitionBy.length > 0;
  const path = join(isParted ? ports.scratch : folder, `${name}.parquet`);
  // Of many rows those of a day are found fast.
  const layout = isParted ? `${PARQUET}, ROW_GROUP_SIZE 30720` : PARQUET;
  await engine.run(
    `COPY (SELECT ${listOf(derived)} FROM (${sql.trim()}) made) TO ${quoteText(path)} (${layout})`,
  );
  const made = `read_parquet([${quoteText(path)}], hive_partitioning = false)`;
  await engine.run(`CREATE OR REPLACE VIEW ${quoteIdentifier(name)} AS SELECT * FROM ${made}`);
  if (isParted) return copyDays(shop, derived, { folder, days: await daysOf(engine, derived) });
  const fresh = await partsBelow(engine, folder, (partition, file) => ({
    keyPattern: `curated/${name}/part-{hash}.parquet`,
    attributes: { zone: 'curated', table: name, partition },
    path: file,
  }));
  return { fresh, kept: [] };
}

function listOf({ columns }: Derived): string {
  return columns
    .map(
      (one) => `CAST(${quoteIdentifier(one.name)} AS ${one.type}) AS ${quoteIdentifier(one.name)}`,
    )
    .join(', ');
}

/** The days of a table that is there as a view; what tells a day is made of all its rows. */
async function daysOf(
  engine: QueryEngine,
  { name, columns, partitionBy }: Derived,
): Promise<readonly Day[]> {
  const names = partitionBy.map(quoteIdentifier).join(', ');
  const { rows } = await engine.query(
    `SELECT ${names}, ${digestSql(columns.map((one) => quoteIdentifier(one.name)))} FROM ${quoteIdentifier(name)} GROUP BY ${names} ORDER BY ${names}`,
  );
  return rows.map((row) => {
    const values = row.slice(0, partitionBy.length).map(Number);
    const where = partitionBy.map((one, at) => `${quoteIdentifier(one)} = ${values[at]}`);
    return {
      partition: partitionBy.map((one, at) => `${one}=${values[at]}`).join('/'),
      inputs: fingerprint(columns, row),
      sql: `SELECT * FROM ${quoteIdentifier(name)} WHERE ${where.join(' AND ')}`,
    };
  });
}

/** A day of sales reads its own objects alone; it is told by them, by the first orders in it, and by all products. */
async function copySales(
  shop: Workshop,
  derived: Derived,
  { byDay, folder }: { byDay: ByDay; folder: string },
): Promise<DerivedParts> {
  const { engine, sales, paths } = shop;
  for (const [name, sql] of Object.entries(byDay.tables))
    await engine.run(`CREATE OR REPLACE TABLE ${quoteIdentifier(name)} AS ${sql}`);
  const facts = await engine.query(`SELECT ${digestSql(['product_facts'])} FROM product_facts`);
  const firsts = await engine.query(
    `SELECT 'year=' || year(day) || '/month=' || month(day) || '/day=' || day(day), ${digestSql(['transaction_id'])} FROM first_orders GROUP BY day`,
  );
  const firstsOf = new Map(firsts.rows.map(([partition, ...digest]) => [partition, digest]));
  const parts = new Map<string, Part[]>();
  for (const part of sales) {
    const day = part.attributes['partition'] ?? '';
    parts.set(day, [...(parts.get(day) ?? []), part]);
  }
  const days = Array.from(parts, ([partition, own]) => {
    const files = own.map(({ key }) => quoteText(paths.get(key) ?? key)).join(', ');
    return {
      partition,
      inputs: fingerprint(
        byDay,
        derived.columns,
        facts.rows,
        firstsOf.get(partition),
        own.map(({ sha256: hash }) => hash),
      ),
      sql: `WITH transactions AS NOT MATERIALIZED (SELECT * FROM read_parquet([${files}], hive_partitioning = false))
        SELECT ${listOf(derived)} FROM (${byDay.sql.trim()}) made`,
    };
  });
  const made = await copyDays(shop, derived, { folder, days });
  for (const name of Object.keys(byDay.tables))
    await engine.run(`DROP TABLE ${quoteIdentifier(name)}`);
  return made;
}

/** The same for the same rows in any order. */
function digestSql(columns: readonly string[]): string {
  const code = `hash(${columns.join(', ')})`;
  return `count(*), CAST(bit_xor(${code}) AS VARCHAR), CAST(sum(${code}) AS VARCHAR)`;
}

function fingerprint(...of: readonly unknown[]): string {
  return sha256(JSON.stringify(of)).slice(0, 32);
}
