import { PipelineError } from '../../../core/error.ts';
import { decodeEventKey } from '../../../core/key.ts';
import type { Parameters } from '../../../core/parameter.ts';
import type { ObjectInfo } from '../../../ports/object-store.ts';
import type { Problem, StepPorts } from '../../../ports/step.ts';
import { isUpload, UPLOADS, whySkipped } from './arrivals.ts';
import { isSettled, readKnown, readNewest } from './upload-ledger.ts';

/** The uploads that are to be processed. */
export interface PendingUploads {
  pending: ObjectInfo[];
  skipped: number;
  problems: Problem[];
}

/** One upload as a person or an event names it, or all whose version has no record yet. */
export async function pendingUploads(
  ports: StepPorts,
  { key = '', 'event-key': encoded = '' }: Parameters,
): Promise<PendingUploads> {
  if (key !== '' && encoded !== '') {
    throw new PipelineError('config-invalid', 'both key and event-key are given', {
      hint: 'give key, as people write it, or event-key, as a notification does',
    });
  }
  if (encoded !== '') return single(ports, decodeEventKey(encoded), true);
  return key === '' ? sweep(ports) : single(ports, key, false);
}

/** All uploads against all versions that have a record: two listings, whatever the number of files. */
async function sweep(ports: StepPorts): Promise<PendingUploads> {
  const known = await readKnown(ports);
  const found: PendingUploads = { pending: [], skipped: 0, problems: [] };
  for await (const info of ports.store.list(UPLOADS, { signal: ports.signal })) {
    if (!isUpload(info.key)) continue;
    if (await isSettled(ports, known, info)) found.skipped += 1;
    else found.pending.push(info);
  }
  return found;
}

async function single(ports: StepPorts, key: string, isEvent: boolean): Promise<PendingUploads> {
  if (!isUpload(key)) return skipped(ports, key, whySkipped(key));
  const { store, signal } = ports;
  const info = await store.head(key, { signal });
  // An event is a hint: what has gone since needs nothing.
  if (info === null && isEvent) return skipped(ports, key, 'skipped: it is gone');
  if (info === null) {
    throw new PipelineError('not-found', `${store.url}/${key}: there is no such object`, {
      hint: `give the key of an object below ${UPLOADS}`,
    });
  }
  // What was refused is refused again when it is asked for: its run must not end well.
  const isDone = (await readNewest(ports, info))?.status === 'success';
  return { pending: isDone ? [] : [info], skipped: isDone ? 1 : 0, problems: [] };
}

function skipped({ log }: StepPorts, key: string, message: string): PendingUploads {
  log.info('process.skipped', { key, reason: message });
  return { pending: [], skipped: 1, problems: [{ object: key, message }] };
}
