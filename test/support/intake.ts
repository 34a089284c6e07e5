import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import type { FileRecord, Summary } from '../../services/pipelines/csv-intake/summary.ts';
import { csvIntake } from '../../services/pipelines/csv-intake/index.ts';
import { queryFiles, versionsOf } from '../../services/pipelines/csv-intake/ledger.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { RunIdentity, StepPorts, StepResult } from '../../services/ports/step.ts';
import { listOf } from './bytes.ts';
import { noOutside } from './no-outside.ts';

const START = new Date('2026-11-21T12:00:00Z');

/** A bucket of csv-intake in memory, and what a test asks of it. */
export interface Intake {
  store: ObjectStore;
  clock: ReturnType<typeof manualClock>;
  /** Puts an object below `uploads/`. */
  upload: (name: string, content: string | Uint8Array) => Promise<void>;
  /** Runs the steps as the workflow orders them; `store` stands before the bucket. Throws what a step throws. */
  run: (parameters?: Record<string, string>, store?: ObjectStore) => Promise<StepResult[]>;
  files: () => Promise<FileRecord[]>;
  versions: (name: string) => Promise<Summary[]>;
  /** The summary object of a file. */
  summary: (name: string) => Promise<Summary>;
  /** What the checks of the last run have told, by name. */
  checks: () => Record<string, number>;
  /** Keys and etags of all that a second run must not change. */
  digest: () => Promise<string[]>;
}

export function intake(bucket?: ObjectStore): Intake {
  const clock = manualClock(START);
  const store = bucket ?? memoryStore({ bucket: 'argosy-csv-intake', clock });
  const { signal } = new AbortController();
  const asking = { records: objectRecords(store), signal };
  let runs = 0;
  let checks = new Map<string, number>();
  return {
    store,
    clock,
    upload: async (name, content) =>
      void (await store.put(`uploads/${name}`, Buffer.from(content))),
    run: (parameters = {}, over = store) => {
      runs += 1;
      checks = new Map();
      return runSteps({ store: over, clock, checks }, `run-${runs}`, parameters);
    },
    checks: () => Object.fromEntries(checks),
    files: () => queryFiles(asking),
    versions: (name) => versionsOf(asking, name),
    summary: async (name) => {
      const bytes = await store.get(`processed/${name}_summary.json`);
      return JSON.parse(Buffer.from(bytes ?? []).toString()) as Summary;
    },
    digest: async () => {
      const all = await listOf(store.list(''));
      return all
        .filter(({ key }) => !/^_records\/(?:runs|steps)\//.test(key))
        .map(({ key, etag }) => `${key} ${etag}`);
    },
  };
}

type Place = Pick<Intake, 'store' | 'clock'> & { checks: Map<string, number> };

async function runSteps(
  at: Place,
  runId: string,
  given: Record<string, string>,
): Promise<StepResult[]> {
  const run: RunIdentity = {
    runId,
    pipeline: csvIntake.name,
    logicalDate: '2026-11-21',
    trigger: 'manual',
    system: 'local',
    actor: 'local-user',
  };
  const results: StepResult[] = [];
  const step = async (name: string, own: Record<string, string> = {}) => {
    const found = csvIntake.steps.find((one) => one.name === name)!;
    const values = { ...given, ...own };
    const parameters = Object.fromEntries(
      found.parameters.map((one) => [one.name, values[one.name] ?? one.default ?? '']),
    );
    const result = await found.run(portsOf(at), parameters, run);
    results.push(result);
    return result;
  };
  const { pending, shards = '[]' } = (await step('plan')).outputs;
  // As in the workflow: what was profiled is recorded, also when a shard has failed.
  const failures: unknown[] = [];
  const keep = (error: unknown) => void failures.push(error);
  for (const shard of JSON.parse(shards) as string[]) await step('profile', { shard }).catch(keep);
  if (pending !== '0') await step('record', { shards }).catch(keep);
  if (failures.length > 0) throw failures[0];
  return results;
}

function portsOf({ store, clock, checks }: Place): StepPorts {
  const ignore = (): void => undefined;
  const absent = async (): Promise<never> => {
    throw new Error('not for this step');
  };
  return {
    store,
    records: objectRecords(store),
    source: { fetch: absent },
    openEngine: absent,
    ...noOutside,
    clock,
    notifier: { send: async () => undefined },
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    scratch: '/nowhere',
    signal: new AbortController().signal,
    progress: ignore,
    check: (name, failures) => void checks.set(name, (checks.get(name) ?? 0) + failures),
  };
}
