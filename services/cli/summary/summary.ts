import { printable } from '../../core/printable.ts';
import { formatTable } from '../view/text-table.ts';
import type { TableColumn } from '../view/text-table.ts';
import { padText, textWidth } from '../view/text-width.ts';

/** A heading with facts under it, and what the reader may want to type next. */
export interface Summary {
  title: string;
  facts: readonly (readonly [name: string, value: string])[];
  table?: { columns: readonly TableColumn[]; rows: readonly (readonly string[])[] };
  /** Commands in full, each with what it shows. */
  next?: readonly { command: string; about: string }[];
}

/**
 * The end of a command as text for stdout: title, aligned facts, a table and next commands, with an
 * empty line between them. Control characters are escaped.
 */
export function formatSummary(summary: Summary, options: { widthMax: number }): string {
  const { title, facts, table, next = [] } = summary;
  const blocks = [`${printable(title)}\n${aligned(facts)}`];
  if (table !== undefined) blocks.push(formatTable(table.columns, table.rows, options));
  if (next.length > 0) blocks.push(formatNext(next));
  return blocks.join('\n');
}

/** Commands in full, each with what it shows, a line each. */
export function formatNext(next: NonNullable<Summary['next']>): string {
  return `next:\n${aligned(next.map(({ command, about }) => [command, `# ${about}`] as const))}`;
}

function aligned(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(0, ...pairs.map(([name]) => textWidth(printable(name))));
  return pairs
    .map(([name, value]) => `  ${padText(printable(name), width, 'left')}  ${printable(value)}\n`)
    .join('');
}
