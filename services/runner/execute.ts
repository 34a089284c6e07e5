import { executeDag } from './dag.ts';
import { attempt, fault, faultOf } from './fault.ts';
import { durationMs } from './go-text.ts';
import { releaseLocks, takeLocks } from './lock.ts';
import { isFulfilled } from './node.ts';
import type { Node } from './node.ts';
import { checkParallelism } from './parallelism.ts';
import { executeContainer, podNameOf } from './pod.ts';
import { argumentSource, processArgs, substituteParams } from './process-args.ts';
import { attemptsOf, decideRetry, retryVariables } from './retry.ts';
import { addChild, emit, errorNode, initNode, setPhase, wakeAt } from './run-state.ts';
import type { Execution, Run } from './run-state.ts';
import { executeSteps } from './steps.ts';
import { executeSuspend } from './suspend.ts';
import { resolveTemplate, retryOf, withDefaults } from './template-source.ts';
import type { TemplateBase } from './template-source.ts';
import { kindOf } from './workflow.ts';
import type { RetryStrategy, Template } from './workflow.ts';

const DEPTH_MAX = 100;
const DOCS = 'https://argo-workflows.readthedocs.io/en/release-4.1';
const TOO_DEEP = `Maximum recursion depth exceeded. See ${DOCS}/scaling/#maximum-recursion-depth`;

/** A template that is ready: filled in, with the base in which its own names are looked up. */
interface Ready {
  template: Template;
  written: Template;
  base: TemplateBase;
}

/**
 * Takes a template one step further: makes its node, starts what can start, sets the node's phase
 * when everything below it has ended. Called for every node in every pass. Throws a fault when the
 * node cannot be made or has to wait; `null` when there is no node yet.
 */
export function executeTemplate(run: Run, execution: Execution): Node | null {
  const node = run.nodes.get(execution.name);
  if (node !== undefined && isFulfilled(node)) {
    releaseLocks(run, node.name);
    return node;
  }
  if (node?.type === 'Pod' && run.pods.has(node.name)) return node;
  run.depth++;
  try {
    if (run.depth >= DEPTH_MAX) {
      errorNode(run, execution, TOO_DEEP);
      throw fault(TOO_DEEP, 'depth');
    }
    return executeReady(run, execution, ready(run, execution));
  } finally {
    run.depth--;
  }
}

/** The template filled in, from the pass before when nothing it reads has changed since. */
function ready(run: Run, execution: Execution): Ready {
  const { name, holder, base } = execution;
  const known = run.filled.get(name);
  if (known?.version === run.globalsVersion && run.nodes.has(name)) return known;
  const found = attempt(() => {
    const resolved = resolveTemplate(run.catalogue, base, holder);
    const whole = withDefaults(resolved.template, run.spec.templateDefaults);
    const locals = localsOf(run, execution, whole);
    const template = processArgs(whole, argumentSource(execution.given), {
      globals: run.globals,
      locals,
    });
    return { template, written: resolved.template, base: resolved.base };
  });
  if ('fault' in found) {
    errorNode(run, execution, found.fault.message);
    throw found.fault;
  }
  const entry = { ...found.value, version: run.globalsVersion };
  run.filled.set(name, entry);
  return entry;
}

function localsOf(run: Run, { name, holder }: Execution, template: Template): Map<string, string> {
  const locals = new Map([['node.name', name]]);
  if (kindOf(template) === 'container' && retryOf(template, run.spec) === undefined) {
    locals.set('pod.name', podNameOf(run, name, template));
  }
  if (holder.name !== undefined) {
    locals.set(holder.kind === 'task' ? 'tasks.name' : 'steps.name', holder.name);
  }
  return locals;
}

function executeReady(run: Run, execution: Execution, given: Ready): Node | null {
  const { name, options } = execution;
  const { template } = given;
  const node = run.nodes.get(name);
  checkPendingTime(run, template, node);
  checkParallelism(run, { template, node, boundary: options.boundary });
  if (template.synchronization !== undefined && !hasLocks(run, execution, template)) {
    return run.nodes.get(name) ?? null;
  }
  const strategy = retryOf(template, run.spec);
  if (strategy !== undefined) return executeRetry(run, execution, { ...given, strategy });
  return executeKind(run, execution, given);
}

/**
 * A node that waits for a lock or a place longer than its `timeout` or `pendingTimeout` has failed.
 */
function checkPendingTime(run: Run, template: Template, node: Node | undefined): void {
  if (node?.phase !== 'Pending') return;
  for (const limit of [template.timeout, template.pendingTimeout]) {
    if ((limit ?? '') === '') continue;
    const until = new Date(node.startedAt.getTime() + durationMs(limit ?? ''));
    if (run.clock.now() > until) {
      setPhase(run, node, 'Failed', 'timeout');
      throw fault('timeout', 'timeout');
    }
    wakeAt(run, until);
  }
}

/** Takes the template's mutexes; makes a Pending node and returns false while another holds one. */
function hasLocks(run: Run, execution: Execution, template: Template): boolean {
  const { name, holder, options } = execution;
  const lock = takeLocks(run, template, name);
  let node = run.nodes.get(name);
  if (lock === null) {
    if (node !== undefined && node.waitsFor !== null) {
      node.waitsFor = null;
      node.message = '';
      emit(run, node);
    }
    return true;
  }
  node ??= initNode(run, {
    name,
    holder,
    options,
    phase: 'Pending',
    type: typeOf(run, template),
    inputs: template.inputs?.parameters,
  });
  if (node.waitsFor !== lock) {
    node.waitsFor = lock;
    node.message = `Waiting for argo/Mutex/${lock} lock. Lock status: 0/1`;
    emit(run, node);
  }
  return false;
}

function typeOf(run: Run, template: Template): Node['type'] {
  if (retryOf(template, run.spec) !== undefined) return 'Retry';
  const kind = kindOf(template);
  if (kind === 'container') return 'Pod';
  if (kind === 'suspend') return 'Suspend';
  return kind === 'dag' ? 'DAG' : 'Steps';
}

function executeKind(run: Run, execution: Execution, given: Ready): Node | null {
  const { template, base, written } = given;
  const kind = kindOf(template);
  try {
    if (kind === 'container') return executeContainer(run, execution, template);
    if (kind === 'suspend') return executeSuspend(run, execution, template);
    run.written.set(execution.name, written);
    const inner = { template, base };
    return kind === 'dag' ? executeDag(run, execution, inner) : executeSteps(run, execution, inner);
  } catch (thrown) {
    const { message } = faultOf(thrown);
    const node = errorNode(run, execution, message);
    releaseLocks(run, node.name);
    throw thrown;
  } finally {
    const node = run.nodes.get(execution.name);
    if (node !== undefined && isFulfilled(node)) releaseLocks(run, node.name);
  }
}

interface WithStrategy extends Ready {
  strategy: RetryStrategy;
}

/**
 * The Retry node of a template: makes attempts below it until one succeeds or the strategy says
 * stop.
 */
function executeRetry(run: Run, execution: Execution, given: WithStrategy): Node | null {
  const { name, holder, options } = execution;
  const { template, strategy } = given;
  let node = run.nodes.get(name);
  if (node === undefined) {
    const inputs = template.inputs?.parameters;
    node = initNode(run, { name, type: 'Retry', holder, phase: 'Running', options, inputs });
  } else if (node.type === 'Retry' && node.phase === 'Pending') setPhase(run, node, 'Running', '');
  for (;;) {
    const own = { ...options, retried: true as const };
    const decided = attempt(() => {
      return decideRetry(run, node, { strategy, options: own });
    });
    if ('fault' in decided) {
      setPhase(run, node, 'Error', decided.fault.message);
      throw decided.fault;
    }
    if (!decided.value) return node;
    if (isFulfilled(node)) return endRetry(run, node);
    const before = attemptsOf(run, node);
    const child = executeAttempt(
      run,
      { ...execution, options: own },
      { ...given, attempts: before },
    );
    if (child === null || !isFulfilled(child)) return node;
  }
}

/** A Retry node that has ended shows the outputs of its last attempt. */
function endRetry(run: Run, node: Node): Node {
  const last = attemptsOf(run, node).at(-1);
  if (last === undefined) return node;
  if (last.outputs === undefined) delete node.outputs;
  else node.outputs = structuredClone(last.outputs);
  releaseLocks(run, node.name);
  return node;
}

function executeAttempt(
  run: Run,
  execution: Execution,
  { attempts, ...given }: WithStrategy & { attempts: readonly Node[] },
): Node | null {
  const last = attempts.at(-1);
  const underWay = last !== undefined && !isFulfilled(last);
  const number = underWay ? attempts.length - 1 : attempts.length;
  const name = underWay ? last.name : `${execution.name}(${number})`;
  if (!underWay) addChild(run, execution.name, name);
  const own: Execution = { ...execution, name };
  const locals = retryVariables(number, last, '0');
  if (kindOf(given.template) === 'container') {
    locals.set('pod.name', podNameOf(run, name, given.template));
  }
  if (underWay && last.type === 'Pod') return last;
  const filled = attempt(() => {
    return substituteParams(given.template, { globals: run.globals, locals });
  });
  if ('fault' in filled) {
    errorNode(run, own, filled.fault.message);
    throw filled.fault;
  }
  const result = attempt(() => executeKind(run, own, { ...given, template: filled.value }));
  if (!('fault' in result)) return result.value;
  const policy = given.strategy.retryPolicy ?? '';
  const retriesErrors =
    ['Always', 'OnError', 'OnTransientError'].includes(policy) ||
    (policy === '' && (given.strategy.expression ?? '') !== '');
  if (!retriesErrors) throw result.fault;
  return run.nodes.get(name) ?? null;
}
