import type { Node } from './node.ts';
import type { Parameter, TemplateRef } from './workflow.ts';

/** A node in the form of the recorded cases: parameters by name, other nodes by name. */
export interface ObservedNode {
  name: string;
  displayName: string;
  type: string;
  templateName?: string;
  templateRef?: TemplateRef;
  phase: string;
  message?: string;
  inputs?: { parameters: Record<string, string> };
  outputs?: {
    parameters?: Record<string, string | null>;
    exitCode?: string;
    result?: string;
  };
  nodeFlag?: { hooked?: true; retried?: true };
  boundary?: string;
  children?: string[];
  /** What the step said of its failure; not part of the recorded cases. */
  error?: string;
  startedAt?: string;
  finishedAt?: string;
}

/** A run in the form of the recorded cases. */
export interface ObservedRun {
  workflow: {
    phase: string;
    message?: string;
    outputs?: { parameters: Record<string, string | null> };
  };
  nodes: ObservedNode[];
}

/** What is shown: of a run that has ended, or was refused before it began. */
export interface Observable {
  runName: string;
  phase: string;
  message?: string | undefined;
  outputs: Readonly<Record<string, string | null>>;
  nodes: readonly Node[];
}

/**
 * Shows a run in the form of the recorded cases: nodes by name, children by name (of a Retry node
 * in the order of the attempts), and with the names of this one run replaced: the workflow's is
 * `WORKFLOW`, a node's id `ID(node name)`, a pod's name ends in `-HASH`, times are `TIMESTAMP`.
 */
export function observedForm(run: Observable): ObservedRun {
  const show = shower(run);
  const nodes = run.nodes.map((node) => observedNode(node, show));
  const outputs = Object.entries(run.outputs);
  const workflow: ObservedRun['workflow'] = { phase: run.phase };
  if ((run.message ?? '') !== '') workflow.message = show.text(run.message ?? '');
  if (outputs.length > 0) {
    const parameters = outputs.map(([name, value]) => [
      name,
      value === null ? null : show.text(value),
    ]);
    workflow.outputs = {
      parameters: Object.fromEntries(parameters) as Record<string, string | null>,
    };
  }
  return { workflow, nodes: nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

interface Shower {
  text: (text: string) => string;
  /** A node by its name; one that was never made is known by its hash alone. */
  node: (name: string) => string;
}

function shower({ runName, nodes }: Observable): Shower {
  const known = new Set(nodes.map(({ name }) => name));
  const byId = new Map(nodes.map(({ id, name }) => [id, name]));
  const escaped = runName.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const ids = new RegExp(`${escaped}-\\d{1,10}\\b`, 'g');
  const pods = new RegExp(`(${escaped}-[-a-z0-9A-Z]+?)-\\d{6,10}\\b`, 'g');
  const text = (given: string): string =>
    given
      .replaceAll(ids, (id) => {
        const name = byId.get(id);
        return name === undefined ? `${runName}-HASH` : `ID(${name})`;
      })
      .replaceAll(pods, '$1-HASH')
      .replaceAll(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z/g, 'TIMESTAMP')
      .replaceAll(runName, 'WORKFLOW');
  const node = (name: string): string => (known.has(name) ? text(name) : 'WORKFLOW-HASH');
  return { text, node };
}

function parametersOf(
  parameters: readonly Parameter[],
  show: Shower,
): Record<string, string | null> {
  return Object.fromEntries(
    parameters.map(({ name, value }) => [name, value === undefined ? null : show.text(value)]),
  );
}

function observedNode(node: Node, show: Shower): ObservedNode {
  const shown: ObservedNode = {
    name: show.text(node.name),
    displayName: show.text(node.displayName),
    type: node.type,
    ...(node.templateName === undefined ? {} : { templateName: node.templateName }),
    ...(node.templateRef === undefined ? {} : { templateRef: node.templateRef }),
    phase: node.phase,
  };
  if (node.message !== '') shown.message = show.text(node.message);
  if (node.inputs !== undefined && node.inputs.length > 0) {
    const parameters = parametersOf(node.inputs, show) as Record<string, string>;
    shown.inputs = { parameters };
  }
  if (node.outputs !== undefined) shown.outputs = observedOutputs(node.outputs, show);
  if (Object.keys(node.flag).length > 0) shown.nodeFlag = { ...node.flag };
  if (node.boundary !== '') shown.boundary = show.node(node.boundary);
  const children = node.children.map((child) => show.node(child));
  if (children.length > 0) shown.children = node.type === 'Retry' ? children : children.toSorted();
  if (node.error !== undefined) shown.error = node.error;
  return shown;
}

function observedOutputs(
  { parameters, exitCode, result }: NonNullable<Node['outputs']>,
  show: Shower,
): NonNullable<ObservedNode['outputs']> {
  return {
    ...(parameters === undefined ? {} : { parameters: parametersOf(parameters, show) }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(result === undefined ? {} : { result: show.text(result) }),
  };
}
