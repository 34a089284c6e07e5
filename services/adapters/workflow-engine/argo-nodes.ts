import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { PipelineError } from '../../core/error.ts';
import { parentNameOf } from '../../core/node-parent.ts';
import type { NodeEvent, NodePhase, NodeType } from '../../ports/workflow-engine.ts';
import { argumentsOf, dateAt, listAt, objectAt, textAt } from './json-field.ts';

/** A node of `status.nodes`, as far as it is shown. */
export interface ArgoNode {
  id: string;
  name: string;
  /** The name of the node it belongs to; empty when there is none. */
  boundary: string;
  event: NodeEvent;
}

const PHASES: readonly string[] = [
  'Pending',
  'Running',
  'Succeeded',
  'Failed',
  'Error',
  'Skipped',
  'Omitted',
] satisfies NodePhase[];

/** A phase as Argo writes it; nothing yet, or a word that is not known, is `Pending`. */
export function phaseOf(text: string | undefined): NodePhase {
  return text !== undefined && PHASES.includes(text) ? (text as NodePhase) : 'Pending';
}

/** Nodes decompressed may take this much; etcd holds 1.5 MiB, and JSON of this kind shrinks to a tenth. */
const NODES_BYTES_MAX = 64 * 1024 * 1024;

/**
 * The nodes of a workflow, parents before children, in the order of their start. A node whose boundary is not told yet
 * is left for later. `unsupported` when they are kept in the controller's database, which only its server can read.
 */
export function nodesOf(workflow: unknown): ArgoNode[] {
  const runName = textAt(workflow, 'metadata', 'name') ?? '';
  const raw = Object.values(rawNodes(workflow, runName));
  const nameOf = new Map(raw.map((node) => [textAt(node, 'id'), textAt(node, 'name') ?? '']));
  const known = new Set(nameOf.values());
  const nodes = raw.flatMap((node) => {
    const boundaryId = textAt(node, 'boundaryID');
    const boundary = boundaryId === undefined ? '' : nameOf.get(boundaryId);
    return boundary === undefined ? [] : [argoNode(node, boundary)];
  });
  for (const { name, boundary, event } of nodes) {
    const parentName = parentNameOf({ name, boundary, runName }, (one) => known.has(one));
    if (parentName !== undefined) event.parentName = parentName;
  }
  return parentsFirst(nodes.toSorted(byStart));
}

function argoNode(node: unknown, boundary: string): ArgoNode {
  const id = textAt(node, 'id') ?? '';
  const name = textAt(node, 'name') ?? id;
  const templateName = textAt(node, 'templateName') ?? textAt(node, 'templateRef', 'template');
  const message = textAt(node, 'message');
  const startedAt = dateAt(node, 'startedAt');
  const finishedAt = dateAt(node, 'finishedAt');
  const exitCode = Number(textAt(node, 'outputs', 'exitCode') ?? Number.NaN);
  const outputs = argumentsOf(listAt(node, 'outputs', 'parameters'));
  const event: NodeEvent = {
    id,
    name,
    displayName: textAt(node, 'displayName') ?? name,
    type: (textAt(node, 'type') ?? 'Pod') as NodeType,
    phase: phaseOf(textAt(node, 'phase')),
    ...(templateName === undefined ? {} : { templateName }),
    ...(message === undefined ? {} : { message }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(Number.isInteger(exitCode) ? { exitCode } : {}),
    ...(Object.keys(outputs).length === 0 ? {} : { outputs }),
  };
  return { id, name, boundary, event };
}

function byStart(a: ArgoNode, b: ArgoNode): number {
  const [startA, startB] = [a, b].map(({ event }) => event.startedAt?.getTime() ?? Infinity);
  if (startA !== startB) return (startA ?? 0) < (startB ?? 0) ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}

function parentsFirst(nodes: readonly ArgoNode[]): ArgoNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const placed = new Set<ArgoNode>();
  const place = (node: ArgoNode, depth: number): void => {
    if (placed.has(node) || depth > nodes.length) return;
    const parent = byName.get(node.event.parentName ?? '');
    if (parent !== undefined) place(parent, depth + 1);
    placed.add(node);
  };
  for (const node of nodes) place(node, 0);
  return [...placed];
}

function rawNodes(workflow: unknown, runName: string): Record<string, unknown> {
  const compressed = textAt(workflow, 'status', 'compressedNodes');
  if (compressed !== undefined) return decompressed(compressed, runName);
  const offloaded = textAt(workflow, 'status', 'offloadNodeStatusVersion');
  const nodes = objectAt(workflow, 'status', 'nodes');
  if (offloaded === undefined || Object.keys(nodes).length > 0) return nodes;
  throw new PipelineError(
    'unsupported',
    `${runName}: its nodes are kept in the database of the Argo controller`,
    {
      hint: `follow it through the Argo server, which reads them: argo watch ${runName}`,
    },
  );
}

/** Base64 of gzip, zstd or Brotli, told apart by their first bytes as Argo does (util/file/fileutil.go). */
function decompressed(text: string, runName: string): Record<string, unknown> {
  const bytes = Buffer.from(text, 'base64');
  const options = { maxOutputLength: NODES_BYTES_MAX };
  try {
    return objectAt(JSON.parse(unpack(bytes, options).toString('utf8')) as unknown);
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    throw new PipelineError('input-invalid', `${runName}: its compressed nodes cannot be read`, {
      hint: `ask the Argo server: argo get ${runName}`,
      cause,
    });
  }
}

function unpack(bytes: Buffer, options: { maxOutputLength: number }): Buffer {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes, options);
  if (bytes.readUInt32BE(0) !== 0x28b52ffd) return brotliDecompressSync(bytes, options);
  // Only Node 22.15 and later has it.
  const unzstd = (zlib as { zstdDecompressSync?: typeof gunzipSync }).zstdDecompressSync;
  if (unzstd !== undefined) return unzstd(bytes, options);
  throw new PipelineError(
    'unsupported',
    `this Node (${process.version}) cannot read nodes compressed by zstd`,
    {
      hint: 'use Node 22.15 or newer',
    },
  );
}
