import type { KubeObject } from './kubernetes-server.ts';

/** A node as a test states it; times default to one second a node. */
export interface NodeWish {
  name: string;
  type?: string;
  phase?: string;
  message?: string;
  boundary?: string;
  templateName?: string;
  exitCode?: string;
  outputs?: Record<string, string>;
  displayName?: string;
  startedAt?: string;
  finishedAt?: string;
}

export interface WorkflowWish {
  name: string;
  phase?: string;
  message?: string;
  nodes?: readonly NodeWish[];
  status?: Record<string, unknown>;
  spec?: Record<string, unknown>;
  labels?: Record<string, string>;
}

const ENDED = /^(?:Succeeded|Failed|Error|Skipped|Omitted)$/;

/** A Workflow object as the controller keeps it, with its nodes by id. */
export function workflowObject(wish: WorkflowWish): KubeObject {
  const { name, phase, message, nodes = [], status = {} } = wish;
  const isOver = phase !== undefined && ENDED.test(phase);
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Workflow',
    metadata: { name, labels: wish.labels ?? {} },
    spec: { workflowTemplateRef: { name: 'fama-french' }, ...wish.spec },
    status: {
      ...(phase === undefined ? {} : { phase, startedAt: timeOf(0) }),
      ...(isOver ? { finishedAt: timeOf(60) } : {}),
      ...(message === undefined ? {} : { message }),
      ...(nodes.length === 0 ? {} : { nodes: nodesById(name, nodes) }),
      ...status,
    },
  };
}

/** The map of `status.nodes`. */
export function nodesById(
  runName: string,
  nodes: readonly NodeWish[],
): Record<string, Record<string, unknown>> {
  return Object.fromEntries(
    nodes.map((node, at) => {
      const {
        name,
        type = 'Pod',
        phase = 'Succeeded',
        message,
        boundary,
        exitCode,
        outputs,
      } = node;
      const parameters = Object.entries(outputs ?? {}).map(([one, value]) => ({
        name: one,
        value,
      }));
      const id = idOf(runName, name);
      return [
        id,
        {
          id,
          name,
          displayName: node.displayName ?? name.slice(name.lastIndexOf('.') + 1),
          type,
          phase,
          startedAt: node.startedAt ?? timeOf(at),
          ...(ENDED.test(phase) ? { finishedAt: node.finishedAt ?? timeOf(at + 2) } : {}),
          ...(node.templateName === undefined ? {} : { templateName: node.templateName }),
          ...(message === undefined ? {} : { message }),
          ...(boundary === undefined || boundary === ''
            ? {}
            : { boundaryID: idOf(runName, boundary) }),
          ...(exitCode === undefined && outputs === undefined
            ? {}
            : { outputs: { ...(exitCode === undefined ? {} : { exitCode }), parameters } }),
        },
      ];
    }),
  );
}

function idOf(runName: string, name: string): string {
  return name === runName ? name : `${runName}-${Buffer.from(name).toString('hex')}`;
}

function timeOf(second: number): string {
  return new Date(Date.UTC(2026, 10, 21, 12, 0, second)).toISOString().replace('.000Z', 'Z');
}

/** A pipeline's template with the parameters of the real one that matter here. */
export function templateObject(name = 'fama-french'): KubeObject {
  return {
    metadata: { name, labels: { 'argosy.dev/pipeline': name } },
    spec: {
      arguments: {
        parameters: [
          { name: 'logical-date', value: '' },
          { name: 'vintage', value: '' },
          { name: 'min-year', value: 2017 },
          { name: 'force', value: 'false', enum: ['false', 'true'] },
          { name: 'trigger', value: 'manual', enum: ['manual', 'backfill'] },
        ],
      },
    },
  };
}
