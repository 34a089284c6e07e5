import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteText } from '../../../core/column.ts';
import { PipelineError } from '../../../core/error.ts';
import { SOURCE_BYTES_MAX } from '../../../core/limit.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { StepPorts } from '../../../ports/step.ts';

export type ParquetPorts = Pick<StepPorts, 'openEngine' | 'scratch'>;

/** Types whose values have no one text: lists, structures, maps, bytes. */
const SHAPED = /\[|STRUCT|MAP|UNION|BLOB|^BIT/;

/**
 * The rows of a Parquet file as CSV, in their order: each value as the engine prints it, NULL apart from an empty text.
 * `input-invalid` for a file that cannot be read, and for columns of lists, structures, maps or bytes.
 */
export async function* parquetAsCsv(
  bytes: AsyncIterable<Uint8Array>,
  { openEngine, scratch }: ParquetPorts,
  address: string,
): AsyncGenerator<Uint8Array> {
  const folder = await mkdtemp(join(scratch, 'parquet-'));
  const engine = await openEngine([folder]);
  try {
    const path = join(folder, 'rows.parquet');
    await keep(bytes, path, address);
    const csv = join(folder, 'rows.csv');
    await reading(address, () => convert(engine, { path, csv, address }));
    yield* createReadStream(csv, { highWaterMark: 256 * 1024 });
  } finally {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function keep(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
  address: string,
): Promise<void> {
  await using handle = await open(path, 'w');
  let sizeBytes = 0;
  for await (const chunk of bytes) {
    sizeBytes += chunk.length;
    if (sizeBytes > SOURCE_BYTES_MAX) throw new PipelineError('too-large', `${address}: too large`);
    await handle.writeFile(chunk);
  }
}

async function convert(
  engine: QueryEngine,
  { path, csv, address }: { path: string; csv: string; address: string },
): Promise<void> {
  const from = `read_parquet(${quoteText(path)})`;
  const { rows } = await engine.query(`DESCRIBE SELECT * FROM ${from}`);
  const shaped = rows.find(([, type]) => SHAPED.test(String(type)));
  if (shaped !== undefined) {
    const message = `${address}: a column of type ${String(shaped[1]).slice(0, 60)}`;
    throw new PipelineError('input-invalid', message, { hint: 'only plain values are read' });
  }
  await engine.run(
    `COPY (SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ${from}) TO ${quoteText(csv)} (FORMAT csv, HEADER true)`,
  );
}

/** The engine takes a file that it cannot read for a fault of the statement, which is ours. */
async function reading(address: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof PipelineError) || error.kind !== 'bug') throw error;
    throw new PipelineError('input-invalid', `${address}: no Parquet file that can be read`, {
      hint: 'was it cut short? write it again at its source',
      cause: error,
    });
  }
}
