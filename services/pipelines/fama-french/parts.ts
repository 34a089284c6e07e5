import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PipelineError } from '../../core/error.ts';
import { quoteIdentifier, quoteText } from '../../core/column.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import type { StepPorts } from '../../ports/step.ts';
import type { StagedPart } from '../../stages/shape/publish.ts';
import type { Block } from './blocks.ts';
import { unitOf } from './metrics.ts';

/** Names of our own beside those of the portfolios, which never hold a blank: no file can take them. */
const BLOCK = '"wide block"';
const DATE = '"wide date"';
const NAME = '"portfolio name"';
const CELL = '"cell value"';

export interface ParsedVintage {
  /** Unique among the vintages of a step: what scratch files and tables are called by. */
  number: number;
  stem: string;
  /** Last day of the vintage's month, `YYYY-MM-DD`. */
  day: string;
  srcFilename: string;
  blocks: readonly Block[];
  /** One name a block, each once. */
  metrics: readonly string[];
  /** What tells the metrics of one CSV from those of the others of its ZIP; null when it is the only one. */
  qualifier: string | null;
  check: StepPorts['check'];
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
    const table = tables.get(shape) ?? {
      name: `vintage ${vintage.number} ${tables.size}`,
      blocks: [],
    };
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
  const columns = portfolios.map((portfolio) => `${quoteIdentifier(portfolio)} DOUBLE`).join(', ');
  await engine.run(
    `CREATE TABLE ${quoteIdentifier(name)} (${BLOCK} INTEGER, ${DATE} INTEGER, ${columns})`,
  );
  const batches = indexes.map((index) => {
    const block = blocks[index]!;
    return [
      { type: 'INTEGER' as const, values: block.dates.map(() => index) },
      { type: 'INTEGER' as const, values: block.dates.map(Number) },
      ...block.columns.map((values) => ({ type: 'DOUBLE' as const, values })),
    ];
  });
  await engine.append(name, ...batches);
}

/** Written as plain text columns; the type spares the writer from hashing the same few texts row by row. */
function enumOf(texts: readonly string[]): string {
  return `ENUM(${texts.map(quoteText).join(', ')})`;
}

async function stagePart(
  engine: QueryEngine,
  scratch: string,
  { vintage, index, table }: { vintage: ParsedVintage; index: number; table: string },
): Promise<StagedPart> {
  const block = vintage.blocks[index]!;
  const base = vintage.metrics[index]!;
  const metric = vintage.qualifier === null ? base : `${base}_${vintage.qualifier}`;
  const path = join(scratch, `${vintage.number}_${index}.parquet`);
  const columns = block.portfolios.map(quoteIdentifier).join(', ');
  // Dates of one block have one width, so they can go in as numbers, which is cheaper, and come out as the same text.
  const width = block.dates[0]?.length ?? 0;
  const rows = await engine.run(
    `COPY (
       SELECT ${DATE} AS date_format, CAST(${NAME} AS ${enumOf(block.portfolios)}) AS portfolio,
              CAST(${quoteText(metric)} AS ${enumOf([metric])}) AS metric_type, ${CELL} AS value,
              DATE ${quoteText(vintage.day)} AS ingestion_date,
              CAST(${quoteText(vintage.srcFilename)} AS ${enumOf([vintage.srcFilename])}) AS src_filename
       FROM (SELECT lpad(CAST(${DATE} AS VARCHAR), ${width}, '0') AS ${DATE}, ${columns}
             FROM ${quoteIdentifier(table)} WHERE ${BLOCK} = ${index})
       UNPIVOT INCLUDE NULLS (${CELL} FOR ${NAME} IN (${columns}))
     ) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION snappy)`,
  );
  const expected = block.dates.length * block.portfolios.length;
  vintage.check('row-count', rows === expected ? 0 : 1);
  if (rows !== expected) {
    throw new PipelineError(
      'bug',
      `${vintage.stem} ${metric}: ${rows} rows written, not ${expected}`,
    );
  }
  // A few tens of kilobytes, just written: a change of threads would cost more than the read.
  const bytes = readFileSync(path);
  const key = `transformed_data/${vintage.stem}_${metric}.parquet`;
  const attributes = {
    metric_type: metric,
    src_filename: vintage.srcFilename,
    unit: unitOf(base),
  };
  return { key, bytes, path, rows, attributes: { ...attributes, ingestion_date: vintage.day } };
}
