import { humaneCount } from '../../core/humane.ts';
import { printable } from '../../core/printable.ts';
import type { Counts } from '../../ports/step.ts';
import type { NodeEvent, NodePhase } from '../../ports/workflow-engine.ts';

/** The nodes of a run as far as they are known, in the order in which they were first told. */
export interface RunTree {
  nodes: Map<string, TreeNode>;
  roots: TreeNode[];
}

export interface TreeNode {
  event: NodeEvent;
  children: TreeNode[];
  counts: Partial<Counts>;
}

/** One line of the drawing: a node, or what stands for several that are not drawn. */
export interface TreeLine {
  depth: number;
  label: string;
  phase: NodePhase;
  /** Absent on a line that stands for several nodes. */
  node?: TreeNode;
  /** What it has counted so far, attempts and groups taken together. */
  counts: Partial<Counts>;
  message: string;
}

export function emptyTree(): RunTree {
  return { nodes: new Map(), roots: [] };
}

/** Takes the event in; returns the phase the node had before, `undefined` for a new one. */
export function takeEvent(tree: RunTree, event: NodeEvent): NodePhase | undefined {
  const known = tree.nodes.get(event.name);
  if (known !== undefined) {
    const before = known.event;
    known.event = event;
    if (before.parentName !== event.parentName) move(tree, known);
    return before.phase;
  }
  const node: TreeNode = { event, children: [], counts: {} };
  tree.nodes.set(event.name, node);
  const parent = tree.nodes.get(event.parentName ?? '');
  (parent?.children ?? tree.roots).push(node);
  return undefined;
}

/** In a cluster a node may be told before the one that it turns out to belong to. */
function move(tree: RunTree, node: TreeNode): void {
  for (const list of [tree.roots, ...[...tree.nodes.values()].map(({ children }) => children)]) {
    const at = list.indexOf(node);
    if (at >= 0) list.splice(at, 1);
  }
  (tree.nodes.get(node.event.parentName ?? '')?.children ?? tree.roots).push(node);
}

/** Keeps what a node has counted; later counts of the same kind replace earlier ones. */
export function takeCounts(tree: RunTree, name: string, counts: Partial<Counts>): void {
  const node = tree.nodes.get(name);
  if (node !== undefined) node.counts = { ...node.counts, ...counts };
}

/**
 * The whole tree as lines. Groups of steps are not drawn themselves, attempts are one line, long
 * fan-outs are folded.
 */
export function treeLines(tree: RunTree): TreeLine[] {
  return siblingLines(tree.roots, 0);
}

/** Of a fan-out at least so many items are drawn before it is folded. */
const ITEMS_UNFOLDED_MAX = 6;

/** Of a folded fan-out so many items are drawn of each of: failed, running, finished last. */
const ITEMS_SHOWN = { failed: 3, running: 4, finished: 2 } as const;

function siblingLines(siblings: readonly TreeNode[], depth: number): TreeLine[] {
  const visible = siblings.flatMap(drawn).toSorted(byStart);
  const items = visible.filter(isItem);
  if (items.length <= ITEMS_UNFOLDED_MAX) return visible.flatMap((node) => nodeLines(node, depth));
  const shown = new Set(unfolded(items));
  const folded = items.filter((node) => !shown.has(node));
  return visible
    .filter((node) => !isItem(node) || shown.has(node))
    .flatMap((node) => nodeLines(node, depth))
    .concat(foldedLine(folded, depth));
}

/** What has started stands above what waits; within each, the order in which they were told. */
function byStart(a: TreeNode, b: TreeNode): number {
  const [startA, startB] = [a, b].map(({ event }) => event.startedAt?.getTime() ?? Infinity);
  return startA === startB ? 0 : (startA ?? 0) - (startB ?? 0);
}

/** Argo names the items of a fan-out `step(2:value)`. */
function isItem({ event }: TreeNode): boolean {
  return event.displayName.includes('(');
}

/** A group of steps is drawn as its members. */
function drawn(node: TreeNode): TreeNode[] {
  return node.event.type === 'StepGroup' ? node.children.flatMap(drawn) : [node];
}

function nodeLines(node: TreeNode, depth: number): TreeLine[] {
  const { event } = node;
  const isRetry = event.type === 'Retry';
  const attempts = isRetry && node.children.length > 1 ? ` (attempt ${node.children.length})` : '';
  const line: TreeLine = {
    depth,
    label: printable(event.displayName) + attempts,
    phase: event.phase,
    node,
    counts: countsOf(node),
    message: printable(messageOf(node)),
  };
  return isRetry ? [line] : [line, ...siblingLines(node.children, depth + 1)];
}

/** A message of a group repeats that of its child, so only leaves and attempts speak. */
function messageOf(node: TreeNode): string {
  const { event, children } = node;
  if (event.phase === 'Succeeded') return '';
  if (event.type === 'Retry') {
    const last = children.at(-1)?.event;
    const told = last === undefined ? '' : toldBy(last);
    const wait = waitText(event);
    if (wait !== null) return [wait, told].filter((text) => text !== '').join(': ');
    return told || toldBy(event);
  }
  return children.length === 0 ? toldBy(event) : '';
}

/** The step's own words where they are known, without the hint behind them. */
function toldBy({ error, message = '' }: NodeEvent): string {
  return error?.split('\n', 1)[0] || message;
}

/** When a step is tried again, null unless it waits for that. Argo's words for it: `Backoff for 5 minutes 0 seconds`. */
export function waitText({ type, phase, message = '' }: NodeEvent): string | null {
  const wait = /^Backoff for (.+)$/.exec(message)?.[1];
  if (type !== 'Retry' || phase !== 'Running' || wait === undefined) return null;
  return `next attempt in ${wait.replace(/ 0 seconds$/, '')}`;
}

function unfolded(items: readonly TreeNode[]): TreeNode[] {
  const within = (...phases: NodePhase[]): TreeNode[] =>
    items.filter(({ event }) => phases.includes(event.phase));
  return [
    ...within('Failed', 'Error').slice(0, ITEMS_SHOWN.failed),
    ...within('Running').slice(0, ITEMS_SHOWN.running),
    ...within('Succeeded').slice(-ITEMS_SHOWN.finished),
  ];
}

function foldedLine(folded: readonly TreeNode[], depth: number): TreeLine[] {
  if (folded.length === 0) return [];
  const words: string[] = [];
  const phases: NodePhase[] = ['Failed', 'Error', 'Running', 'Succeeded', 'Skipped', 'Omitted'];
  for (const phase of [...phases, 'Pending' as const]) {
    const count = folded.filter(({ event }) => event.phase === phase).length;
    if (count > 0) words.push(`${humaneCount(count)} ${phase.toLowerCase()}`);
  }
  const isBad = folded.some(({ event }) => event.phase === 'Failed' || event.phase === 'Error');
  const phase = isBad ? 'Failed' : (folded[0]?.event.phase ?? 'Pending');
  return [{ depth, label: `… ${words.join(', ')}`, phase, counts: {}, message: '' }];
}

/** A pod's own counts; of attempts only the last counts; a group has the sum of its members. */
function countsOf(node: TreeNode): Partial<Counts> {
  if (node.event.type === 'Retry') {
    const last = node.children.at(-1);
    return { ...node.counts, ...last?.counts };
  }
  if (node.event.type !== 'TaskGroup') return node.counts;
  const sum: Partial<Counts> = { ...node.counts };
  for (const child of node.children.map(countsOf)) {
    for (const [name, count] of Object.entries(child) as [keyof Counts, number][]) {
      sum[name] = (sum[name] ?? 0) + count;
    }
  }
  return sum;
}
