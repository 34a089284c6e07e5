import type { RecordStore } from '../../services/ports/record-store.ts';
import { type RunRecord, runCollection } from '../../services/stages/observe/run-record.ts';
import { HOSTILE } from './finance-day.ts';

/** Keeps run records as a pipeline's exit step leaves them: one an hour, of which the last may have failed. */
export async function writeRuns(
  records: RecordStore,
  { day, count, isFailed = false }: { day: string; count: number; isFailed?: boolean },
): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const hour = String(at % 24).padStart(2, '0');
    const hasFailed = isFailed && at === count - 1;
    const [compute, requests, storage] = [0.0001 * (at + 1), 0.002, 0.000_03];
    const record: RunRecord = {
      run_id: `commerce-${day.replaceAll('-', '')}-${hour}`,
      system: 'local',
      actor: 'local-user',
      workflow: 'commerce',
      logical_date: day,
      trigger: 'cron',
      started_at: `${day}T${hour}:00:00.000Z`,
      ended_at: `${day}T${hour}:00:41.000Z`,
      status: hasFailed ? 'failed' : 'success',
      objects_read: 4,
      objects_written: 9,
      objects_failed: 0,
      records_extracted: 12_500,
      records_transformed: 12_400,
      records_loaded: 12_400,
      records_rejected: 100,
      bytes_in: 1e6,
      bytes_out: 3e5,
      error_class: hasFailed ? 'quality-failed' : null,
      error_message: hasFailed ? `transactions: ${HOSTILE}` : null,
      problems: [],
      quality: { 'file-accepted': 0, 'gate-transactions': hasFailed ? 2 : 0 },
      cost_estimate: { compute, requests, storage, total: compute + requests + storage },
      steps: [],
    };
    await records.put(runCollection('commerce'), record.run_id, record);
  }
}
