import { PipelineError } from '../../core/error.ts';
import { humaneCount } from '../../core/humane.ts';
import type { RunFigures, RunRecord, StepRecord } from '../../stages/observe/run-record.ts';
import type { CleanCounts } from './clean/clean-manifest.ts';

/**
 * Where every transaction of a run went: extracted = rejected + loaded + held + waiting, and loaded = inserted + updated
 * + unchanged. `released` are rows held by earlier runs whose customer has come; they are not among the extracted.
 */
export interface Accounts extends Record<string, number> {
  extracted: number;
  transformed: number;
  rejected: number;
  inserted: number;
  updated: number;
  unchanged: number;
  loaded: number;
  held: number;
  released: number;
  /** Rows that this run has written to the fact table. */
  written: number;
  /** Rows that no load came to, for the run ended before: the clean ones, or all when none was cleaned. */
  waiting: number;
  /** extracted − rejected − loaded − held − waiting: 0, or rows were lost or came from elsewhere. */
  difference: number;
}

type StepDeed = Pick<StepRecord, 'step' | 'outputs'>;

/** What transform counted in a day that it refused, for a step that fails has no outputs. */
export type RefusedCounts = Pick<CleanCounts, 'clean' | 'rejected'>;

/** The accounts of a run by the output parameters of its steps; what a step did not come to is 0. */
export function accountsOf(
  steps: readonly StepDeed[],
  refused: RefusedCounts | null = null,
): Accounts {
  const count = (step: string, name: string): number =>
    Number(steps.findLast((one) => one.step === step)?.outputs[name] ?? 0);
  const extracted = count('extract', 'transactions');
  const transformed = refused?.clean ?? count('transform', 'clean');
  const rejected = refused?.rejected ?? count('transform', 'rejected');
  const [inserted, updated, unchanged] = [
    count('load', 'inserted'),
    count('load', 'updated'),
    count('load', 'unchanged'),
  ];
  const [held, released] = [count('load', 'held'), count('load', 'released')];
  const loaded = inserted + updated + unchanged;
  const isCleaned = refused !== null || hasOutput(steps, 'transform', 'clean');
  const unloaded = isCleaned ? transformed : extracted;
  const waiting = hasOutput(steps, 'load', 'inserted') ? 0 : unloaded;
  return {
    extracted,
    transformed,
    rejected,
    inserted,
    updated,
    unchanged,
    loaded,
    held,
    released,
    written: inserted + updated + released,
    waiting,
    difference: extracted - rejected - loaded - held - waiting,
  };
}

function hasOutput(steps: readonly StepDeed[], name: string, output: string): boolean {
  return steps.some(({ step, outputs }) => step === name && output in outputs);
}

/**
 * `bug` when the steps of a run handed on other rows than those that the run extracted. Steps that were run by hand, with
 * none before them, have nothing to be compared with.
 */
export function failIfUnaccounted(steps: readonly StepDeed[]): void {
  if (!hasOutput(steps, 'extract', 'transactions') || !hasOutput(steps, 'load', 'inserted')) return;
  const { extracted, rejected, loaded, held, difference } = accountsOf(steps);
  if (difference === 0) return;
  throw new PipelineError(
    'bug',
    `${extracted} transactions extracted are not ${rejected} rejected + ${loaded} loaded + ${held} held`,
    { hint: 'the steps of this run worked on the rows of another one: run the day again' },
  );
}

/** The figures of the run record, in place of sums over steps that each count the same rows. */
export function figuresOf(steps: readonly StepRecord[], refused: RefusedCounts | null): RunFigures {
  const accounts = accountsOf(steps, refused);
  return {
    records_extracted: accounts.extracted,
    records_transformed: accounts.transformed,
    records_loaded: accounts.loaded,
    records_rejected: accounts.rejected,
    accounts,
  };
}

/** The figures of a run that people are told (requirements 4.10), each with its name. */
export function metricsOf(record: RunRecord): [name: string, value: string][] {
  const { started_at: start, ended_at: end } = record;
  const seconds = end === null ? 0 : (Date.parse(end) - Date.parse(start)) / 1000;
  return [
    ['Run date', record.logical_date],
    ['Records extracted', humaneCount(record.records_extracted)],
    ['Records transformed', humaneCount(record.records_transformed)],
    ['Records rejected', humaneCount(record.records_rejected)],
    ['Success rate', `${successRate(record)} %`],
    ['Duration', `${Math.max(0, seconds).toFixed(1)} s`],
  ];
}

/** The metrics message of a run (requirements 4.10), a line a figure. */
export function metricsMessage(record: RunRecord): string[] {
  return metricsOf(record).map(([name, value]) => `${name}: ${value}`);
}

/** Loaded ÷ extracted × 100 with two decimals; 0.00 where nothing was extracted (requirements 4.10). */
export function successRate(
  record: Pick<RunRecord, 'records_extracted' | 'records_loaded'>,
): string {
  const { records_extracted: extracted, records_loaded: loaded } = record;
  return (extracted === 0 ? 0 : (loaded / extracted) * 100).toFixed(2);
}
