import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { toPipelineError } from '../../services/core/error.ts';
import { Crash, type FaultPlan, faultStore } from '../../services/layers/fault.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { RunIdentity, StepPorts, StepResult } from '../../services/ports/step.ts';
import { processStep } from '../../services/pipelines/finance/upload/process.ts';
import type { UploadRecord } from '../../services/pipelines/finance/upload/upload-ledger.ts';
import { textOf, utf8 } from './bytes.ts';
import { noOutside } from './no-outside.ts';
import { tempFolder } from './temp-folder.ts';

const START = new Date('2026-11-21T12:00:00Z');

/** The event path of finance over two buckets in memory. */
export interface Uploads extends AsyncDisposable {
  raw: ObjectStore;
  processed: ObjectStore;
  checks: Map<string, number>;
  put(name: string, content: string | Uint8Array): Promise<void>;
  run(parameters?: Record<string, string>, options?: RunOptions): Promise<UploadsEnd>;
  output(name: string): Promise<string | null>;
  rejects(name: string): Promise<{ line: number; rule: string; text: string }[]>;
  records(): Promise<UploadRecord[]>;
  /** Every object of both buckets but the plans of runs, by key. */
  content(): Promise<Map<string, string>>;
}

export interface RunOptions {
  logicalDate?: string;
  plan?: FaultPlan;
  /** In the place of the bucket of uploads. */
  raw?: ObjectStore;
}

export interface UploadsEnd {
  result: StepResult | null;
  /** `crash` for a process that was killed. */
  kind: string | null;
  message: string;
}

const ignore = (): void => undefined;

/** Opens the bench; `copyOf` begins with the objects of another one. */
export async function uploads(copyOf?: Uploads): Promise<Uploads> {
  const folder = await tempFolder();
  const clock = manualClock(START);
  const raw = await filled(memoryStore({ bucket: 'argosy-finance', clock }), copyOf?.raw);
  const processed = await filled(memoryStore({ bucket: 'processed', clock }), copyOf?.processed);
  const checks = new Map<string, number>();
  const portsOf = ({ plan, raw: given = raw }: RunOptions): StepPorts => {
    const store = plan ? faultStore(given, plan) : given;
    const side = plan ? faultStore(processed, plan) : processed;
    return {
      store,
      records: objectRecords(store),
      source: { fetch: () => Promise.reject(new Error('not for this step')) },
      openEngine: () => Promise.reject(new Error('not for this step')),
      ...noOutside,
      sideStore: () => side,
      clock,
      notifier: { send: async () => undefined },
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      scratch: folder.path,
      signal: new AbortController().signal,
      progress: ignore,
      check: (name, failures) => void checks.set(name, (checks.get(name) ?? 0) + failures),
    };
  };
  return {
    raw,
    processed,
    checks,
    put: async (name, content) => {
      await raw.put(`raw/${name}`, typeof content === 'string' ? utf8(content) : content);
    },
    run: async (parameters = {}, options = {}) => {
      const { logicalDate = '2026-11-21' } = options;
      const given = { key: '', 'event-key': '', ...parameters };
      try {
        const result = await processStep.run(portsOf(options), given, identity(logicalDate));
        return { result, kind: null, message: '' };
      } catch (thrown) {
        const { kind, message } = toPipelineError(thrown);
        return { result: null, kind: thrown instanceof Crash ? 'crash' : kind, message };
      }
    },
    output: async (name) => textOf(await processed.get(`processed/${name}`)) ?? null,
    rejects: async (name) => {
      const all: { line: number; rule: string; text: string }[] = [];
      for await (const { key } of raw.list(`_quarantine/uploads/${name}/`)) {
        const lines = (textOf(await raw.get(key)) ?? '').trim().split('\n');
        for (const line of lines) all.push(JSON.parse(line) as (typeof all)[number]);
      }
      return all;
    },
    records: async () => {
      const all: UploadRecord[] = [];
      const scan = objectRecords(raw).scan<UploadRecord>('uploads');
      for await (const { value } of scan) all.push(value);
      return all;
    },
    content: async () => new Map([...(await contentOf(raw)), ...(await contentOf(processed))]),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

function identity(logicalDate: string): RunIdentity {
  return {
    runId: 'finance-1',
    pipeline: 'finance',
    logicalDate,
    trigger: 'event',
    system: 'local',
    actor: 'local-user',
  };
}

async function contentOf(store: ObjectStore): Promise<[string, string][]> {
  const all: [string, string][] = [];
  for await (const { key } of store.list('')) {
    all.push([key, Buffer.from((await store.get(key)) ?? []).toString('base64')]);
  }
  return all;
}

async function filled(store: ObjectStore, from: ObjectStore | undefined): Promise<ObjectStore> {
  if (from === undefined) return store;
  for await (const { key } of from.list(''))
    await store.put(key, (await from.get(key)) ?? utf8(''));
  return store;
}
