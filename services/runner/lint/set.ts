import { lintAccounts } from './access.ts';
import { lintAsArgo, lintLoading } from './argo.ts';
import { lintAttempts } from './attempt.ts';
import { lintBindings } from './binding.ts';
import { lintCalls, lintParameters } from './call.ts';
import { lintCrons } from './cron.ts';
import { lintStart } from './lock.ts';
import { lintMetrics } from './metric.ts';
import { lintPods } from './pod.ts';
import { lintRecursion } from './recursion.ts';
import { lintDocuments } from './document.ts';
import { findings } from './report.ts';
import type { Finding } from './rule.ts';
import { lintSteps } from './step.ts';
import type { StepCatalogue } from './step.ts';
import { lintTimes } from './template.ts';
import { lintTexts } from './text.ts';
import { sceneOf } from './walk.ts';
import { lintConditions } from './when.ts';
import { readSet } from '../load.ts';
import type { LoadedSet, WorkflowFile } from '../load.ts';

/** What was looked at, and everything that is wrong with it. */
export interface LintOutcome {
  set: LoadedSet;
  findings: readonly Finding[];
}

/**
 * Checks files that are meant to be applied together: what a run refuses, what Argo's lint refuses, and what Argo takes
 * and fails over later. `steps` are those that the command line knows. Nothing found means that each workflow of the
 * set runs here and that a cluster takes it.
 */
export function lintFiles(files: readonly WorkflowFile[], steps: StepCatalogue): LintOutcome {
  const set = readSet(files);
  const { report, sorted } = findings();
  lintLoading(set, report);
  const scene = sceneOf(set);
  lintDocuments(scene, report);
  lintAsArgo(scene, report);
  lintTexts(scene, report);
  lintCalls(scene, report);
  lintParameters(scene, report);
  lintConditions(scene, report);
  lintTimes(scene, report);
  lintAttempts(scene, report);
  lintStart(scene, report);
  lintCrons(scene, report);
  lintMetrics(scene, report);
  lintPods(scene, report);
  lintSteps(scene, { steps, report });
  lintAccounts(scene, report);
  lintBindings(scene, report);
  lintRecursion(scene, report);
  return { set, findings: sorted() };
}
