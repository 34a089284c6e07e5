import { PipelineError } from '../../core/error.ts';
import { decodeEventKey } from '../../core/key.ts';
import { type Parameters, switchParameter, wholeParameter } from '../../core/parameter.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../ports/step.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import { isSettled, isShown, readKnown } from './ledger.ts';
import { fileNameOf, isUpload, UPLOADS, whySkipped } from './upload.ts';

/** A run fans out to no more shards than this; they grow instead. */
const SHARDS_MAX = 200;

/** Objects that one profile step works on, kept under the shard's name in the records of the run. */
export interface ShardPlan {
  files: { key: string; etag: string }[];
}

/** Finds what has to be profiled: one object, or every upload whose version has no record yet. */
export const plan: Step = {
  name: 'plan',
  summary: 'Find the uploads that have no record yet',
  parameters: [
    { name: 'key', description: `Only this object, below ${UPLOADS}; empty for all`, default: '' },
    {
      name: 'event-key',
      description: 'The same as a bucket notification spells it, form-encoded',
      default: '',
    },
    { name: 'shard-size', description: 'Files of one profile step, at least', default: '20' },
    { name: 'force', description: 'Profile again what has a record', default: 'false' },
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const shardSize = wholeParameter(parameters, 'shard-size', 1);
    const isForced = switchParameter(parameters, 'force');
    const one = wantedObject(parameters);
    const found = one === null ? await sweep(ports, isForced) : await single(ports, one, isForced);
    const shards = await keepShards(ports, run, found.pending, shardSize);
    return {
      outputs: { pending: String(found.pending.length), shards: JSON.stringify(shards) },
      counts: { objectsRead: found.pending.length, objectsSkipped: found.skipped },
      problems: found.problems,
    };
  },
};

interface Found {
  pending: ObjectInfo[];
  skipped: number;
  problems: Problem[];
}

/** All uploads against all versions that have a record: three listings, whatever the number of files. */
async function sweep(ports: StepPorts, isForced: boolean): Promise<Found> {
  const known = isForced
    ? { versions: new Map(), shown: new Set<string>() }
    : await readKnown(ports);
  const found: Found = { pending: [], skipped: 0, problems: [] };
  for await (const info of ports.store.list(UPLOADS, { signal: ports.signal })) {
    if (!isUpload(info.key)) continue;
    const version = { fileName: fileNameOf(info.key), etag: info.etag };
    if (await isSettled(ports, known, version)) found.skipped += 1;
    else found.pending.push(info);
  }
  return found;
}

/** One object, as a person or an event names it. */
interface Wanted {
  key: string;
  isEvent: boolean;
}

/** The one object that is asked for, or null for all. */
function wantedObject(parameters: Parameters): Wanted | null {
  const { key = '', 'event-key': encoded = '' } = parameters;
  if (encoded === '') return key === '' ? null : { key, isEvent: false };
  if (key === '') return { key: decodeEventKey(encoded), isEvent: true };
  throw new PipelineError('config-invalid', 'both key and event-key are given', {
    hint: 'give key, as people write it, or event-key, as a notification does',
  });
}

async function single(
  ports: StepPorts,
  { key, isEvent }: Wanted,
  isForced: boolean,
): Promise<Found> {
  if (!isUpload(key)) return skipped(ports, key, whySkipped(key));
  const { store, signal } = ports;
  const info = await store.head(key, { signal });
  // An event is a hint: what has gone since needs nothing.
  if (info === null && isEvent) return skipped(ports, key, 'skipped: it is gone');
  if (info === null) {
    throw new PipelineError('not-found', `${store.url}/${key}: there is no such object`, {
      hint: `give the key of an object below ${UPLOADS}, or no key to profile all that is new`,
    });
  }
  const isDone = !isForced && (await isShown(ports, fileNameOf(key), info.etag));
  return { pending: isDone ? [] : [info], skipped: isDone ? 1 : 0, problems: [] };
}

function skipped({ log }: StepPorts, key: string, message: string): Found {
  log.info('plan.skipped', { key, reason: message });
  return { pending: [], skipped: 1, problems: [{ object: key, message }] };
}

async function keepShards(
  { records, signal }: StepPorts,
  run: RunIdentity,
  pending: readonly ObjectInfo[],
  shardSize: number,
): Promise<string[]> {
  const size = Math.max(shardSize, Math.ceil(pending.length / SHARDS_MAX));
  const names: string[] = [];
  for (let at = 0; at < pending.length; at += size) {
    const name = `shard-${String(names.length + 1).padStart(3, '0')}`;
    const files = pending.slice(at, at + size).map(({ key, etag }) => ({ key, etag }));
    await records.put(stepCollection(run), name, { files } satisfies ShardPlan, { signal });
    names.push(name);
  }
  return names;
}
