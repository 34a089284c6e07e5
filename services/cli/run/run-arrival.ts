import { rm } from 'node:fs/promises';
import { PipelineError, toPipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import { arrivalId } from '../../events/arrival.ts';
import type { RunArrivals, RunReport } from '../../events/run-queue.ts';
import type { Arrival, Arrivals } from '../../ports/step.ts';
import { readDocuments } from '../../runner/load.ts';
import { runWorkflow } from '../../runner/run-workflow.ts';
import { makeScratch } from './scratch.ts';
import { type RunRecord, runCollection } from '../../stages/observe/run-record.ts';
import { openHost, recordsOf } from '../host.ts';
import type { Given } from '../program.ts';
import { runFailure } from './run-failure.ts';
import { runParameters, workflowFiles } from './run-request.ts';
import type { Session } from '../session.ts';
import { awaitable, inProcess } from './step-runner.ts';

/**
 * Runs a pipeline's workflow for arrivals, in this process and warm: the workflow is read and the stores are opened
 * once. The run is named for what has arrived, so that another try of it is the same run.
 */
export async function arrivalRunner(
  session: Session,
  given: Given,
  from: { rule: Arrivals; logPath: () => string | null },
): Promise<RunArrivals> {
  const { io, config } = session;
  const pipeline = given.args[0] ?? '';
  const documents = readDocuments(await workflowFiles(pipeline, given, io.cwd));
  const declared = documents.documents.flatMap(({ spec }) => spec.arguments?.parameters ?? []);
  const trigger = declared.some(({ name }) => name === 'trigger') ? { trigger: 'event' } : {};
  const host = openHost(session);
  const withOwn = (own: Record<string, string>) => {
    const parameter = [
      ...(given.flags.parameter ?? []),
      ...Object.entries(own).map(([name, value]) => `${name}=${value}`),
    ];
    const flags = { ...given.flags, parameter };
    const at = { sampleParameters: {}, startedAt: io.clock.now() };
    return runParameters(documents, { args: given.args, flags }, at);
  };
  // A wrong parameter is told before anything is taken on.
  withOwn({});

  return async (arrivals, { attempt, signal }) => {
    const name = `${pipeline}-${runId(arrivals)}${attempt === 0 ? '' : `-${attempt + 1}`}`;
    const steps = awaitable(inProcess(host, io));
    let scratch: string | null = null;
    try {
      scratch = await makeScratch(config.scratchFolder, 'run');
      const outcome = await runWorkflow({
        documents,
        parameters: withOwn({ ...trigger, ...from.rule.parameters(arrivals) }),
        name,
        runStep: steps.run,
        clock: io.clock,
        scratch,
        signal,
      });
      if (outcome.phase === 'Succeeded') {
        return { runName: name, error: null, ...(await reportOf(session, pipeline, name)) };
      }
      return {
        runName: name,
        error: failed(signal, runFailure(outcome, pipeline, from.logPath())),
      };
    } catch (thrown) {
      return { runName: name, error: failed(signal, toPipelineError(thrown)) };
    } finally {
      await steps.ended();
      if (scratch !== null) await rm(scratch, { recursive: true, force: true });
    }
  };
}

/** What the run's record says; nothing when it cannot be read, for the run was good all the same. */
async function reportOf(
  session: Session,
  pipeline: string,
  runName: string,
): Promise<{ report?: RunReport }> {
  const records = recordsOf(session, pipeline);
  const record = await records
    .get<RunRecord>(runCollection(pipeline), runName)
    .catch((error: unknown) => {
      session.log.warn('record.unread', {
        run_id: runName,
        reason: toPipelineError(error).message,
      });
      return null;
    });
  if (record === null) return {};
  const { records_extracted: rows, problems, quality } = record;
  return { report: { rows, problems, failures: quality } };
}

/** Whatever ends a run that was told to stop does so because of that. */
function failed(signal: AbortSignal, error: PipelineError): PipelineError {
  if (!signal.aborted) return error;
  return new PipelineError('interrupted', 'stopped before the end', { cause: error });
}

function runId(arrivals: readonly Arrival[]): string {
  const ids = arrivals.map(({ key, etag }) => arrivalId(key, etag)).toSorted();
  return (ids.length === 1 ? (ids[0] ?? '') : sha256(ids.join(' '))).slice(0, 12);
}
