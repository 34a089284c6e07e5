import { PipelineError } from '../core/error.ts';
import { nearest } from '../core/nearest.ts';
import type { Dataset } from '../core/dataset.ts';
import type { LifecycleRule } from '../core/lifecycle.ts';
import type { Pipeline, Step } from '../ports/step.ts';
import type { diffVintages } from '../pipelines/fama-french/diff.ts';
import type { PipelineFlow } from '../stages/observe/lineage/flow.ts';
import type { PartitionSource } from '../stages/observe/partitions/source.ts';
import type { MakeReport } from '../stages/observe/report.ts';
import type { ReplaySource } from '../stages/observe/replay/replay.ts';
import type { PipelineProofs } from '../stages/observe/verify/claim.ts';
import type { Database, DatabaseRequest } from '../stages/serve/database.ts';
import type { NamedQueries } from '../stages/serve/named.ts';

interface Wing {
  summary: string;
  /** What its database is called in SQL: a pattern where it has several schemas. */
  schema: string;
  load(): Promise<Pipeline>;
  /** Its tables; where they depend on what is in the store, those that are there, or that the SQL names. */
  database?(request: DatabaseRequest): Promise<Database>;
  /** What it loads into the warehouse: the definitions of its tables and views. */
  warehouse?(): Promise<readonly Dataset[]>;
  /** How data goes through it, for lineage. */
  flow(environment: string): Promise<PipelineFlow>;
  /** How its partitions are told and made again. */
  partitions?(): Promise<PartitionSource>;
  /** What its records say of its objects, beside commits. */
  proofs(): Promise<PipelineProofs>;
  /** How it is made again from what came from outside. */
  replay(): Promise<ReplaySource>;
  diff?(): Promise<typeof diffVintages>;
  /** What is asked often, by name. */
  named?(): Promise<NamedQueries>;
  /** What is done with its objects as they grow old. */
  lifecycle?(): Promise<readonly LifecycleRule[]>;
  /** Its page about a day. */
  report?(): Promise<MakeReport>;
}

/** The one list of pipelines. Their code is loaded when one of their steps is called, so that a command starts fast. */
export const WINGS: Readonly<Record<string, Wing>> = {
  'fama-french': {
    summary: 'Fama-French portfolio files, every vintage, to Parquet and SQL',
    schema: 'dartmouth_db',
    load: async () => (await import('../pipelines/fama-french/index.ts')).famaFrench,
    proofs: async () => (await import('../pipelines/fama-french/proofs.ts')).famaFrenchProofs,
    lifecycle: async () =>
      (await import('../pipelines/fama-french/lifecycle.ts')).FAMA_FRENCH_LIFECYCLE,
    replay: async () => (await import('../pipelines/fama-french/replay.ts')).famaFrenchReplay,
    flow: async () => (await import('../pipelines/fama-french/flow.ts')).famaFrenchFlow,
    partitions: async () =>
      (await import('../pipelines/fama-french/partitions.ts')).frenchPartitions,
    database: async () => (await import('../pipelines/fama-french/database.ts')).dartmouthDb,
    diff: async () => (await import('../pipelines/fama-french/diff.ts')).diffVintages,
  },
  finance: {
    summary: 'Card transactions cleaned, checked, risk-scored and loaded to the warehouse',
    schema: 'finance',
    load: async () => (await import('../pipelines/finance/index.ts')).finance,
    proofs: async () => (await import('../pipelines/finance/proofs.ts')).financeProofs,
    lifecycle: async () => (await import('../pipelines/finance/lifecycle.ts')).FINANCE_LIFECYCLE,
    replay: async () => (await import('../pipelines/finance/replay.ts')).financeReplay,
    flow: async () => (await import('../pipelines/finance/flow.ts')).financeFlow,
    partitions: async () => (await import('../pipelines/finance/partitions.ts')).financePartitions,
    database: async () => (await import('../pipelines/finance/database.ts')).financeDb,
    warehouse: async () =>
      (await import('../pipelines/finance/warehouse/datasets.ts')).FINANCE_WAREHOUSE,
    report: async () => (await import('../pipelines/finance/report.ts')).financeReport,
  },
  'market-data': {
    summary: 'Daily prices from Alpha Vantage to a warehouse fact table, re-runnable for any day',
    schema: 'market_data',
    load: async () => (await import('../pipelines/market-data/index.ts')).marketData,
    proofs: async () => (await import('../pipelines/market-data/proofs.ts')).marketProofs,
    lifecycle: async () => (await import('../pipelines/market-data/lifecycle.ts')).MARKET_LIFECYCLE,
    replay: async () => (await import('../pipelines/market-data/replay.ts')).marketReplay,
    flow: async () => (await import('../pipelines/market-data/flow.ts')).marketFlow,
    partitions: async () =>
      (await import('../pipelines/market-data/partitions.ts')).marketPartitions,
    warehouse: async () =>
      (await import('../pipelines/market-data/warehouse/datasets.ts')).MARKET_WAREHOUSE,
    report: async () => (await import('../pipelines/market-data/report.ts')).marketReport,
  },
  'csv-intake': {
    summary: 'Any CSV that arrives: schema, statistics, quality issues, and SQL over its rows',
    schema: 'csv_intake',
    load: async () => (await import('../pipelines/csv-intake/index.ts')).csvIntake,
    proofs: async () => (await import('../pipelines/csv-intake/proofs.ts')).csvIntakeProofs,
    lifecycle: async () =>
      (await import('../pipelines/csv-intake/lifecycle.ts')).CSV_INTAKE_LIFECYCLE,
    replay: async () => (await import('../pipelines/csv-intake/replay.ts')).csvIntakeReplay,
    flow: async () => (await import('../pipelines/csv-intake/flow.ts')).csvIntakeFlow,
    partitions: async () => (await import('../pipelines/csv-intake/partitions.ts')).csvPartitions,
    database: async (request) =>
      (await import('../pipelines/csv-intake/database.ts')).csvDatabase(request),
  },
  commerce: {
    summary: 'Shop feeds checked, cleaned and joined to curated tables behind a quality gate',
    schema: String.raw`(?:curated|processed|raw)(?:_\w+)?`,
    load: async () => (await import('../pipelines/commerce/index.ts')).commerce,
    proofs: async () => (await import('../pipelines/commerce/upkeep/proofs.ts')).commerceProofs,
    replay: async () => (await import('../pipelines/commerce/upkeep/replay.ts')).commerceReplay,
    flow: async (environment) =>
      (await import('../pipelines/commerce/flow.ts')).commerceFlow(environment),
    partitions: async () =>
      (await import('../pipelines/commerce/partitions.ts')).commercePartitions,
    database: async (request) =>
      (await import('../pipelines/commerce/answer/tables.ts')).commerceTables(request),
    named: async () => (await import('../pipelines/commerce/answer/ask.ts')).namedQueries,
    lifecycle: async () => (await import('../pipelines/commerce/upkeep/lifecycle.ts')).LIFECYCLE,
    report: async () => (await import('../pipelines/commerce/report.ts')).commerceReport,
  },
};

/** The wing of this name; `config-invalid` with the nearest name when there is none. */
export function findWing(name: string): Wing {
  const wing = Object.hasOwn(WINGS, name) ? WINGS[name] : undefined;
  if (wing) return wing;
  throw unknown('pipeline', name, Object.keys(WINGS));
}

/** The step of this name; `config-invalid` with the nearest name when there is none. */
export async function findStep(pipelineName: string, stepName: string): Promise<Step> {
  const { steps } = await findWing(pipelineName).load();
  const step = steps.find(({ name }) => name === stepName);
  if (step) return step;
  throw unknown(
    `step of ${pipelineName}`,
    stepName,
    steps.map(({ name }) => name),
  );
}

/** The tables of a pipeline; `config-invalid` when it has none. */
export async function findDatabase(
  pipelineName: string,
  request: DatabaseRequest,
): Promise<Database> {
  const wing = findWing(pipelineName);
  if (wing.database) return wing.database(request);
  throw new PipelineError('config-invalid', `pipeline ${pipelineName} has no tables in the store`, {
    hint: 'what a pipeline loads into the warehouse is asked for by argosy query --warehouse',
  });
}

function unknown(what: string, name: string, known: readonly string[]): PipelineError {
  const near = nearest(name, known);
  const hint =
    near === undefined
      ? `known: ${known.join(', ')}`
      : `did you mean ${near}? Known: ${known.join(', ')}`;
  return new PipelineError('config-invalid', `${what} "${name}" is not known`, { hint });
}
