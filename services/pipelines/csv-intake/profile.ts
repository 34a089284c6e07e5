import pLimit from 'p-limit';
import { PipelineError, toPipelineError } from '../../core/error.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type {
  Counts,
  Problem,
  RunIdentity,
  Step,
  StepPorts,
  StepResult,
} from '../../ports/step.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import type { Profile, ProfileRules } from '../../stages/shape/profile/profile.ts';
import { profileObject, THREADS_BYTES_MIN } from '../../stages/shape/profile/profile-object.ts';
import type { ShardPlan } from './plan.ts';
import { RULE_PARAMETERS, rulesOf } from './rules.ts';
import { type Summary, summaryOf } from './summary.ts';
import { fileNameOf } from './upload.ts';

/** Files under way at once: while one waits for the store, another is scanned. */
const FILES_AT_ONCE = 4;

/** What the profile step of a shard has found out, for the record step. */
export interface ShardResult {
  summaries: Summary[];
}

/** The name under which the result of a shard is kept in the records of the run. */
export function resultId(shard: string): string {
  return `profiled-${shard}`;
}

/** Profiles each file of a shard in one pass over its bytes. A file that is no table gets a summary that says so. */
export const profile: Step = {
  name: 'profile',
  summary: 'Profile each file of a shard in one pass over its bytes',
  parameters: [
    { name: 'shard', description: 'Name of the plan that lists the files' },
    ...RULE_PARAMETERS,
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const rules = rulesOf(parameters);
    const shard = parameters['shard'] ?? '';
    const { files } = await readPlan(ports, run, shard);
    const limit = pLimit(FILES_AT_ONCE);
    const counts: Counts = noCounts();
    const one = async (file: ShardPlan['files'][number]) => {
      const outcome = await profileFile(ports, file, rules);
      add(counts, outcome);
      ports.progress(counts);
      return outcome;
    };
    const settled = await Promise.allSettled(files.map((file) => limit(() => one(file))));
    const outcomes = settled.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    const summaries = outcomes.flatMap(({ summary }) => summary ?? []);
    const result: ShardResult = { summaries };
    await ports.records.put(stepCollection(run), resultId(shard), result, {
      signal: ports.signal,
    });
    // What could be read is recorded, whatever became of its neighbours.
    const failures = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
    if (failures.length > 0) throw firstOf(failures);
    return {
      outputs: { files: String(summaries.length), rows: String(counts.rowsRead) },
      counts,
      problems: outcomes.flatMap(({ problem }) => problem ?? []),
    };
  },
};

async function readPlan(ports: StepPorts, run: RunIdentity, shard: string): Promise<ShardPlan> {
  const found = await ports.records.get<ShardPlan>(stepCollection(run), shard);
  if (found) return found;
  throw new PipelineError('not-found', `run ${run.runId} has no plan ${shard}`, {
    hint: 'run the plan step of the same run first',
  });
}

/** The first failure, and how many more there were. */
function firstOf(failures: readonly unknown[]): PipelineError {
  const error = toPipelineError(failures[0]);
  if (failures.length === 1) return error;
  const { kind, message, hint } = error;
  return new PipelineError(kind, `${message}; and ${failures.length - 1} more objects failed`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

interface Outcome {
  summary?: Summary;
  profile?: Profile;
  problem?: Problem;
}

async function profileFile(
  ports: StepPorts,
  { key }: ShardPlan['files'][number],
  rules: ProfileRules,
): Promise<Outcome> {
  const { store, signal, clock } = ports;
  const before = await store.head(key, { signal });
  if (before === null) return gone(key);
  const found = await readObject(ports, before, rules);
  if (found === null) return gone(key);
  const after = await store.head(key, { signal });
  if (after?.etag !== before.etag) {
    const message = 'changed while it was read: the next run profiles it as it is then';
    return { problem: { object: key, message } };
  }
  const summary = summaryOf(before, found, clock.now());
  tellChecks(ports, found);
  if (found.status === 'success') return { summary, profile: found };
  const message = found.error_message ?? '';
  ports.log.warn('profile.error', { file: fileNameOf(key), reason: message });
  return { summary, profile: found, problem: { object: key, message } };
}

/** Large files are scanned by several threads each, so one after the other. */
const oneAtATime = pLimit(1);

/** The profile of an object; null when it is gone by then. */
async function readObject(
  { store, signal }: StepPorts,
  info: ObjectInfo,
  rules: ProfileRules,
): Promise<Profile | null> {
  const read = () => profileObject(store, info, { rules, signal });
  try {
    return await (info.sizeBytes < THREADS_BYTES_MIN ? read() : oneAtATime(read));
  } catch (error) {
    signal.throwIfAborted();
    if ((await store.head(info.key, { signal })) === null) return null;
    throw error;
  }
}

/** A file that is no table fails one check alone: what its rows and cells would be is not known. */
function tellChecks(ports: StepPorts, { status, flaws, columns }: Profile): void {
  ports.check('csv-readable', status === 'success' ? 0 : 1);
  if (status !== 'success') return;
  ports.check('row-whole', (flaws.short_rows?.count ?? 0) + (flaws.extra_fields?.count ?? 0));
  const invalid = columns.reduce((sum, column) => sum + column.invalid, 0);
  ports.check('cell-valid', invalid);
}

function gone(key: string): Outcome {
  return { problem: { object: key, message: 'gone before it was read' } };
}

function noCounts(): Counts {
  return {
    objectsRead: 0,
    objectsWritten: 0,
    objectsSkipped: 0,
    objectsFailed: 0,
    rowsRead: 0,
    rowsWritten: 0,
    rowsRejected: 0,
    bytesRead: 0,
    bytesWritten: 0,
  };
}

function add(counts: Counts, { summary, profile: found }: Outcome): void {
  if (summary === undefined || found === undefined) {
    counts.objectsSkipped += 1;
    return;
  }
  counts.objectsRead += 1;
  counts.bytesRead += summary.size_bytes;
  counts.rowsRead += found.row_count;
  const isGood = found.status === 'success';
  // Every row read is profiled or, in a file that is no table, refused.
  counts[isGood ? 'rowsWritten' : 'rowsRejected'] += found.row_count;
  if (!isGood) counts.objectsFailed += 1;
}
