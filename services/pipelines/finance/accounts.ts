import { humaneCount } from '../../core/humane.ts';
import type { RunFigures, RunRecord, StepRecord } from '../../stages/observe/run-record.ts';

/**
 * Where every transaction of a run went: extracted = rejected + loaded + held, and loaded = inserted + updated +
 * unchanged. `released` are rows held by earlier runs whose customer has come; they are not among the extracted.
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
  /** extracted − rejected − loaded − held of a run whose load has ended: 0. */
  difference: number;
}

/** The accounts of a run by the output parameters of its steps; what a step did not come to is 0. */
export function accountsOf(steps: readonly Pick<StepRecord, 'step' | 'outputs'>[]): Accounts {
  const count = (step: string, name: string): number =>
    Number(steps.findLast((one) => one.step === step)?.outputs[name] ?? 0);
  const extracted = count('extract', 'transactions');
  const transformed = count('transform', 'clean');
  const rejected = count('transform', 'rejected');
  const [inserted, updated, unchanged] = [
    count('load', 'inserted'),
    count('load', 'updated'),
    count('load', 'unchanged'),
  ];
  const [held, released] = [count('load', 'held'), count('load', 'released')];
  const loaded = inserted + updated + unchanged;
  const isLoaded = steps.some(({ step, outputs }) => step === 'load' && 'inserted' in outputs);
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
    difference: isLoaded ? extracted - rejected - loaded - held : 0,
  };
}

/** The figures of the run record, in place of sums over steps that each count the same rows. */
export function figuresOf(steps: readonly StepRecord[]): RunFigures {
  const accounts = accountsOf(steps);
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
