import { PipelineError } from '../core/error.ts';
import { nearest } from '../core/nearest.ts';
import type { Pipeline, Step } from '../ports/step.ts';
import type { diffVintages } from '../pipelines/fama-french/diff.ts';
import type { MakeReport } from '../stages/observe/report.ts';
import type { Database, DatabaseRequest } from '../stages/serve/database.ts';
import type { NamedQueries } from '../stages/serve/named.ts';

interface Wing {
  summary: string;
  /** What its database is called in SQL: a pattern where it has several schemas. */
  schema: string;
  load(): Promise<Pipeline>;
  /** Its tables; where they depend on what is in the store, those that are there, or that the SQL names. */
  database?(request: DatabaseRequest): Promise<Database>;
  diff?(): Promise<typeof diffVintages>;
  /** What is asked often, by name. */
  named?(): Promise<NamedQueries>;
  /** Its page about a day. */
  report?(): Promise<MakeReport>;
  /** The workflow parameters of a run that loads landed days again, the last of which is its logical date. */
  backfill?(days: { from: string; to: string }): Record<string, string>;
}

/** The one list of pipelines. Their code is loaded when one of their steps is called, so that a command starts fast. */
export const WINGS: Readonly<Record<string, Wing>> = {
  'fama-french': {
    summary: 'Fama-French portfolio files, every vintage, to Parquet and SQL',
    schema: 'dartmouth_db',
    load: async () => (await import('../pipelines/fama-french/index.ts')).famaFrench,
    database: async () => (await import('../pipelines/fama-french/database.ts')).dartmouthDb,
    diff: async () => (await import('../pipelines/fama-french/diff.ts')).diffVintages,
  },
  finance: {
    summary: 'Card transactions cleaned, checked, risk-scored and loaded to the warehouse',
    schema: 'finance',
    load: async () => (await import('../pipelines/finance/index.ts')).finance,
    database: async () => (await import('../pipelines/finance/database.ts')).financeDb,
    report: async () => (await import('../pipelines/finance/report.ts')).financeReport,
  },
  'market-data': {
    summary: 'Daily prices from Alpha Vantage to a warehouse fact table, re-runnable for any day',
    schema: 'market_data',
    load: async () => (await import('../pipelines/market-data/index.ts')).marketData,
    report: async () => (await import('../pipelines/market-data/report.ts')).marketReport,
    backfill: ({ from, to }) => ({
      extract: 'false',
      reload: 'true',
      dates: `${from}..${to}`,
      'logical-date': to,
      trigger: 'backfill',
    }),
  },
  'csv-intake': {
    summary: 'Any CSV that arrives: schema, statistics, quality issues, and SQL over its rows',
    schema: 'csv_intake',
    load: async () => (await import('../pipelines/csv-intake/index.ts')).csvIntake,
    database: async (request) =>
      (await import('../pipelines/csv-intake/database.ts')).csvDatabase(request),
  },
  commerce: {
    summary: 'Shop feeds checked, cleaned and joined to curated tables behind a quality gate',
    schema: String.raw`(?:curated|processed)(?:_\w+)?`,
    load: async () => (await import('../pipelines/commerce/index.ts')).commerce,
    database: async ({ environment, sql }) =>
      (await import('../pipelines/commerce/answer/database.ts')).databaseFor(environment, sql),
    named: async () => (await import('../pipelines/commerce/answer/ask.ts')).namedQueries,
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
