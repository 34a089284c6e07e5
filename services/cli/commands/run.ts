import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { exitCodeOf } from '../../core/error.ts';
import { readDocuments } from '../../runner/load.ts';
import { observedForm } from '../../runner/observed.ts';
import { runWorkflow, type WorkflowOutcome } from '../../runner/run-workflow.ts';
import { type RunRecord, runCollection } from '../../stages/observe/run-record.ts';
import { openHost, recordsOf } from '../host.ts';
import { printJson } from '../print-result.ts';
import type { Given, Work } from '../program.ts';
import { refusalOf, runName, runParameters, workflowFiles } from '../run-request.ts';
import { exitCodeOfRun, runFailure } from '../run-failure.ts';
import { printRunSummary } from '../run-summary.ts';
import { type Session, sideFolder } from '../session.ts';
import { awaitable, inProcess, isolated } from '../step-runner.ts';
import { type RunView, runView, terminalOf } from '../view.ts';

/** `argosy run`: a pipeline, or any workflow file, on this machine. */
export const run: Work = async (session, given) => {
  const pipeline = given.args[0];
  const isSample = session.flags.sample === true;
  const { startSample } = isSample ? await import('../sample.ts') : { startSample: null };
  const sample = startSample ? await startSample(pipeline) : null;
  try {
    return await runHere(session, given, sample?.parameters ?? {});
  } finally {
    await sample?.close();
  }
};

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
  const parameters = runParameters(documents, given, { sampleParameters, startedAt });
  if (given.flags.json === true) {
    const refusal = refusalOf(documents, parameters);
    if (refusal !== null) {
      printJson(session, refusal);
      return exitCodeOf('config-invalid');
    }
  }
  const name = runName(pipeline ?? 'workflow', startedAt);
  const watch = await watchRun(session, name);
  const scratch = await makeScratch(config.scratchFolder);
  const onProgress: RunView['onProgress'] = (...seen) => watch.view.onProgress(...seen);
  const host = { ...openHost(session), onProgress };
  const { entrypoint } = given.flags;
  const steps = awaitable(given.flags.isolate === true ? isolated(session) : inProcess(host, io));
  try {
    const outcome = await runWorkflow({
      documents,
      parameters,
      name,
      ...(entrypoint === undefined ? {} : { entrypoint }),
      runStep: steps.run,
      clock,
      scratch,
      signal,
      onEvent: (event) => watch.view.onEvent(event),
    });
    await watch.end();
    return await finish(session, given, { outcome, startedAt, logPath: watch.logPath });
  } finally {
    await steps.ended();
    await watch.end();
    await rm(scratch, { recursive: true, force: true });
  }
}

interface Watch {
  view: RunView;
  logPath: string;
  /** Draws the last state. Twice equals once. */
  end(): Promise<void>;
}

/** The live view on stderr. Log lines for people go to a file then, for machines (`json`) they stay on stderr. */
async function watchRun(session: Session, name: string): Promise<Watch> {
  const { io, flags, config } = session;
  const folder = sideFolder(session, 'logs');
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.log`);
  const terminal = terminalOf(io.stderr, io.env);
  const view = runView({
    stream: io.stderr,
    isTerminal: terminal.isTerminal,
    hasColor: terminal.hasColor && flags.color !== false,
    clock: io.clock,
  });
  const file: WriteStream | null =
    config.log.format === 'json' ? null : createWriteStream(path, { flags: 'a' });
  session.writer.write = (line) => (file ? file.write(line) : view.writeLine(line));
  let ending: Promise<void> | null = null;
  const end = async () => {
    view.end();
    await session.log.flush();
    if (file) await new Promise<void>((resolve) => file.end(() => resolve()));
  };
  return { view, logPath: relative(io.cwd, path), end: () => (ending ??= end()) };
}

async function makeScratch(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return mkdtemp(join(folder, 'run-'));
}

interface Ended {
  outcome: WorkflowOutcome;
  startedAt: Date;
  logPath: string;
}

/** Prints the outcome; the exit code is 0, or that of the first step that failed. */
async function finish(session: Session, given: Given, ended: Ended): Promise<number> {
  const { outcome, startedAt, logPath } = ended;
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
    await printRunSummary(session, pipeline, { record, durationMs, logPath });
  } else {
    session.io.stdout.write(`${outcome.runName} ${outcome.phase}\n`);
  }
  return 0;
}

function runRecord(session: Session, pipeline: string, runId: string): Promise<RunRecord | null> {
  return recordsOf(session, pipeline).get<RunRecord>(runCollection(pipeline), runId);
}
