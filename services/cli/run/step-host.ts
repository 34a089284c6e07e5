import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitCodeOf, PipelineError, toPipelineError } from '../../core/error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { OpenBucket } from '../../ports/object-store.ts';
import type { Counts, Step, StepPorts, StepResult } from '../../ports/step.ts';
import {
  readSteps,
  recordRunStart,
  recordStep,
  runCollection,
  type StepRecord,
} from '../../stages/observe/run-record.ts';
import { stepCost } from '../../stages/observe/cost.ts';
import { readTotals } from '../../stages/observe/totals.ts';
import { allSettled } from '../../stages/shape/settle.ts';
import type { BoundLog } from '../../telemetry/log.ts';
import { findStep } from '../commands.ts';
import type { Config } from '../config/config.ts';
import { diskError, onDisk } from './disk-error.ts';
import { redactedRecord, withoutSecrets } from './redact-record.ts';
import { runIdentity, type StepIdentity } from './run-identity.ts';
import { makeScratch } from './scratch.ts';
import { tellRunEnd, tellRunStart, tellStep } from './tell-lineage.ts';
import { type StoreCallCounter, storeCallCounter } from './store-calls.ts';

/** What every step of a process shares. */
export interface StepHost {
  config: Config;
  log: BoundLog;
  clock: Clock;
  random: () => number;
  cwd: string;
  openBucket: OpenBucket;
  /** Where metrics go as text when there is no Pushgateway; null in a pod, where nobody would read them. */
  metricsFolder: string | null;
  onProgress?: (nodeName: string, counts: Partial<Counts>) => void;
}

/** One call of a step: `args` are those after `argosy step`. */
export interface StepHostCall {
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  outFolder: string;
  nodeName: string;
  signal: AbortSignal;
}

export interface StepHostEnd {
  exitCode: number;
  error?: string;
}

/**
 * Runs a step as a container would: parameters in by flags, output parameters out as files, one step record in the
 * store, one metrics text, one log line for the end. Never throws: a failure is the exit code of its kind.
 */
export async function runStep(host: StepHost, call: StepHostCall): Promise<StepHostEnd> {
  const [pipeline = '', name = '', ...flags] = call.args;
  let log = host.log.with({ pipeline, step: name });
  const startedAt = host.clock.now();
  try {
    const run = runIdentity(pipeline, call.env, startedAt);
    log = log.with({ run_id: run.runId });
    log.info('step.start');
    const step = await findStep(pipeline, name);
    const parameters = stepParameters(step, flags);
    const result = await performStep({ ...host, log }, call, { step, parameters, run, startedAt });
    await onDisk({ path: call.outFolder, setting: 'ARGOSY_OUT' }, () =>
      writeOutputs(call.outFolder, result.outputs),
    );
    log.info('step.end', { ...result.counts, problems: result.problems.length });
    return { exitCode: 0 };
  } catch (thrown) {
    const error = failureOf(host, call, thrown);
    log.error('step.failed', {
      kind: error.kind,
      reason: error.message,
      hint: error.hint,
      ...(error.kind === 'bug' ? { stack: error.stack } : {}),
    });
    const hint = error.hint === undefined ? '' : ` hint: ${error.hint}`;
    return {
      exitCode: exitCodeOf(error.kind),
      error: `${error.message}${hint && `\n${hint.trim()}`}`,
    };
  }
}

interface Performance {
  step: Step;
  parameters: Record<string, string>;
  run: StepIdentity;
  startedAt: Date;
}

async function performStep(
  host: StepHost,
  call: StepHostCall,
  { step, parameters, run, startedAt }: Performance,
): Promise<StepResult> {
  const { namedByOperator, openPorts, probeBucket } = await import('../wire/wire.ts');
  const scratch = await makeScratch(host.config.scratchFolder, step.name);
  const storeCalls = storeCallCounter();
  const checks = new Map<string, number>();
  const noticesLost: string[] = [];
  let counts: Partial<Counts> = {};
  const progress = (seen: Partial<Counts>) => {
    counts = { ...counts, ...seen };
    host.onProgress?.(call.nodeName, counts);
  };
  const ports = openPorts(host, host.openBucket, {
    pipeline: run.pipeline,
    namedUrls: namedByOperator(parameters),
    scratch,
    signal: call.signal,
    onStoreCall: (one) => storeCalls.add(one),
    progress,
    check: (check, failures) => checks.set(check, (checks.get(check) ?? 0) + failures),
    onNoticeLost: (channel) => void noticesLost.push(channel),
  });
  const ending = { step, parameters, run, startedAt, storeCalls, checks, noticesLost };
  const eventTime = startedAt.toISOString();
  try {
    // The exit step tells how the run went even where the probe has failed; it needs no put-if-absent.
    if (step.name !== 'exit' && !(await hasBegun(ports, run))) {
      await probeBucket(host, host.openBucket, run.pipeline);
      if (await recordRunStart(ports.records, run, startedAt)) {
        await tellRunStart(host, run, eventTime);
      }
    }
    await tellStep(host, run, { step, parameters, attempt: run.attempt, eventTime, told: null });
    const result = await step.run(ports, parameters, run);
    host.onProgress?.(call.nodeName, result.counts);
    await settle(host, ports, ending, { result });
    return result;
  } catch (thrown) {
    const error = failureOf(host, call, thrown);
    await settle(host, ports, ending, { error, counts }).catch((failure: unknown) => {
      // The step's own failure is the one to tell; that its record could not be kept is told beside it.
      host.log.warn('record.failed', { reason: failureOf(host, call, failure).message });
    });
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function hasBegun(ports: StepPorts, run: StepIdentity): Promise<boolean> {
  return (await ports.records.get(runCollection(run.pipeline), run.runId)) !== null;
}

interface Measured extends Performance {
  storeCalls: StoreCallCounter;
  /** Failures by check. */
  checks: ReadonlyMap<string, number>;
  /** Channels that have not taken a notice. */
  noticesLost: readonly string[];
}

type Ending = { result: StepResult } | { error: PipelineError; counts: Partial<Counts> };

async function settle(
  host: StepHost,
  ports: StepPorts,
  { step, parameters, run, startedAt, storeCalls, checks, noticesLost }: Measured,
  ending: Ending,
): Promise<void> {
  const endedAt = host.clock.now();
  const durationSeconds = (endedAt.getTime() - startedAt.getTime()) / 1000;
  const error = 'error' in ending ? ending.error : null;
  const counts = 'error' in ending ? ending.counts : ending.result.counts;
  const calls = storeCalls.counts();
  const whole: StepRecord = {
    step: step.name,
    parameters,
    attempt: run.attempt,
    status: error ? 'failed' : 'success',
    started_at: startedAt.toISOString(),
    ended_at: endedAt.toISOString(),
    duration_seconds: durationSeconds,
    counts,
    outputs: 'result' in ending ? ending.result.outputs : {},
    problems: 'result' in ending ? ending.result.problems : [],
    error_class: error?.kind ?? null,
    error_message: error?.message ?? null,
    error_hint: error?.hint ?? null,
    checks: Object.fromEntries(checks),
    store_calls: calls,
    cost_usd: stepCost({ durationSeconds, storeCalls: calls }, host.config.prices),
  };
  const record = redactedRecord(whole, secretsOf(host));
  const { emitRunMetrics, emitStepMetrics } = await import('./emit-metrics.ts');
  if (step.name === 'exit') {
    // How the run ended is worth telling even where the store cannot be asked for the rest.
    const [steps, totals] = await Promise.all([
      readSteps(ports.records, run).catch(() => null),
      readTotals(ports.records, run.pipeline).catch(() => null),
    ]);
    const { runId, trigger } = run;
    const ended = { runId, trigger, exit: record, steps, totals, noticesLost: noticesLost.length };
    await emitRunMetrics(host, run.pipeline, ended);
    const lineageHost = { ...host, records: ports.records };
    await tellRunEnd(lineageHost, run, { eventTime: endedAt.toISOString() });
    // The exit step has written the run's record by now; its own would come too late to be in it.
    return;
  }
  const { attempt } = run;
  const eventTime = record.ended_at;
  await tellStep(host, run, { step, parameters, attempt, eventTime, told: record });
  // Beside each other: neither may be lost because the other is slow.
  await allSettled([
    recordStep(ports.records, run, record),
    emitStepMetrics(host, run.pipeline, record),
  ]);
}

/** Flags as `--name=value` or `--name value`; `config-invalid` for one the step does not know, or lacks. */
function stepParameters(step: Step, flags: readonly string[]): Record<string, string> {
  const options = Object.fromEntries(
    step.parameters.map(({ name }) => [name, { type: 'string' as const }]),
  );
  const known = step.parameters.map(({ name }) => `--${name}`).join(', ') || 'none';
  let values: Record<string, string | boolean | undefined>;
  try {
    ({ values } = parseArgs({ args: [...flags], options, strict: true, allowPositionals: false }));
  } catch (cause) {
    const message = cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : String(cause);
    throw new PipelineError('config-invalid', `step ${step.name}: ${message}`, {
      hint: `its flags: ${known}`,
      cause,
    });
  }
  return Object.fromEntries(
    step.parameters.map(({ name, default: fallback }) => {
      const value = values[name] ?? fallback;
      if (typeof value === 'string') return [name, value];
      throw new PipelineError('config-invalid', `step ${step.name}: --${name} is required`, {
        hint: `its flags: ${known}`,
      });
    }),
  );
}

/** A parameter is whole or not there, for the runner reads what it finds. */
async function writeOutputs(
  folder: string,
  outputs: Readonly<Record<string, string>>,
): Promise<void> {
  if (Object.keys(outputs).length === 0) return;
  await mkdir(folder, { recursive: true });
  for (const [name, value] of Object.entries(outputs)) await writeFile(join(folder, name), value);
}

/** Why a step ended, without secrets. Whatever ends it after it was told to stop does so because of that. */
function failureOf(host: StepHost, call: StepHostCall, thrown: unknown): PipelineError {
  const place = { path: host.config.scratchFolder, setting: 'ARGOSY_SCRATCH' };
  const error = call.signal.aborted ? stopped(thrown) : toPipelineError(diskError(thrown, place));
  const safe = (text: string) => withoutSecrets(text, secretsOf(host));
  const hint = error.hint === undefined ? {} : { hint: safe(error.hint) };
  const failure = new PipelineError(error.kind, safe(error.message), { ...hint, cause: error });
  if (error.kind === 'bug' && error.stack !== undefined) failure.stack = safe(error.stack);
  return failure;
}

function secretsOf({ config }: StepHost): string[] {
  return config.secrets.map((one) => one.reveal());
}

function stopped(cause: unknown): PipelineError {
  return new PipelineError('interrupted', 'stopped before the end; what was committed stays', {
    hint: 'run again: it goes on from there',
    cause,
  });
}
