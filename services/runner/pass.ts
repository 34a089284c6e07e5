import { faultOf } from './fault.ts';
import { evaluateCondition } from './expression.ts';
import { holderOf } from './hooks.ts';
import { isFailed, isFulfilled } from './node.ts';
import type { Node } from './node.ts';
import { finishPod } from './pod.ts';
import { addChild, setPhase } from './run-state.ts';
import type { Run } from './run-state.ts';
import { layered } from './variables.ts';
import { exitHookOf } from './workflow.ts';
import { failuresText } from './workflow-variables.ts';

/**
 * How long a step that was told to stop may take before the run goes on without it, in
 * milliseconds.
 */
const GRACE_MS = 30_000;

/**
 * One look at the whole run, as Argo's controller does it: takes in what has ended, takes every
 * template one step further from the entrypoint down, then hooks and exit handler; sets
 * `run.finished` when all is done.
 */
export function pass(run: Run): void {
  takeInPods(run);
  endOverdue(run);
  const entry = guarded(run, 'entry', () => {
    return run.execute({
      name: run.name,
      holder: { template: run.spec.entrypoint ?? '', kind: 'step' },
      base: run.base,
      given: run.spec.arguments,
      options: { boundary: '', onExit: false },
    });
  });
  if (entry === null || run.finished !== null) return;
  const status = isFulfilled(entry) && !isFailed(entry) ? 'Succeeded' : entry.phase;
  setGlobal(run, 'workflow.status', status);
  if (isFulfilled(entry)) setGlobal(run, 'workflow.failures', failuresText(run));
  if (!runWorkflowHooks(run, entry) || !isFulfilled(entry) || awaitsStopped(run)) return;
  const exit = runExitHandler(run);
  if (exit === 'running' || run.finished !== null) return;
  run.finished = ending(run, entry, exit);
}

/**
 * True while a step that was told to stop has not ended: the exit handler sums up what the steps
 * left behind, so it comes after them, as it does where pods are killed. `GRACE_MS` is the bound.
 */
function awaitsStopped(run: Run): boolean {
  return [...run.pods.values()].some((pod) => {
    return pod.started && !pod.onExit && (pod.stopped === 'shutdown' || pod.stopped === 'deadline');
  });
}

function setGlobal(run: Run, name: string, value: string): void {
  if (run.globals.get(name) === value) return;
  run.globals.set(name, value);
  const seconds = (run.clock.now().getTime() - run.startedAt.getTime()) / 1000;
  run.globals.set('workflow.duration', seconds.toFixed(6));
}

/** Sets the nodes of the steps that have ended, and tells those whose time is over to stop. */
function takeInPods(run: Run): void {
  const now = run.clock.now();
  for (const pod of run.pods.values()) {
    const overdue = pod.stopped !== null && pod.stopAt !== null && now >= pod.stopAt;
    if (pod.end !== null) finishPod(run, pod, pod.end);
    else if (overdue)
      finishPod(run, pod, { exitCode: 143, stdout: '', error: 'did not stop in time' });
    else if (pod.stopped === null) {
      const reason = stopReason(run, pod, now);
      if (reason === null) continue;
      pod.stopped = reason;
      pod.stopAt = new Date(now.getTime() + GRACE_MS);
      if (pod.started) pod.abort.abort();
      else pod.end = { exitCode: 143, stdout: '' };
      if (pod.end !== null) finishPod(run, pod, pod.end);
    }
  }
}

function stopReason(
  run: Run,
  pod: { onExit: boolean; deadline: Date | null; softDeadline: Date | null },
  now: Date,
): 'shutdown' | 'deadline' | 'max-duration' | null {
  if (run.shutdown && !pod.onExit) return 'shutdown';
  if (pod.deadline !== null && now >= pod.deadline) return 'deadline';
  return pod.softDeadline !== null && now >= pod.softDeadline ? 'max-duration' : null;
}

function belongsToExit({ name }: Node): boolean {
  return name.includes('.onExit');
}

/** Nodes that never started are failed when the workflow's time is over or it is stopped. */
function endOverdue(run: Run): void {
  const late = run.deadline !== null && run.clock.now() >= run.deadline;
  if (!late && !run.shutdown) return;
  for (const node of run.nodes.values()) {
    if (isFulfilled(node) || belongsToExit(node) || run.pods.has(node.name)) continue;
    const waits = node.type === 'Suspend' || node.phase === 'Pending';
    if (!waits) continue;
    setPhase(
      run,
      node,
      'Failed',
      run.shutdown ? "Stopped with strategy 'Stop'" : 'Step exceeded its deadline',
    );
  }
}

/**
 * Executes the entrypoint or the exit handler; what cannot be executed at all ends the workflow as
 * an Error.
 */
function guarded(run: Run, what: 'entry' | 'exit', work: () => Node | null): Node | null {
  try {
    return work();
  } catch (thrown) {
    const { reason, message } = faultOf(thrown);
    if (reason !== 'parallelism') {
      const prefix =
        what === 'entry'
          ? 'error in entry template execution: '
          : 'error in exit template execution : ';
      run.finished = { phase: 'Error', message: `${prefix}${message}` };
    }
    return null;
  }
}

/** Runs the workflow's hooks with an expression; false while one runs. */
function runWorkflowHooks(run: Run, entry: Node): boolean {
  let done = true;
  for (const [name, hook] of Object.entries(run.spec.hooks ?? {})) {
    if (name === 'exit') continue;
    const hookName = `${run.name}.hooks.${name}`;
    try {
      const holds = evaluateCondition(hook.expression ?? '', layered(run.globals).env());
      if (!holds && !run.nodes.has(hookName)) continue;
      const node = run.execute({
        name: hookName,
        base: run.base,
        given: hook.arguments,
        holder: {
          ...holderOf(hook),
          kind: 'step',
        },
        options: {
          boundary: '',
          onExit: false,
          hooked: true,
        },
      });
      addChild(run, run.name, hookName);
      if (node === null || !isFulfilled(node)) done = false;
    } catch (thrown) {
      setPhase(run, entry, 'Error', faultOf(thrown).message);
    }
  }
  return done;
}

/** Runs the exit handler; `null` when there is none. */
function runExitHandler(run: Run): Node | 'running' | null {
  const hook = exitHookOf(run.spec, run.spec.arguments ?? {});
  if (hook === undefined) return null;
  const node = guarded(run, 'exit', () => {
    return run.execute({
      name: `${run.name}.onExit`,
      holder: {
        ...holderOf(hook),
        kind: 'step',
      },
      base: run.base,
      given: hook.arguments,
      options: {
        boundary: '',
        onExit: true,
        hooked: true,
      },
    });
  });
  return node !== null && isFulfilled(node) ? node : 'running';
}

function ending(run: Run, entry: Node, exit: Node | null): NonNullable<Run['finished']> {
  if (entry.phase === 'Failed' || entry.phase === 'Error') {
    const message = run.shutdown ? "Stopped with strategy 'Stop'" : entry.message;
    return { phase: entry.phase, message };
  }
  if (exit !== null && isFailed(exit)) {
    return { phase: exit.phase === 'Failed' ? 'Failed' : 'Error', message: exit.message };
  }
  return { phase: 'Succeeded', message: '' };
}
