import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteText } from '../../core/column.ts';
import { PipelineError } from '../../core/error.ts';
import { commitPrefix, decodeCommit, parseCommitKey, sha256 } from '../../core/manifest.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import type { Problem, StepPorts } from '../../ports/step.ts';
import { type MapRow, timestamp } from './ingestion-map.ts';
import { DATASET } from './ledger.ts';

const COLUMNS = 'date_format,portfolio,metric_type,value,ingestion_date,src_filename';

/**
 * Objects below `transformed_data/` that no newest commit names. Parts of older commits are history; a part that was
 * never committed is left out, for it may be half of a set; what is not a part of ours at all gets a row with the
 * status that requirements 1.9 has for it.
 */
export async function strayRows(
  ports: StepPorts,
  engine: QueryEngine,
  strays: readonly ObjectInfo[],
): Promise<{ rows: MapRow[]; problems: Problem[] }> {
  const rows: MapRow[] = [];
  const problems: Problem[] = [];
  const history = strays.length === 0 ? new Set<string>() : await everCommitted(ports);
  for (const info of strays) {
    if (history.has(info.key)) continue;
    const found = await look(ports, engine, info.key);
    problems.push({ object: `${ports.store.url}/${info.key}`, message: found.message });
    if (found.status !== null) rows.push(strayRow(ports, info, { ...found, status: found.status }));
  }
  return { rows, problems };
}

async function everCommitted({ store, signal }: StepPorts): Promise<Set<string>> {
  const keys = new Set<string>();
  for await (const { key } of store.list(commitPrefix(DATASET), { signal })) {
    const bytes = parseCommitKey(DATASET, key) && (await store.get(key, { signal }));
    if (bytes) for (const part of decodeCommit(key, bytes).parts) keys.add(part.key);
  }
  return keys;
}

interface Look {
  status: MapRow['status'] | null;
  message: string;
  rowCount: number;
  sha256: string;
}

async function look(ports: StepPorts, engine: QueryEngine, key: string): Promise<Look> {
  const bytes = (await ports.store.get(key, { signal: ports.signal })) ?? new Uint8Array();
  const path = join(ports.scratch, 'stray.parquet');
  await writeFile(path, bytes);
  const from = `read_parquet(${quoteText(path)})`;
  const hash = sha256(bytes);
  try {
    const described = await engine.query(`DESCRIBE SELECT * FROM ${from}`);
    const columns = described.rows.map(([name]) => String(name)).join(',');
    const counted = await engine.query(`SELECT count(*) FROM ${from}`);
    const rowCount = Number(counted.rows[0]?.[0]);
    if (columns !== COLUMNS) {
      const message = `not a part of raw_data: its columns are ${columns}`;
      return { status: 'metadata_extraction_failed', message, rowCount, sha256: hash };
    }
    const message =
      'a part without a commit is not shown: a run ended early, or someone put it there';
    return { status: null, message, rowCount, sha256: hash };
  } catch (error) {
    if (!(error instanceof PipelineError) || error.kind === 'interrupted') throw error;
    return { status: 'failed', message: 'unreadable Parquet', rowCount: 0, sha256: hash };
  }
}

function strayRow(
  ports: StepPorts,
  info: ObjectInfo,
  found: Look & { status: MapRow['status'] },
): MapRow {
  return {
    src_filename: info.key.slice(info.key.lastIndexOf('/') + 1),
    ingestion_date: info.lastModified.toISOString().slice(0, 10),
    upload_timestamp: timestamp(info.lastModified),
    file_path: `${ports.store.url}/${info.key}`,
    record_count: found.rowCount,
    metric_type: 'unknown',
    status: found.status,
    unit: 'unknown',
    content_sha256: found.sha256,
  };
}
