import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodeOf, kindOfExitCode, PipelineError } from '../../core/error.ts';
import { loadDocuments } from '../../runner/load.ts';
import { observedForm } from '../../runner/observed.ts';
import { runWorkflow, type WorkflowOutcome } from '../../runner/run-workflow.ts';
import { openHost } from '../host.ts';
import { printJson } from '../print-result.ts';
import type { Given, Work } from '../program.ts';
import { type Session, sideFolder } from '../session.ts';
import { runName, runParameters, workflowFiles } from '../run-request.ts';
import { stepRunner } from '../step-runner.ts';
import { printRunSummary } from '../run-summary.ts';
import { runView, terminalOf } from '../view.ts';

/** `argosy run`: a pipeline, or any workflow file, on this machine. */
export const run: Work = async (session, given) => {
  const sample = session.flags.sample === true ? await startSample(given) : null;
  try {
    return await runHere(session, given, sample?.parameters ?? {});
  } finally {
    await sample?.close();
  }
};
