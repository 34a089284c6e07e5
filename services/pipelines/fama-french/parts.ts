import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../../core/error.ts';
import { quoteIdentifier, quoteText } from '../../core/column.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import type { StagedPart } from '../../stages/shape/publish.ts';
import type { Block } from './blocks.ts';
import { unitOf } from './metrics.ts';

/** Keeps the portfolios' columns apart from the table's own, whatever a file calls its portfolios. */
const PREFIX = 'p_';

export interface ParsedVintage {
  stem: string;
  /** Last day of the vintage's month, `YYYY-MM-DD`. */
  day: string;
  srcFilename: string;
  blocks: readonly Block[];
  /** One name a block, each once. */
  metrics: readonly string[];
}

/**
 * Writes each block as long rows to a Parquet file in scratch and reads it back as a part (requirements 1.3, 1.8).
 * Blocks with the same portfolios share one wide table; the engine makes the rows long as it writes.
 */
export async function stageParts(
  engine: QueryEngine,
  scratch: string,
  vintage: ParsedVintage,
): Promise<StagedPart[]> {
  const tables = new Map<string, { name: string; blocks: number[] }>();
  for (const [index, { portfolios }] of vintage.blocks.entries()) {
    const shape = JSON.stringify(portfolios);
    const table = tables.get(shape) ?? { name: `${vintage.stem} ${tables.size}`, blocks: [] };
    table.blocks.push(index);
    tables.set(shape, table);
  }
  const parts: StagedPart[] = [];
  for (const { name, blocks } of tables.values()) {
    await loadWide(engine, name, blocks, vintage);
    for (const index of blocks)
      parts[index] = await stagePart(engine, scratch, { vintage, index, table: name });
    await engine.run(`DROP TABLE ${quoteIdentifier(name)}`);
  }
  return parts;
}

async function loadWide(
  engine: QueryEngine,
  name: string,
  indexes: readonly number[],
  { blocks }: ParsedVintage,
): Promise<void> {
  const portfolios = blocks[indexes[0]!]!.portfolios;
  const columns = portfolios.map((portfolio) => `${wideColumn(portfolio)} DOUBLE`).join(', ');
  await engine.run(
    `CREATE TABLE ${quoteIdentifier(name)} (block INTEGER, date_format VARCHAR, ${columns})`,
  );
  for (const index of indexes) {
    const block = blocks[index]!;
    await engine.append(name, [
      { type: 'INTEGER', values: block.dates.map(() => index) },
      { type: 'VARCHAR', values: block.dates },
      ...block.columns.map((values) => ({ type: 'DOUBLE' as const, values })),
    ]);
  }
}

function wideColumn(portfolio: string): string {
  return quoteIdentifier(`${PREFIX}${portfolio}`);
}

async function stagePart(
  engine: QueryEngine,
  scratch: string,
  { vintage, index, table }: { vintage: ParsedVintage; index: number; table: string },
): Promise<StagedPart> {
  const block = vintage.blocks[index]!;
  const metric = vintage.metrics[index]!;
  const path = join(scratch, `${vintage.stem}_${index}.parquet`);
  const columns = block.portfolios.map(wideColumn).join(', ');
  const written = await engine.query(
    `COPY (
       SELECT date_format, substr(portfolio, ${PREFIX.length + 1}) AS portfolio, ${quoteText(metric)} AS metric_type, value,
              DATE ${quoteText(vintage.day)} AS ingestion_date, ${quoteText(vintage.srcFilename)} AS src_filename
       FROM (SELECT date_format, ${columns} FROM ${quoteIdentifier(table)} WHERE block = ${index})
       UNPIVOT INCLUDE NULLS (value FOR portfolio IN (${columns}))
     ) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION snappy)`,
  );
  const rows = Number(written.rows[0]?.[0]);
  const expected = block.dates.length * block.portfolios.length;
  if (rows !== expected) {
    throw new PipelineError(
      'bug',
      `${vintage.stem} ${metric}: ${rows} rows written, not ${expected}`,
    );
  }
  const bytes = await readFile(path);
  await rm(path);
  const key = `transformed_data/${vintage.stem}_${metric}.parquet`;
  const attributes = {
    metric_type: metric,
    src_filename: vintage.srcFilename,
    unit: unitOf(metric),
  };
  return { key, bytes, rows, attributes: { ...attributes, ingestion_date: vintage.day } };
}
