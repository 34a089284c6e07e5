import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { PipelineError } from '../../../core/error.ts';
import { sha256 } from '../../../core/manifest.ts';
import type { ObjectInfo } from '../../../ports/object-store.ts';
import type {
  Counts,
  Problem,
  RunIdentity,
  Step,
  StepPorts,
  StepResult,
} from '../../../ports/step.ts';
import { allSettled } from '../../../stages/shape/settle.ts';
import { isGzip, outputKeyOf, rejectsKeyOf, UPLOADS } from './arrivals.ts';
import { pendingUploads } from './pending-uploads.ts';
import { processUpload, type UploadCounts } from './process-upload.ts';
import { keepVersion, type UploadRecord } from './upload-ledger.ts';

/** Uploads under way at once, and larger ones, whose ids take memory, one after the other. */
const UPLOADS_AT_ONCE = 4;
const LARGE_BYTES = 8 * 2 ** 20;

/** An upload that changes while it is read is read again; after so many times the next attempt does. */
const ROUNDS_MAX = 3;

/** The check of the event path: rows that are not in the output. */
export const UPLOAD_CHECK = 'upload-row-accepted';

/** The event path (requirements 4.11): cleans CSVs that arrive below `raw/` into the processed bucket. */
export const processStep: Step = {
  name: 'process',
  summary: 'Clean CSVs that arrive below raw/ into the processed bucket',
  parameters: [
    { name: 'key', description: `Only this object, below ${UPLOADS}; empty for all`, default: '' },
    {
      name: 'event-key',
      description: 'The same as a bucket notification spells it, form-encoded',
      default: '',
    },
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const { pending, problems, skipped } = await pendingUploads(ports, parameters);
    const counts: Partial<Counts> = { objectsSkipped: skipped };
    const [small, large] = [pLimit(UPLOADS_AT_ONCE), pLimit(1)];
    const one = async (info: ObjectInfo): Promise<Done> => {
      const done = await settleUpload(ports, info, run);
      addCounts(counts, done);
      ports.progress(counts);
      return done;
    };
    const isLarge = ({ key, sizeBytes }: ObjectInfo) => sizeBytes > LARGE_BYTES || isGzip(key);
    const all = await allSettled(
      pending.map((info) => (isLarge(info) ? large : small)(() => one(info))),
    );
    const failures = all.flatMap(({ error }) => error ?? []);
    if (failures[0] !== undefined) throw refused(failures, failures[0]);
    return {
      outputs: {
        pending: String(pending.length),
        files: String(all.filter(({ record }) => record !== null).length),
        records: String(counts.rowsWritten ?? 0),
        rejected: String(counts.rowsRejected ?? 0),
        // A run of uploads tells nothing of the batch.
        whole: 'false',
      },
      counts,
      problems: [...problems, ...all.flatMap(({ problem }) => problem ?? [])],
    };
  },
};

interface Done {
  record: UploadRecord | null;
  problem?: Problem;
  /** Why the upload was refused as a whole: the others are seen to first. */
  error?: PipelineError;
}

async function settleUpload(ports: StepPorts, found: ObjectInfo, run: RunIdentity): Promise<Done> {
  const { store, signal } = ports;
  for (let round = 1; round <= ROUNDS_MAX; round += 1) {
    const info = await store.head(found.key, { signal });
    if (info === null) return gone(found.key);
    const done = await cleanVersion(ports, info, run);
    // What arrived in the meantime is processed now, or its output would be overwritten by that of older bytes.
    if (done !== 'changed' && (await store.head(found.key, { signal }))?.etag === info.etag) {
      return done;
    }
  }
  throw new PipelineError('conflict', `${store.url}/${found.key}: changes while it is read`, {
    hint: 'write it under another name first, and copy it when it is whole',
  });
}

function gone(key: string): Done {
  return { record: null, problem: { object: key, message: 'gone before it was read' } };
}

/** Output, rejects, record: in this order, so that what has a record is whole. */
async function cleanVersion(
  ports: StepPorts,
  info: ObjectInfo,
  run: RunIdentity,
): Promise<Done | 'changed'> {
  const { store, signal } = ports;
  const folder = join(ports.scratch, sha256(info.key).slice(0, 16));
  const [outputPath, rejectsPath] = [join(folder, 'output'), join(folder, 'rejects')];
  const what = `${store.url}/${info.key}`;
  const processedAt = `${run.logicalDate} 00:00:00`;
  await mkdir(folder, { recursive: true });
  try {
    const counts = await processUpload({
      bytes: await store.open(info.key, { signal }),
      object: info.key,
      what,
      isGzip: isGzip(info.key),
      processedAt,
      outputPath,
      rejectsPath,
    });
    if ((await store.head(info.key, { signal }))?.etag !== info.etag) return 'changed';
    return {
      record: await keepOutput(ports, { info, counts, processedAt, outputPath, rejectsPath }),
    };
  } catch (error) {
    const isRefusal =
      error instanceof PipelineError &&
      (error.kind === 'input-invalid' || error.kind === 'too-large');
    if (!isRefusal) throw error;
    if ((await store.head(info.key, { signal }))?.etag !== info.etag) return 'changed';
    await keepVersion(ports, recordOf(info, { message: error.message, processedAt }));
    return { record: null, error };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Cleaned {
  info: ObjectInfo;
  counts: UploadCounts;
  processedAt: string;
  outputPath: string;
  rejectsPath: string;
}

async function keepOutput(ports: StepPorts, cleaned: Cleaned): Promise<UploadRecord> {
  const { store, signal } = ports;
  const { info, counts, processedAt, outputPath, rejectsPath } = cleaned;
  const processed = ports.sideStore('processed');
  const outputKey = outputKeyOf(info.key);
  await processed.put(outputKey, await fileBody(outputPath), { signal });
  const rejectsKey = counts.rowsRejected > 0 ? rejectsKeyOf(info.key, info.etag) : null;
  if (rejectsKey !== null) await store.put(rejectsKey, await fileBody(rejectsPath), { signal });
  const message = `${counts.rowsWritten} of ${counts.rowsRead} rows processed`;
  const record = recordOf(info, { message, processedAt, counts });
  const whole = {
    ...record,
    output_file: `${processed.url}/${outputKey}`,
    rejects_key: rejectsKey,
  };
  await keepVersion(ports, whole);
  ports.check(UPLOAD_CHECK, counts.rowsRejected);
  return whole;
}

async function fileBody(path: string): Promise<{ path: string; sizeBytes: number }> {
  return { path, sizeBytes: (await stat(path)).size };
}

function recordOf(
  { key, etag, sizeBytes }: ObjectInfo,
  of: { message: string; processedAt: string; counts?: UploadCounts },
): UploadRecord {
  const { message, processedAt, counts } = of;
  return {
    message,
    records_processed: counts?.rowsWritten ?? 0,
    output_file: null,
    status: counts === undefined ? 'error' : 'success',
    source_key: key,
    etag,
    size_bytes: sizeBytes,
    rows_read: counts?.rowsRead ?? 0,
    rows_rejected: counts?.rowsRejected ?? 0,
    rejects_by_reason: counts?.rejectsByReason ?? {},
    rejects_key: null,
    processed_at: processedAt,
  };
}

function addCounts(counts: Partial<Counts>, { record, error }: Done): void {
  const add = (name: keyof Counts, more: number): void => {
    counts[name] = (counts[name] ?? 0) + more;
  };
  if (record === null) {
    add(error === undefined ? 'objectsSkipped' : 'objectsFailed', 1);
    return;
  }
  add('objectsRead', 1);
  add('objectsWritten', 1);
  add('bytesRead', record.size_bytes);
  add('rowsRead', record.rows_read);
  add('rowsWritten', record.records_processed);
  add('rowsRejected', record.rows_rejected);
}

/** The first refusal, and how many others there were; each has its record. */
function refused(failures: readonly PipelineError[], first: PipelineError): PipelineError {
  const others = failures.length === 1 ? '' : ` (and ${failures.length - 1} more uploads)`;
  const hint = first.hint === undefined ? {} : { hint: first.hint };
  return new PipelineError(first.kind, `${first.message}${others}`, { ...hint, cause: first });
}
