import { rm } from 'node:fs/promises';
import { exitCodeOf } from '../../core/error.ts';
import { readDocuments } from '../../runner/load.ts';
import { observedForm } from '../../runner/observed.ts';
import { runWorkflow, type WorkflowOutcome } from '../../runner/run-workflow.ts';
import { type RunRecord, runCollection } from '../../stages/observe/run-record.ts';
import { WINGS } from '../commands.ts';
import { onDisk } from '../run/disk-error.ts';
import { openHost, recordsOf } from '../host.ts';
import { printJson } from '../view/print-result.ts';
import type { Given, Work } from '../program.ts';
import { claimRunName } from '../run/run-claim.ts';
import {
  givenParameters,
  refusalOf,
  runName,
  runParameters,
  scheduledTimeOf,
  workflowFiles,
} from '../run/run-request.ts';
import { exitCodeOfRun, runFailure } from '../run/run-failure.ts';
import type { Sample } from '../sample/sample.ts';
import { type PlannedDownload, plannedDownloads } from '../run/planned.ts';
import { printRunEnd } from '../run/run-end.ts';
import { clearAfterKilled, tellAborted } from '../run/killed-runs.ts';
import { makeScratch } from '../run/scratch.ts';
import { type Session, warnOfNotices } from '../session.ts';
import { awaitable, inProcess, isolated } from '../run/step-runner.ts';
import type { RunView } from '../view/view.ts';
import { closeLineage } from '../wire/lineage.ts';
import { watchRun } from '../run/watch-run.ts';

/** `argosy run`: a pipeline, or any workflow file, on this machine. */
export const run: Work = async (session, given) => {
  const isSample = session.flags.sample === true;
  const sample = isSample ? await openSample(session, given) : null;
  try {
    return await runHere(session, given, sample?.parameters ?? {});
  } finally {
    await sample?.close();
  }
};

/** The sample is served on loopback, or, where a pipeline reads its own bucket, put there. */
async function openSample(session: Session, given: Given): Promise<Sample> {
  const pipeline = given.args[0];
  if (pipeline === 'finance') {
    return (await import('../sample/finance.ts')).putFinanceSample(session, givenParameters(given));
  }
  if (pipeline === 'commerce') {
    return (await import('../sample/commerce.ts')).putCommerceSample(
      session,
      givenParameters(given),
    );
  }
  if (pipeline !== 'csv-intake') {
    const { clock, cwd: folder } = session.io;
    return (await import('../sample/sample.ts')).startSample(pipeline, { folder, clock });
  }
  await (await import('../sample/intake.ts')).putUploads(session);
  return { parameters: {}, close: async () => undefined };
}

async function runHere(
  session: Session,
  given: Given,
  sampleParameters: Record<string, string>,
): Promise<number> {
  const { io, config, signal } = session;
  const { clock } = io;
  const startedAt = clock.now();
  const pipeline = given.args[0];
  const documents = readDocuments(await workflowFiles(pipeline, given, io.cwd));
  const scheduledTime = scheduledTimeOf(given);
  const dated = { sampleParameters, startedAt: scheduledTime ?? startedAt };
  const parameters = runParameters(documents, given, dated);
  if (given.flags.json === true) {
    const refusal = refusalOf(documents, parameters);
    if (refusal !== null) {
      printJson(session, refusal);
      return exitCodeOf('config-invalid');
    }
  }
  warnOfNotices(session);
  await clearAfterKilled(session, pipeline);
  const name = await ownName(session, pipeline, startedAt);
  const watch = await watchRun(session, name);
  const scratch = await makeScratch(config.scratchFolder, 'run');
  const planned = plannedDownloads();
  const onProgress: RunView['onProgress'] = (...seen) => watch.view.onProgress(...seen);
  const host = { ...openHost(session), onProgress, log: planned.listen(session.log) };
  const { entrypoint } = given.flags;
  const steps = awaitable(
    given.flags.isolate === true ? isolated(session, host.log) : inProcess(host, io),
  );
  try {
    const outcome = await onDisk({ path: scratch, setting: 'ARGOSY_SCRATCH' }, () =>
      runWorkflow({
        documents,
        parameters,
        name,
        ...(entrypoint === undefined ? {} : { entrypoint }),
        ...(scheduledTime === null ? {} : { scheduledTime }),
        runStep: steps.run,
        clock,
        scratch,
        signal,
        onEvent: (event) => watch.view.onEvent(event),
      }),
    );
    // Its warning belongs into the log of the run.
    await closeLineage(session);
    await watch.end();
    const plan = parameters['dry-run'] === 'true' ? planned.downloads : null;
    return await finish(session, given, { outcome, startedAt, logPath: watch.logPath(), plan });
  } finally {
    await steps.ended();
    if (signal.aborted && pipeline !== undefined && Object.hasOwn(WINGS, pipeline)) {
      await tellAborted(session, pipeline, name);
      await closeLineage(session);
    }
    await watch.end();
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Ended {
  outcome: WorkflowOutcome;
  startedAt: Date;
  logPath: string | null;
  /** What a dry run would fetch; null when it was none. */
  plan: readonly PlannedDownload[] | null;
}

/** Prints the outcome; the exit code is 0, or that of the first step that failed. */
async function finish(session: Session, given: Given, ended: Ended): Promise<number> {
  const { outcome, startedAt, logPath, plan } = ended;
  session.signal.throwIfAborted();
  const pipeline = given.args[0];
  if (given.flags.json === true) {
    printJson(session, observedForm(outcome));
    return exitCodeOfRun(outcome);
  }
  if (outcome.phase !== 'Succeeded') throw runFailure(outcome, pipeline ?? 'the workflow', logPath);
  const durationMs = session.io.clock.now().getTime() - startedAt.getTime();
  const record =
    pipeline === undefined ? null : await runRecord(session, pipeline, outcome.runName);
  if (pipeline !== undefined && record) {
    await printRunEnd(session, pipeline, { record, durationMs, logPath, plan });
  } else {
    session.io.stdout.write(`${outcome.runName} ${outcome.phase}\n`);
  }
  return 0;
}

/** A name of the run's own in the records of its pipeline; a workflow file leaves no records. */
async function ownName(
  session: Session,
  pipeline: string | undefined,
  startedAt: Date,
): Promise<string> {
  const name = runName(pipeline ?? 'workflow', startedAt);
  if (pipeline === undefined || !Object.hasOwn(WINGS, pipeline)) return name;
  return claimRunName(recordsOf(session, pipeline), pipeline, { name, startedAt });
}

function runRecord(session: Session, pipeline: string, runId: string): Promise<RunRecord | null> {
  return recordsOf(session, pipeline).get<RunRecord>(runCollection(pipeline), runId);
}
