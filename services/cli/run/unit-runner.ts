import { rm } from 'node:fs/promises';
import { PipelineError, toPipelineError } from '../../core/error.ts';
import type { LoadedDocuments } from '../../runner/load.ts';
import { readDocuments } from '../../runner/load.ts';
import { runWorkflow } from '../../runner/run-workflow.ts';
import type { UnitEnd, UnitRunner } from '../../stages/observe/backfill/perform.ts';
import type { BackfillUnit } from '../../stages/observe/backfill/plan.ts';
import { type RunRecord, runCollection, stepCollection } from '../../stages/observe/run-record.ts';
import { openHost, recordsOf } from '../host.ts';
import type { Given } from '../program.ts';
import type { Session } from '../session.ts';
import { thisProcess } from './process-mark.ts';
import { retryLines } from './retry-lines.ts';
import { runFailure } from './run-failure.ts';
import { runParameters, workflowFiles } from './run-request.ts';
import { makeScratch } from './scratch.ts';
import { awaitable, inProcess } from './step-runner.ts';

/** Runs the workflows of a plan in this process: the workflow is read and the stores are opened once. */
export async function unitRunner(
  session: Session,
  given: Given,
  from: { pipeline: string; logPath: () => string | null },
): Promise<UnitRunner> {
  const { pipeline, logPath } = from;
  const documents = readDocuments(await workflowFiles(pipeline, given, session.io.cwd));
  const host = openHost(session);
  const run: UnitRunner['run'] = async (unit, { runId, signal }) => {
    const steps = awaitable(inProcess(host, session.io));
    let scratch: string | null = null;
    try {
      await claim(session, pipeline, runId);
      scratch = await makeScratch(session.config.scratchFolder, 'run');
      const outcome = await runWorkflow({
        documents,
        parameters: unitParameters(session, given, { documents, pipeline, unit }),
        name: runId,
        runStep: steps.run,
        clock: session.io.clock,
        scratch,
        signal,
        onEvent: retryLines(runId, (line) => session.io.stderr.write(`${line}\n`)),
      });
      const isGood = outcome.phase === 'Succeeded';
      const error = isGood ? null : runFailure(outcome, pipeline, logPath());
      return await endOfRecord(session, pipeline, { runId, error });
    } catch (thrown) {
      return { error: toPipelineError(thrown), rows: null, costUsd: null };
    } finally {
      await steps.ended();
      if (scratch !== null) await rm(scratch, { recursive: true, force: true });
    }
  };
  return { run, endOf: (_unit, runId) => recordedEnd(session, pipeline, runId) };
}

/** The parameters of a unit's workflow; those of `-p` win. A wrong one is told before anything runs. */
export function unitParameters(
  { io }: Session,
  given: Given,
  {
    documents,
    pipeline,
    unit,
  }: { documents: LoadedDocuments; pipeline: string; unit: Pick<BackfillUnit, 'parameters'> },
): Record<string, string> {
  const own = Object.entries(unit.parameters).map(([name, value]) => `${name}=${value}`);
  const parameter = [...own, ...(given.flags.parameter ?? [])];
  const { dryRun: _, ...flags } = given.flags;
  const wanted = { args: [pipeline], flags: { ...flags, parameter } };
  return runParameters(documents, wanted, { sampleParameters: {}, startedAt: io.clock.now() });
}

/** Whose run it is, so that one that was killed is known to be dead. The same run may be begun again by another. */
function claim(session: Session, pipeline: string, runId: string): Promise<void> {
  const started = session.io.clock.now().toISOString();
  const collection = stepCollection({ pipeline, runId });
  const { signal } = session;
  const mark = { started_at: started, ...thisProcess() };
  return recordsOf(session, pipeline).put(collection, 'claim', mark, { signal });
}

async function recordedEnd(
  session: Session,
  pipeline: string,
  runId: string,
): Promise<UnitEnd | null> {
  const records = recordsOf(session, pipeline);
  const record = await records.get<RunRecord>(runCollection(pipeline), runId, {
    signal: session.signal,
  });
  if (record === null || record.status === 'running') return null;
  return endOf(record);
}

async function endOfRecord(
  session: Session,
  pipeline: string,
  { runId, error }: { runId: string; error: PipelineError | null },
): Promise<UnitEnd> {
  const record = await recordsOf(session, pipeline).get<RunRecord>(runCollection(pipeline), runId);
  return record === null ? { error, rows: null, costUsd: null } : { ...endOf(record), error };
}

function endOf(record: RunRecord): UnitEnd {
  const isGood = record.status === 'success';
  const message = record.error_message ?? 'the run failed';
  const kind = record.error_class ?? 'bug';
  return {
    error: isGood ? null : new PipelineError(kind, message),
    rows: record.records_loaded,
    costUsd: record.cost_estimate.total,
  };
}
