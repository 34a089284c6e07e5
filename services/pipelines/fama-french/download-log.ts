import { stringify } from 'csv-stringify/sync';
import type { StepPorts } from '../../ports/step.ts';
import type { DownloadRow } from './ledger.ts';

const COLUMNS = [
  'source_url',
  'unique_filename',
  's3_path',
  'ingestion_time',
  'ingested_by',
  'system',
  'status',
] as const;

/** Writes the log CSV of a run (requirements 1.4; RFC 4180). */
export async function writeDownloadLog(
  ports: StepPorts,
  rows: readonly DownloadRow[],
  key: string,
): Promise<void> {
  const text = stringify([...rows], {
    header: true,
    columns: [...COLUMNS],
    record_delimiter: '\r\n',
  });
  await ports.store.put(key, Buffer.from(text), { signal: ports.signal });
}

/** The key of the log CSV of a run that fetches at this moment (requirements 1.3). */
export function logKeyOf(now: Date): string {
  const [date, time] = now.toISOString().replaceAll(/[-:]/g, '').slice(0, 15).split('T');
  return `logs/download_logs/ingestion_log_${date}_${time}.csv`;
}
