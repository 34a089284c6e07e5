import { type Dataset, datasetId } from '../../../core/dataset.ts';
import { uuidOf } from '../../../core/uuid.ts';
import type {
  LineageDataset,
  LineageEvent,
  LineageFacet,
  LineageJob,
} from '../../../ports/lineage.ts';
import type { RunIdentity } from '../../../ports/step.ts';
import type { RunRecord, StepRecord } from '../run-record.ts';
import {
  documentationFacet,
  engineFacet,
  errorFacet,
  jobTypeFacet,
  nominalTimeFacet,
  parentFacet,
  PRODUCER,
  sqlFacet,
} from './facet.ts';
import { type FlowDatasets, inputsOf, outputsOf } from './flow-datasets.ts';
import type { StepFlow } from './flow.ts';

const SCHEMA_URL = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';

/** The run that events are about, and what tells it from those of other stores. */
export interface LineageRun {
  run: RunIdentity;
  /** The address of the pipeline's bucket. */
  storeUrl: string;
  environment: string;
  summary: string;
}

/** What a run or step reads and writes, and the datasets that it may name. */
export interface LineageFlow {
  flow: StepFlow;
  datasets: FlowDatasets;
}

type Told = 'parameters' | 'counts' | 'checks' | 'status' | 'error_message' | 'error_class';
/** What a step has left behind; null while it goes on. */
export type ToldStep = Pick<StepRecord, Told>;

/** `START` of a step, or its end. Every attempt is a run of its own. */
export function stepEvent(
  of: LineageRun & { step: { name: string; summary: string; attempt: number; id: string } },
  { flow, datasets }: LineageFlow,
  at: { eventTime: string; told: ToldStep | null; parameters: Readonly<Record<string, string>> },
): LineageEvent {
  const { run, step } = of;
  const { told } = at;
  const parent = parentFacet({ runId: runUuid(of) }, jobName(of));
  const facets = runFacets(run, told?.error_message ?? null);
  return event({
    eventType: told === null ? 'START' : endOf(told.status === 'success', told.error_class),
    eventTime: at.eventTime,
    runId: uuidOf(`${of.storeUrl} ${run.pipeline} ${run.runId} ${step.id} ${step.attempt}`),
    runFacets: { ...facets, parent },
    job: {
      ...jobName(of, step.name),
      facets: {
        jobType: jobTypeFacet('STEP'),
        documentation: documentationFacet(step.summary),
        ...(flow.sql === undefined ? {} : { sql: sqlFacet(flow.sql) }),
      },
    },
    inputs: inputsOf(flow, datasets, at.parameters, told),
    outputs: outputsOf(flow, datasets, at.parameters, told),
  });
}

/** `START` of a run, or, with its record, its end. */
export function runEvent(
  of: LineageRun,
  { flow, datasets }: LineageFlow,
  at: { eventTime: string; record: RunRecord | null },
): LineageEvent {
  const { record } = at;
  const parameters = Object.assign({}, ...(record?.steps ?? []).map((step) => step.parameters));
  return event({
    eventType: record === null ? 'START' : endOf(record.status === 'success', record.error_class),
    eventTime: at.eventTime,
    runId: runUuid(of),
    runFacets: runFacets(of.run, record === null ? null : errorOf(record)),
    job: {
      ...jobName(of),
      facets: { jobType: jobTypeFacet('DAG'), documentation: documentationFacet(of.summary) },
    },
    inputs: inputsOf(flow, datasets, parameters, null),
    outputs: outputsOf(flow, datasets, parameters, null),
  });
}

/** A run that was stopped from outside was aborted; any other that has not succeeded has failed. */
export function endOf(
  isSuccess: boolean,
  errorClass: string | null,
): 'COMPLETE' | 'FAIL' | 'ABORT' {
  if (isSuccess) return 'COMPLETE';
  return errorClass === 'interrupted' ? 'ABORT' : 'FAIL';
}

function errorOf({ status, error_message: message }: RunRecord): string | null {
  if (status === 'success') return null;
  return message ?? 'the run ended before a step could say why';
}

function runFacets(run: RunIdentity, error: string | null): Record<string, LineageFacet> {
  return {
    nominalTime: nominalTimeFacet(run.logicalDate),
    processing_engine: engineFacet(),
    ...(error === null ? {} : { errorMessage: errorFacet(error) }),
  };
}

function runUuid({ run, storeUrl }: LineageRun): string {
  return uuidOf(`${storeUrl} ${run.pipeline} ${run.runId}`);
}

function jobName({ run, environment }: LineageRun, step?: string): Omit<LineageJob, 'facets'> {
  const name = step === undefined ? run.pipeline : `${run.pipeline}.${step}`;
  return { namespace: `argosy-${environment}`, name };
}

function event(of: {
  eventType: LineageEvent['eventType'];
  eventTime: string;
  runId: string;
  runFacets: Record<string, LineageFacet>;
  job: LineageJob;
  inputs: LineageDataset[];
  outputs: LineageDataset[];
}): LineageEvent {
  const { eventType, eventTime, runId, job, inputs, outputs } = of;
  return {
    eventType,
    eventTime,
    run: { runId, facets: of.runFacets },
    job,
    inputs,
    outputs,
    producer: PRODUCER,
    schemaURL: SCHEMA_URL,
  };
}

/** Tables and views by their ids. */
export function byId(datasets: readonly Dataset[]): ReadonlyMap<string, Dataset> {
  return new Map(datasets.map((dataset) => [datasetId(dataset), dataset]));
}
