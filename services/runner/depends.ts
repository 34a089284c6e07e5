import { evaluateCondition } from './expression.ts';
import { attempt } from './fault.ts';
import type { DagTask } from './workflow.ts';

/**
 * `items` for a dependency on `.AnySucceeded` or `.AllFailed`, which look at the items of a fan-
 * out.
 */
export type DependencyKind = 'task' | 'items';

/** The tasks that a task waits for, and the condition with every bare name written out. */
export interface Dependencies {
  names: ReadonlyMap<string, DependencyKind>;
  condition: string;
}

const NAMES = /([a-zA-Z0-9][-a-zA-Z0-9]*?\.[A-Z][a-zA-Z]+)|([a-zA-Z0-9][-a-zA-Z0-9]*)/g;
const RESULTS = new Set([
  'Succeeded',
  'Failed',
  'Errored',
  'Skipped',
  'Omitted',
  'Daemoned',
  'AnySucceeded',
  'AllFailed',
]);

/**
 * Reads `depends`, or `dependencies` as a conjunction. A bare name is `(a.Succeeded || a.Skipped ||
 * a.Daemoned)`, with `.Errored` and `.Failed` where the task's `continueOn` says so.
 */
export function readDependencies(
  task: DagTask,
  find: (name: string) => DagTask | undefined,
): Dependencies {
  const expand = (name: string): string => {
    const continueOn = find(name)?.continueOn;
    const results = ['Succeeded', 'Skipped', 'Daemoned'];
    if (continueOn?.error === true) results.push('Errored');
    if (continueOn?.failed === true) results.push('Failed');
    return `(${results.map((result) => `${name}.${result}`).join(' || ')})`;
  };
  const written =
    task.depends !== undefined && task.depends !== ''
      ? task.depends
      : (task.dependencies ?? []).map((name) => expand(name)).join(' && ');
  const names = new Map<string, DependencyKind>();
  const condition = written.replaceAll(NAMES, (all: string, result: string | undefined) => {
    if (result === undefined) {
      names.set(all, 'task');
      return expand(all);
    }
    const [name = '', kind = ''] = result.split('.');
    if (kind === 'AnySucceeded' || kind === 'AllFailed') names.set(name, 'items');
    else if (!names.has(name)) names.set(name, 'task');
    return all;
  });
  return { names, condition };
}

/** The first result in `depends` that does not exist, as Argo tells it. */
export function unknownResult(depends: string | undefined): string | null {
  for (const [all] of (depends ?? '').matchAll(/[a-zA-Z0-9][-a-zA-Z0-9]*?\.[A-Z][a-zA-Z]+/g)) {
    const [name = '', result = ''] = all.split('.');
    if (!RESULTS.has(result)) return `task result '${result}' for task '${name}' is invalid`;
  }
  return null;
}

/** How a task a condition looks at has ended. */
export interface TaskResult {
  phase: string;
  anySucceeded: boolean;
  allFailed: boolean;
}

/** Whether the condition holds over the results of the tasks it names. */
export function dependsHolds(condition: string, results: ReadonlyMap<string, TaskResult>): boolean {
  const logic = condition.replaceAll('-', '_');
  const env = Object.fromEntries(
    [...results].map(([name, { phase, anySucceeded, allFailed }]) => [
      name.replaceAll('-', '_'),
      {
        Succeeded: phase === 'Succeeded',
        Failed: phase === 'Failed',
        Errored: phase === 'Error',
        Skipped: phase === 'Skipped',
        Omitted: phase === 'Omitted',
        Daemoned: false,
        AnySucceeded: anySucceeded,
        AllFailed: allFailed,
      },
    ]),
  );
  const result = attempt(
    () => evaluateCondition(logic, env),
    `unable to evaluate expression '${logic}': `,
  );
  if ('fault' in result) throw result.fault;
  return result.value;
}
