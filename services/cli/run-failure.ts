import { exitCodeOf, kindOfExitCode, PipelineError } from '../core/error.ts';
import { isFailed, type Node } from '../runner/node.ts';
import type { WorkflowOutcome } from '../runner/run-workflow.ts';

/** Why a run failed, as one error: the first step that failed for good tells; later ones failed because of it, or beside it. */
export function runFailure(
  outcome: WorkflowOutcome,
  name: string,
  logPath: string | null,
): PipelineError {
  const first = firstFailure(outcome.nodes);
  const said = first?.error ?? first?.message ?? outcome.message ?? outcome.phase;
  const [reason = '', hint] = said.split('\nhint: ');
  const where = first === undefined ? name : `${name}, step ${stepName(first, outcome.nodes)}`;
  return new PipelineError(kindOfExitCode(exitCodeOfRun(outcome)), `${where}: ${reason}`, {
    hint: hint ?? (logPath === null ? 'the log is above' : `the log is in ${logPath}`),
  });
}

/** Of an attempt, the name of what was attempted: `fetch`, not `fetch(2)`. */
function stepName(node: Node, nodes: readonly Node[]): string {
  const retry = nodes.find(
    ({ type, children }) => type === 'Retry' && children.includes(node.name),
  );
  return (retry ?? node).displayName;
}

/** The exit code of a run: 0, or that of the first step that failed for good. */
export function exitCodeOfRun(outcome: WorkflowOutcome): number {
  if (outcome.phase === 'Succeeded') return 0;
  const exitCode = Number(firstFailure(outcome.nodes)?.outputs?.exitCode ?? 0);
  return exitCode > 0 ? exitCode : exitCodeOf('bug');
}

/** Of several attempts the last one counts, and none when one of them succeeded. */
function firstFailure(nodes: readonly Node[]): Node | undefined {
  const attempts = nodes.filter(({ type }) => type === 'Retry');
  const failures = nodes.filter((node) => {
    if (!isFailed(node) || !['Pod', 'Skipped'].includes(node.type)) return false;
    const retry = attempts.find(({ children }) => children.includes(node.name));
    return retry === undefined || (isFailed(retry) && lastAttempt(retry, nodes) === node.name);
  });
  const endOf = ({ finishedAt }: Node) => finishedAt?.getTime() ?? Infinity;
  return failures.toSorted((a, b) => endOf(a) - endOf(b))[0];
}

function lastAttempt(retry: Node, nodes: readonly Node[]): string | undefined {
  const pods = new Set(nodes.filter(({ type }) => type === 'Pod').map(({ name }) => name));
  return retry.children.findLast((name) => pods.has(name));
}
