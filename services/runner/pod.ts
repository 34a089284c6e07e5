import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { PipelineError } from '../core/error.ts';
import { fault } from './fault.ts';
import { durationMs, fnv32a } from './go-text.ts';
import type { Node, NodeOutputs } from './node.ts';
import { publishOutputs } from './outputs.ts';
import { emit, initNode, setPhase, tally } from './run-state.ts';
import type { Execution, Pod, Run } from './run-state.ts';
import type { StepEnd } from './step-call.ts';
import { replaceIn } from './template-tag.ts';
import { layered } from './variables.ts';
import type { Parameter, Template } from './workflow.ts';

/** Where the YAML's output files lie; mapped to the step's own folder. */
const OUT = '/tmp/out/';
const OVERDUE = 'Pod was active on the node longer than the specified deadline';
const OUTPUT_BYTES_MAX = 256 * 1024;

/** The name a pod would have. */
export function podNameOf(run: Run, nodeName: string, template: Template): string {
  if (nodeName === run.name) return run.name;
  return `${run.name}-${template.name}-${fnv32a(nodeName)}`;
}

/** The file below the step's folder that an output is read from; `null` for a path elsewhere. */
export function outFileOf(path: string): string | null {
  if (!path.startsWith(OUT)) return null;
  const parts = path.slice(OUT.length).split('/');
  return parts.some((part) => part === '' || part === '.' || part === '..')
    ? null
    : parts.join('/');
}

/** Makes the node of a container template and puts the step in the queue of those to start. */
export function executeContainer(run: Run, execution: Execution, template: Template): Node {
  const { name, holder, options } = execution;
  const node =
    run.nodes.get(name) ??
    initNode(run, {
      name,
      type: 'Pod',
      holder,
      phase: 'Pending',
      options,
      inputs: template.inputs?.parameters,
    });
  if (run.pods.has(name)) return node;
  if (run.shutdown && !options.onExit) {
    return setPhase(run, node, 'Failed', "Stopped with strategy 'Stop'");
  }
  const deadline = deadlineOf(run, node, { template, onExit: options.onExit });
  if (deadline === 'over') return node;
  const pod: Pod = {
    node,
    template: podTemplate(run, name, template),
    onExit: options.onExit,
    deadline,
    end: null,
    readsResult: readsResult(run, name, options.boundary),
    abort: new AbortController(),
    started: false,
    stopped: null,
    softDeadline: options.deadline ?? null,
    stopAt: null,
    outFolder: join(run.scratch, `step-${run.pods.size}`),
  };
  tally(run, node, -1);
  run.pods.set(name, pod);
  tally(run, node, 1);
  return node;
}

/**
 * The template with tags looked for once more: Argo does so on the pod, so a tag in the value of an
 * input counts.
 */
function podTemplate(run: Run, name: string, template: Template): Template {
  const own = new Map([['pod.name', podNameOf(run, name, template)]]);
  for (const { name: input, value } of template.inputs?.parameters ?? []) {
    own.set(`inputs.parameters.${input}`, value ?? '');
  }
  const container = replaceIn(template.container ?? {}, layered(run.globals, own), 'keep');
  return { ...template, container };
}

/**
 * When the step is stopped; `over` when the workflow's own deadline has passed and it may not even
 * start.
 */
function deadlineOf(
  run: Run,
  node: Node,
  { template, onExit }: { template: Template; onExit: boolean },
): Date | null | 'over' {
  const nowMs = run.clock.now().getTime();
  const limits: number[] = [];
  const active = template.activeDeadlineSeconds;
  if (active !== undefined) {
    if (!/^\d+$/.test(String(active))) {
      throw fault(`strconv.ParseInt: parsing ${JSON.stringify(String(active))}: invalid syntax`);
    }
    limits.push(nowMs + Number(active) * 1000);
  }
  if (run.deadline !== null && !onExit) {
    if (run.deadline.getTime() - nowMs < 1000) return 'over';
    limits.push(run.deadline.getTime());
  }
  if ((template.timeout ?? '') !== '') {
    const untilMs = node.startedAt.getTime() + durationMs(template.timeout ?? '');
    // Argo rounds down to whole seconds and refuses to start a pod for one second or less.
    if (Math.floor((untilMs - nowMs) / 1000) <= 1)
      throw fault(`${node.name} exceeded its deadline`);
    limits.push(untilMs);
  }
  return limits.length === 0 ? null : new Date(Math.min(...limits));
}

/** The name of the task or step in a node's name: without items, attempts and groups. */
function taskNameOf(nodeName: string): string {
  let name = nodeName;
  for (;;) {
    const cut = name.replace(/\([^(]*\)$/s, '').replace(/\[[^[]*\]$/s, '');
    if (cut === name) break;
    name = cut;
  }
  return name.slice(name.lastIndexOf('.') + 1);
}

/** Argo keeps what a step prints only when its DAG or steps template reads it somewhere. */
function readsResult(run: Run, nodeName: string, boundary: string): boolean {
  const written = run.written.get(boundary);
  if (written === undefined) return false;
  const name = taskNameOf(nodeName);
  const root = written.dag === undefined ? 'steps' : 'tasks';
  const json = JSON.stringify(written);
  return [`${root}.${name}.outputs.result`, `${root}['${name}'].outputs.result`].some((text) => {
    return json.includes(text) || json.includes(text.replaceAll("'", '\\"'));
  });
}

/** Starts a step. `settled` is called when it has ended, whatever way. */
export function startPod(run: Run, pod: Pod, settled: () => void): void {
  pod.started = true;
  const { container } = pod.template;
  mkdirSync(pod.outFolder, { recursive: true });
  const env = Object.fromEntries(
    (container?.env ?? []).map(({ name, value }) => [name, value ?? '']),
  );
  setPhase(run, pod.node, 'Running');
  const call = {
    args: container?.args ?? [],
    env: {
      ...env,
      ARGOSY_OUT: pod.outFolder,
    },
    outFolder: pod.outFolder,
    nodeName: pod.node.name,
    signal: pod.abort.signal,
  };
  const end = (found: StepEnd): void => {
    pod.end ??= found;
    settled();
  };
  void Promise.resolve()
    .then(() => run.runStep(call))
    .then(end, (thrown: unknown) => {
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      end({ exitCode: 1, stdout: '', error });
    });
}

/** Sets the node of a step that has ended: phase, message and outputs. */
export function finishPod(run: Run, pod: Pod, given: StepEnd): void {
  const { node } = pod;
  const stopped = pod.stopped === 'deadline' || pod.stopped === 'shutdown';
  const exitCode = stopped ? 143 : given.exitCode;
  const outputs: NodeOutputs = { exitCode: String(exitCode) };
  const missing = readParameters(pod, outputs);
  if (pod.readsResult) outputs.result = cutNewline(given.stdout);
  node.outputs = outputs;
  if (given.error !== undefined) node.error = given.error;
  const ended = phaseOf(pod, exitCode, missing);
  tally(run, node, -1);
  run.pods.delete(node.name);
  tally(run, node, 1);
  setPhase(run, node, ended.phase, ended.message);
  publishOutputs(run, outputs);
  emit(run, node);
}

function phaseOf(
  pod: Pod,
  exitCode: number,
  missing: string | null,
): { phase: 'Succeeded' | 'Failed' | 'Error'; message: string } {
  if (pod.stopped === 'deadline') return { phase: 'Failed', message: OVERDUE };
  if (pod.stopped === 'shutdown') {
    return { phase: 'Failed', message: 'workflow shutdown with strategy:  Stop' };
  }
  if (exitCode !== 0) return { phase: 'Failed', message: `main: Error (exit code ${exitCode})` };
  if (missing === null) return { phase: 'Succeeded', message: '' };
  const where = `open /var/run/argo/outputs/parameters${missing}`;
  return {
    phase: 'Error',
    message: `wait: Error (exit code 64): ${where}: no such file or directory`,
  };
}

/**
 * Reads the output files in order; returns the path of the first that is missing, which ends the
 * reading.
 */
function readParameters(pod: Pod, outputs: NodeOutputs): string | null {
  const declared = pod.template.outputs?.parameters ?? [];
  if (declared.length === 0) return null;
  const read: Parameter[] = [];
  let missing: string | null = null;
  for (const { name, globalName, valueFrom, value } of declared) {
    const output: Parameter = globalName === undefined ? { name } : { name, globalName };
    const path = valueFrom?.path;
    if (missing === null && path !== undefined) {
      const text = readOutput(pod, path) ?? valueFrom?.default;
      if (text === undefined) missing = path;
      else output.value = text;
    } else if (value !== undefined) output.value = value;
    read.push(output);
  }
  outputs.parameters = read;
  return missing;
}

function readOutput(pod: Pod, path: string): string | undefined {
  const file = outFileOf(path);
  if (file === null) {
    throw new PipelineError(
      'config-invalid',
      `${pod.node.name}: output path ${path} is not below ${OUT}`,
      {
        hint: `write output parameters to files below ${OUT}`,
      },
    );
  }
  try {
    const text = readFileSync(join(pod.outFolder, file), 'utf8');
    if (text.length <= OUTPUT_BYTES_MAX) return cutNewline(text);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw thrown;
  }
  throw new PipelineError(
    'too-large',
    `${pod.node.name}: the output ${path} has more than 256 KiB`,
    {
      hint: 'hand on a key, and keep the data in the store',
    },
  );
}

/** Argo cuts one newline at the end, no more. */
function cutNewline(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text;
}
