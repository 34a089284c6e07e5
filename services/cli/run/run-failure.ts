import { exitCodeOf, kindOfExitCode, PipelineError } from '../../core/error.ts';
import { isFailed, type Node } from '../../runner/node.ts';

/** A node at the end of a run, of the local runner or of a cluster. */
export interface EndedNode extends Pick<
  Node,
  'name' | 'displayName' | 'type' | 'phase' | 'message' | 'children' | 'finishedAt'
> {
  outputs?: { exitCode?: string };
  /** What the step said of its failure, for people. */
  error?: string;
}

/** A run that has ended. */
export interface EndedRun {
  phase: string;
  message?: string | undefined;
  nodes: readonly EndedNode[];
}

/** Why a run failed, as one error: the first step that failed for good tells; later ones failed because of it, or beside it. */
export function runFailure(outcome: EndedRun, name: string, logPath: string | null): PipelineError {
  const [first, ...failures] = failuresOf(outcome.nodes);
  const said = first?.error ?? first?.message ?? outcome.message ?? outcome.phase;
  const [reason = '', hint] = said.split('\nhint: ');
  const where = first === undefined ? name : `${name}, step ${stepName(first, outcome.nodes)}`;
  const others = failures.map((node) => stepName(node, outcome.nodes));
  const more = others.length === 0 ? '' : `; also failed: ${others.join(', ')}`;
  return new PipelineError(kindOfExitCode(exitCodeOfRun(outcome)), `${where}: ${reason}${more}`, {
    hint: hint ?? (logPath === null ? 'the log is above' : `the log is in ${logPath}`),
  });
}

/** Of an attempt, the name of what was attempted: `fetch`, not `fetch(2)`. */
export function stepName(node: EndedNode, nodes: readonly EndedNode[]): string {
  const retry = nodes.find(
    ({ type, children }) => type === 'Retry' && children.includes(node.name),
  );
  return (retry ?? node).displayName;
}

/** The exit code of a run: 0, or that of the first step that failed for good. */
export function exitCodeOfRun(outcome: EndedRun): number {
  if (outcome.phase === 'Succeeded') return 0;
  const exitCode = Number(firstFailure(outcome.nodes)?.outputs?.exitCode ?? 0);
  return exitCode > 0 ? exitCode : exitCodeOf('bug');
}

/** The step that failed first for good. */
export function firstFailure(nodes: readonly EndedNode[]): EndedNode | undefined {
  return failuresOf(nodes)[0];
}

/** Steps that failed for good. Of several attempts the last one counts, and none when one of them succeeded. */
function failuresOf(nodes: readonly EndedNode[]): EndedNode[] {
  const attempts = nodes.filter(({ type }) => type === 'Retry');
  const failures = nodes.filter((node) => {
    if (!isFailed(node) || !['Pod', 'Skipped'].includes(node.type)) return false;
    const retry = attempts.find(({ children }) => children.includes(node.name));
    return retry === undefined || (isFailed(retry) && lastAttempt(retry, nodes) === node.name);
  });
  const endOf = ({ finishedAt }: EndedNode) => finishedAt?.getTime() ?? Infinity;
  return failures.toSorted((a, b) => endOf(a) - endOf(b));
}

function lastAttempt(retry: EndedNode, nodes: readonly EndedNode[]): string | undefined {
  const pods = new Set(nodes.filter(({ type }) => type === 'Pod').map(({ name }) => name));
  return retry.children.findLast((name) => pods.has(name));
}
