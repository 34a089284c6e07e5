import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { commerce } from '../../services/pipelines/commerce/index.ts';
import type { Notice } from '../../services/ports/notifier.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { RunIdentity, StepPorts, StepResult } from '../../services/ports/step.ts';
import { noOutside } from './no-outside.ts';
import { openOwnEngine, START } from './pipeline.ts';

/** What steps of commerce run on. */
export interface CommerceBench {
  store: ObjectStore;
  /** A folder below which each step gets its scratch folder. */
  folder: string;
  openEngine?: StepPorts['openEngine'];
  settings?: Partial<StepPorts['settings']>;
}

export interface CommerceRun {
  runId?: string;
  /** 2026-01-31 by default. */
  logicalDate?: string;
  /** Of any step, by name. */
  parameters?: Readonly<Record<string, string>>;
}

/** Everything that steps told while they ran. */
export interface Told {
  notices: Notice[];
  logged: string[];
  checks: Map<string, number>;
}

const FEED_STEPS = ['transactions', 'products', 'clickstream', 'reviews'] as const;

/** The steps as workflows/commerce.yaml orders them, but for the exit handler; throws what a step throws. */
export async function runCommerce(
  bench: CommerceBench,
  options: CommerceRun = {},
): Promise<Map<string, StepResult> & { told: Told }> {
  const told: Told = { notices: [], logged: [], checks: new Map() };
  const results = new Map<string, StepResult>();
  const step = async (name: string, parameters: Record<string, string> = {}): Promise<void> => {
    const result = await runCommerceStep(bench, name, {
      ...options,
      parameters: { ...options.parameters, ...parameters },
      told,
    });
    results.set(name, result);
  };
  await step('validate');
  for (const feed of FEED_STEPS) await step('catalogue', { feed });
  for (const feed of FEED_STEPS) await step(feed);
  await step('gate');
  await step('merge');
  await step('refresh');
  return Object.assign(results, { told });
}

/** One step, on ports of its own. */
export async function runCommerceStep(
  bench: CommerceBench,
  name: string,
  options: CommerceRun & { told?: Told } = {},
): Promise<StepResult> {
  const step = commerce.steps.find((one) => one.name === name);
  if (step === undefined) throw new Error(`no step ${name}`);
  const run: RunIdentity = {
    runId: options.runId ?? 'run-1',
    pipeline: 'commerce',
    logicalDate: options.logicalDate ?? '2026-01-31',
    trigger: 'manual',
    system: 'local',
    actor: 'local-user',
  };
  const parameters = Object.fromEntries(
    step.parameters.map((one) => [one.name, options.parameters?.[one.name] ?? one.default ?? '']),
  );
  const scratch = await mkdtemp(join(bench.folder, `${name}-`));
  try {
    return await step.run(portsOf(bench, scratch, options.told), parameters, run);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function portsOf(bench: CommerceBench, scratch: string, told?: Told): StepPorts {
  const log = (event: string, fields: Record<string, unknown> = {}): void =>
    void told?.logged.push(JSON.stringify({ event, ...fields }));
  return {
    ...noOutside,
    store: bench.store,
    records: objectRecords(bench.store),
    source: { fetch: () => Promise.reject(new Error('commerce fetches nothing')) },
    openEngine: bench.openEngine ?? openOwnEngine,
    settings: { ...noOutside.settings, ...bench.settings },
    clock: manualClock(START),
    notifier: { send: async (notice) => void told?.notices.push(notice) },
    log: { debug: log, info: log, warn: log, error: log },
    scratch,
    signal: new AbortController().signal,
    progress: () => undefined,
    check: (name, failures) => void told?.checks.set(name, (told.checks.get(name) ?? 0) + failures),
  };
}
