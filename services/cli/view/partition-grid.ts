import { styleText } from 'node:util';
import { humaneCount } from '../../core/humane.ts';
import {
  countStates,
  PARTITION_STATES,
  type PartitionState,
  type PartitionTable,
  stateAt,
  WORST_FIRST,
} from '../../core/partition.ts';
import { printable } from '../../core/printable.ts';
import { fitText, padText, textWidth } from './text-width.ts';

/** Lanes that get a row each; more than these are drawn as one row, each day as its worst lane. */
export const LANES_DRAWN_MAX = 6;

const SIGNS: Readonly<Record<PartitionState, readonly [sign: string, color: Color]>> = {
  done: ['■', 'green'],
  missing: ['·', 'dim'],
  failed: ['✗', 'red'],
  stale: ['~', 'yellow'],
  running: ['▸', 'cyan'],
};
const LANE_WIDTH_MAX = 24;

type Color = Parameters<typeof styleText>[0];

/** Partitions as people look at them: a row a month with a sign a day, or a row a year with a sign a month. */
export function partitionGrid(table: PartitionTable, hasColor: boolean): string {
  const isMany = table.lanes.length > LANES_DRAWN_MAX;
  const rows = gridRows(table, isMany);
  const names = [...rows.values()].map(({ lane }) => printable(lane));
  const laneWidth = Math.min(LANE_WIDTH_MAX, Math.max(0, ...names.map(textWidth)));
  const head = ' '.repeat(rowHead({ period: '', lane: '' }, table, laneWidth).length);
  const lines = [`${head}${ruler(table)}`.trimEnd()];
  for (const row of rows.values()) {
    const drawn = row.signs.map((state) => (state === undefined ? ' ' : paint(state, hasColor)));
    lines.push(`${rowHead(row, table, laneWidth)}${drawn.join('')}`.trimEnd());
  }
  lines.push('', legend(table, hasColor));
  if (isMany && table.lane !== null) {
    lines.push(`${humaneCount(table.lanes.length)} ${table.lane}s; each day as its worst one`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

interface GridRow {
  period: string;
  lane: string;
  signs: (PartitionState | undefined)[];
}

function gridRows(table: PartitionTable, isMany: boolean): Map<string, GridRow> {
  const rows = new Map<string, GridRow>();
  const rank = new Map(WORST_FIRST.map((state, at) => [state, at]));
  const periodWidth = table.unit === 'day' ? 7 : 4;
  const placed = table.days.map((day) => ({
    period: day.slice(0, periodWidth),
    place: Number(day.slice(periodWidth + 1)) - 1,
  }));
  for (let at = 0; at < table.size; at += 1) {
    const { period = '', place = 0 } = placed[table.dayAt[at] ?? 0] ?? {};
    const lane = isMany ? '' : (table.lanes[table.laneAt[at] ?? 0] ?? '');
    const name = `${period} ${lane}`;
    const row = rows.get(name) ?? { period, lane, signs: [] };
    rows.set(name, row);
    const state = stateAt(table, at);
    const there = row.signs[place];
    if (there === undefined || (rank.get(state) ?? 0) < (rank.get(there) ?? 0)) {
      for (let gap = row.signs.length; gap < place; gap += 1) row.signs.push(undefined);
      row.signs[place] = state;
    }
  }
  return new Map([...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function rowHead(
  { period, lane }: { period: string; lane: string },
  { unit }: PartitionTable,
  laneWidth: number,
): string {
  const head = padText(period, unit === 'day' ? 7 : 4, 'left');
  const name = padText(fitText(printable(lane), laneWidth), laneWidth, 'left');
  return laneWidth === 0 ? `${head}  ` : `${head}  ${name}  `;
}

function ruler({ unit }: PartitionTable): string {
  if (unit === 'month') return '1    6     12';
  return '1    5    10   15   20   25   30';
}

function paint(state: PartitionState, hasColor: boolean): string {
  const [sign, color] = SIGNS[state];
  return hasColor ? styleText(color, sign, { validateStream: false }) : sign;
}

function legend(table: PartitionTable, hasColor: boolean): string {
  const counts = countStates(table);
  return PARTITION_STATES.filter((state) => state === 'done' || counts[state] > 0)
    .map((state) => `${paint(state, hasColor)} ${state} ${humaneCount(counts[state])}`)
    .join('   ');
}
