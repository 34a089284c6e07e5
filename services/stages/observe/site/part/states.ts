import { humaneCount } from '../../../../core/humane.ts';
import {
  countStates,
  PARTITION_STATES,
  partitionAt,
  type PartitionState,
  type PartitionStatus,
  type PartitionTable,
  stateAt,
  WORST_FIRST,
} from '../../../../core/partition.ts';
import { type Content, html, type Markup } from '../../page/html.ts';
import { table as htmlTable } from '../../page/table.ts';

/** Rows of the grid, the newest: two years of days, or as many years of months. */
const ROWS_MAX = 24;
/** Partitions that are told one by one when they are not done, the newest. */
const LISTED_MAX = 20;

const SIGNS: Readonly<Record<PartitionState, string>> = {
  done: '■',
  missing: '·',
  failed: '✗',
  stale: '~',
  running: '▸',
};

/** How the partitions of a pipeline stand: a row a month with a sign a day, and what is not done. */
export function statesPart(partitions: PartitionTable): Content[] {
  const counts = countStates(partitions);
  const open = PARTITION_STATES.filter((state) => state !== 'done' && counts[state] > 0);
  return [legend(counts), grid(partitions), openList(partitions, new Set(open))];
}

function legend(counts: Readonly<Record<PartitionState, number>>): Markup {
  const shown = PARTITION_STATES.filter((state) => state === 'done' || counts[state] > 0);
  const items = shown.map(
    (state) =>
      html`<li>
        <span class="sign ${state}" aria-hidden="true">${SIGNS[state]}</span> ${state}
        <strong>${humaneCount(counts[state])}</strong>
      </li> `,
  );
  return html`<ul class="legend states">
    ${items}
  </ul>`;
}

function grid(partitions: PartitionTable): Markup {
  const { unit, lane, lanes } = partitions;
  const rows = [...gridRows(partitions)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(-ROWS_MAX)
    .toReversed();
  const period = unit === 'day' ? 'month' : 'year';
  const about = lane !== null && lanes.length > 1 ? `, each as its worst ${lane}` : '';
  const lines = rows.map(
    ([name, signs]) => html`<li><span class="period">${name}</span>${stretches(signs)}</li> `,
  );
  return html`<div
    class="scroll"
    tabindex="0"
    role="group"
    aria-label="A line a ${period}, a sign a ${unit}"
  >
    <p class="about">A line a ${period}, a sign a ${unit}${about}; the newest first.</p>
    <ol class="grid">
      ${lines}
    </ol>
  </div>`;
}

/** The worst state of each day by its place in its month, or of each month in its year. */
function gridRows(partitions: PartitionTable): Map<string, (PartitionState | undefined)[]> {
  const width = partitions.unit === 'day' ? 7 : 4;
  const rank = new Map(WORST_FIRST.map((state, at) => [state, at]));
  const rows = new Map<string, (PartitionState | undefined)[]>();
  for (let at = 0; at < partitions.size; at += 1) {
    const day = partitions.days[partitions.dayAt[at] ?? 0] ?? '';
    const [name, place] = [day.slice(0, width), Number(day.slice(width + 1)) - 1];
    const row = rows.get(name) ?? Array.from({ length: partitions.unit === 'day' ? 31 : 12 });
    rows.set(name, row);
    const [state, there] = [stateAt(partitions, at), row[place]];
    if (there === undefined || (rank.get(state) ?? 0) < (rank.get(there) ?? 0)) row[place] = state;
  }
  return rows;
}

/** Neighbours in one state are one piece of text. */
function stretches(signs: readonly (PartitionState | undefined)[]): Markup[] {
  const pieces: { state: PartitionState | undefined; text: string }[] = [];
  for (const state of signs) {
    const sign = state === undefined ? '\u00A0' : SIGNS[state];
    const last = pieces.at(-1);
    if (last !== undefined && last.state === state) last.text += sign;
    else pieces.push({ state, text: sign });
  }
  return pieces.map(({ state, text }) =>
    state === undefined ? html`${text}` : html`<span class="sign ${state}">${text}</span>`,
  );
}

function openList(partitions: PartitionTable, states: ReadonlySet<PartitionState>): Markup | null {
  if (states.size === 0) return null;
  const counts = countStates(partitions);
  const count = [...states].reduce((sum, state) => sum + counts[state], 0);
  const shown: PartitionStatus[] = [];
  for (let at = partitions.size - 1; at >= 0 && shown.length < LISTED_MAX; at -= 1)
    if (states.has(stateAt(partitions, at))) shown.push(partitionAt(partitions, at));
  const left = count - shown.length;
  const listed = htmlTable({
    caption: `What is not done, the newest first${left > 0 ? `; ${humaneCount(left)} older ones are left out` : ''}`,
    columns: [
      { name: 'partition', kind: 'short' },
      { name: 'state', kind: 'short' },
      { name: 'why' },
      { name: 'run', kind: 'short' },
    ],
    rows: shown.map(({ partition, state, reason, runId }) => [
      partition,
      html`<span class="sign ${state}" aria-hidden="true">${SIGNS[state]}</span> ${state}`,
      reason ?? '',
      runId === null ? '' : html`<code>${runId}</code>`,
    ]),
  });
  return html`<div class="open">${listed}</div>`;
}
