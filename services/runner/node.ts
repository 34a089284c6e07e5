import type { NodePhase, NodeType } from '../ports/workflow-engine.ts';
import type { Parameter, TemplateRef } from './workflow.ts';

/**
 * What a node gave: of an attempt its files, its exit code, and what it printed where the workflow
 * reads that.
 */
export interface NodeOutputs {
  parameters?: Parameter[];
  exitCode?: string;
  result?: string;
}

/** One node of a run, as in Argo's status. Other nodes are named by `name`. */
export interface Node {
  id: string;
  name: string;
  displayName: string;
  type: NodeType;
  templateName?: string;
  templateRef?: TemplateRef;
  phase: NodePhase;
  message: string;
  /** The DAG or steps node it belongs to; empty for those of the workflow itself. */
  boundary: string;
  /**
   * Names, in the order in which they were added; a name may belong to a node that was never made.
   */
  children: string[];
  /** Where a DAG or steps node ends, once it has. */
  outbound: string[];
  inputs?: Parameter[];
  outputs?: NodeOutputs;
  flag: { hooked?: true; retried?: true };
  startedAt: Date;
  finishedAt: Date | null;
  /** The lock it waits for. */
  waitsFor: string | null;
  /** What the step said of its failure, for people. */
  error?: string;
}

/** True for Failed and Error. */
export function isFailed(node: { phase: NodePhase }): boolean {
  return node.phase === 'Failed' || node.phase === 'Error';
}

/** True when the node has run to an end. A Skipped one has not. */
export function isCompleted(node: { phase: NodePhase }): boolean {
  return node.phase === 'Succeeded' || isFailed(node);
}

/** True when nothing more happens to the node. */
export function isFulfilled(node: { phase: NodePhase }): boolean {
  return isCompleted(node) || node.phase === 'Skipped' || node.phase === 'Omitted';
}

const SEPARATOR = /^(\[\d+\])?\./;

/** The name for people: the node's name without that of the node it belongs to. */
export function displayNameOf(name: string, boundary: string): string {
  if (boundary === '') return name;
  return name.slice(name.startsWith(boundary) ? boundary.length : 0).replace(SEPARATOR, '');
}
