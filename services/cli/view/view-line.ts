import { styleText } from 'node:util';

import { humaneBytes, humaneCount, humaneDuration } from '../../core/humane.ts';
import type { Counts } from '../../ports/step.ts';
import type { NodeEvent, NodePhase } from '../../ports/workflow-engine.ts';
import { fitText, padText, textWidth } from './text-width.ts';
import type { TreeLine } from './view-tree.ts';

/** What a line looks like at a moment. */
export interface LineStyle {
  now: Date;
  hasColor: boolean;
  /** Columns a line may take; more is cut with `…`. */
  widthMax: number;
  /** Counts the frames drawn, which turns the wheel of running steps. */
  frame: number;
}

const WHEEL = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const GLYPHS: Readonly<Record<Exclude<NodePhase, 'Running'>, string>> = {
  Pending: '◌',
  Succeeded: '✔',
  Failed: '✖',
  Error: '✖',
  Skipped: '○',
  Omitted: '○',
};
const COLORS = {
  Pending: 'gray',
  Running: 'cyan',
  Succeeded: 'green',
  Failed: 'red',
  Error: 'red',
  Skipped: 'gray',
  Omitted: 'gray',
} as const;

/** Labels are aligned up to this width; a longer one pushes its own line only. */
const LABEL_WIDTH_MAX = 44;

/** The lines as text: glyph, name, duration, counts and message in columns. */
export function drawLines(lines: readonly TreeLine[], style: LineStyle): string[] {
  const labelWidth = Math.min(
    LABEL_WIDTH_MAX,
    Math.max(0, ...lines.map(({ depth, label }) => depth * 2 + textWidth(label))),
  );
  return lines.map((line) => drawLine(line, labelWidth, style));
}

function drawLine(line: TreeLine, labelWidth: number, style: LineStyle): string {
  const { depth, label, phase, node } = line;
  const indent = '  '.repeat(depth);
  const glyph = node === undefined ? ' ' : glyphOf(phase, style.frame);
  const time = node === undefined ? '' : durationText(node.event, style.now);
  const facts = [
    padText(label, labelWidth - indent.length, 'left'),
    padText(time, 7, 'right'),
    ...[countsText(line.counts), line.message || quietPhase(phase, node !== undefined)].filter(
      (text) => text !== '',
    ),
  ].join('  ');
  const text = fitText(facts.trimEnd(), style.widthMax - indent.length - 2);
  if (!style.hasColor) return `${indent}${glyph} ${text}`.trimEnd();
  const isQuiet = node === undefined || COLORS[phase] === 'gray';
  return `${indent}${paint(COLORS[phase], glyph)} ${isQuiet ? paint('gray', text) : text}`;
}

function glyphOf(phase: NodePhase, frame: number): string {
  return phase === 'Running' ? (WHEEL[frame % WHEEL.length] ?? '') : GLYPHS[phase];
}

function quietPhase(phase: NodePhase, isNode: boolean): string {
  return isNode && (phase === 'Skipped' || phase === 'Omitted') ? phase.toLowerCase() : '';
}

/** How long the node took, or has taken until now; empty for one that has not started. */
export function durationText(event: NodeEvent, now: Date): string {
  const { startedAt, finishedAt, phase } = event;
  if (startedAt === undefined || ['Pending', 'Skipped', 'Omitted'].includes(phase)) return '';
  const isOver = phase !== 'Running';
  const end = isOver ? (finishedAt ?? startedAt) : now;
  return humaneDuration(end.getTime() - startedAt.getTime());
}

/**
 * What a node has counted: `49,740 rows, 3 rejected`, or objects, or bytes when it counts no rows.
 */
export function countsText(counts: Readonly<Partial<Counts>>): string {
  const rows = counts.rowsWritten ?? counts.rowsRead;
  const objects = counts.objectsWritten ?? counts.objectsRead;
  const bytes = counts.bytesWritten ?? counts.bytesRead;
  const parts: string[] = [];
  if (rows !== undefined) parts.push(plural(rows, 'row'));
  else if (objects !== undefined) parts.push(plural(objects, 'object'));
  else if (bytes !== undefined) parts.push(humaneBytes(bytes));
  const rest: [number | undefined, string][] = [
    [counts.rowsRejected, 'rejected'],
    [counts.objectsSkipped, 'skipped'],
    [counts.objectsFailed, 'failed'],
  ];
  for (const [count = 0, word] of rest) if (count > 0) parts.push(`${humaneCount(count)} ${word}`);
  return parts.join(', ');
}

function plural(count: number, word: string): string {
  return `${humaneCount(count)} ${word}${count === 1 ? '' : 's'}`;
}

function paint(color: Parameters<typeof styleText>[0], text: string): string {
  return styleText(color, text, { validateStream: false });
}

/**
 * As many lines as fit: first what has finished well gives way, then what waits, then all but the
 * last lines. What is left out is counted on a line of its own.
 */
export function fitLines(lines: readonly TreeLine[], countMax: number): TreeLine[] {
  if (lines.length <= countMax) return [...lines];
  const room = Math.max(0, countMax - 1);
  const kept = new Set(lines);
  const isWaiting = (line: TreeLine): boolean => line.phase === 'Pending';
  const isDone = ({ phase }: TreeLine): boolean =>
    phase === 'Succeeded' || phase === 'Skipped' || phase === 'Omitted';
  const candidates = [
    ...lines.filter((line) => isDone(line)),
    ...lines.filter((line) => isWaiting(line)).toReversed(),
    ...lines.filter((line) => !isDone(line) && !isWaiting(line)),
  ];
  for (const line of candidates) {
    if (kept.size <= room) break;
    kept.delete(line);
  }
  const left = lines.length - kept.size;
  const note = `… ${plural(left, 'line')} not shown`;
  const rest: TreeLine = { depth: 0, label: note, phase: 'Pending', counts: {}, message: '' };
  return [...lines.filter((line) => kept.has(line)), rest].slice(-Math.max(1, countMax));
}
