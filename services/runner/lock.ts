import type { Run } from './run-state.ts';
import type { Template } from './workflow.ts';

/**
 * The locks that a template needs: its mutexes. Semaphores are counted by the cluster and left to
 * it.
 */
function namesOf(template: Template): string[] {
  return (template.synchronization?.mutexes ?? []).map(({ name }) => name ?? '');
}

/**
 * Takes the template's mutexes for a node, all or none, in the order in which nodes asked; returns
 * the name of the first that another holds, or `null` when the node has them.
 */
export function takeLocks(run: Run, template: Template, nodeName: string): string | null {
  const names = namesOf(template);
  for (const name of names) {
    const queue = run.locks.get(name) ?? [];
    if (!queue.includes(nodeName)) queue.push(nodeName);
    run.locks.set(name, queue);
  }
  return names.find((name) => run.locks.get(name)?.[0] !== nodeName) ?? null;
}

/** Gives back every mutex that the node holds or waits for. */
export function releaseLocks(run: Run, nodeName: string): void {
  for (const [name, queue] of run.locks) {
    const left = queue.filter((holder) => holder !== nodeName);
    if (left.length === 0) run.locks.delete(name);
    else if (left.length < queue.length) run.locks.set(name, left);
  }
}
