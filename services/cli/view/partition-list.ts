import { humaneCount } from '../../core/humane.ts';
import {
  partitionAt,
  type PartitionState,
  type PartitionStatus,
  type PartitionTable,
  stateAt,
} from '../../core/partition.ts';
import { LANES_DRAWN_MAX } from './partition-grid.ts';
import { formatTable } from './text-table.ts';

/** Lines of what is not done; `--json` has every partition. */
const LINES_MAX = 25;
const LANES_NAMED_MAX = 3;

/** Neighbouring partitions that are not done for the same reason. */
interface OpenSpan {
  first: string;
  last: string;
  days: number;
  lanes: Set<string>;
  partitions: number;
  state: PartitionState;
  reason: string;
  runId: string;
}

/** What is not done, as a table of spans with state, reason and run; '' when all is. */
export function openPartitions(table: PartitionTable, widthMax: number): string {
  const spans = openSpans(table);
  if (spans.length === 0) return '';
  const columns = [
    'partitions',
    ...(table.lane === null ? [] : [table.lane]),
    'state',
    'why',
    'run',
  ];
  const rows = spans
    .slice(0, LINES_MAX)
    .map((span) => [
      span.first === span.last ? span.first : `${span.first} to ${span.last}`,
      ...(table.lane === null ? [] : [lanesOf(span, table.lane)]),
      span.state,
      span.reason,
      span.runId,
    ]);
  const heads = columns.map((name) => ({
    name,
    align: 'left' as const,
    isKept: name === 'partitions' || name === 'state',
  }));
  const left = spans.length - rows.length;
  const more = left > 0 ? `and ${humaneCount(left)} more lines; --json has every partition\n` : '';
  return `${formatTable(heads, rows, { widthMax })}${more}`;
}

function lanesOf({ lanes, partitions, days }: OpenSpan, word: string): string {
  if (lanes.size <= LANES_NAMED_MAX) return [...lanes].join(', ');
  const all = partitions === lanes.size * days ? '' : 'up to ';
  return `${all}${humaneCount(lanes.size)} ${word}s`;
}

function openSpans(table: PartitionTable): OpenSpan[] {
  const isMany = table.lanes.length > LANES_DRAWN_MAX;
  const open = new Map<string, OpenSpan & { dayAt: number }>();
  const spans: OpenSpan[] = [];
  const dayRank = new Map(table.days.toSorted().map((day, at) => [day, at]));
  for (let at = 0; at < table.size; at += 1) {
    if (stateAt(table, at) === 'done') continue;
    const one = partitionAt(table, at);
    const name = spanName(one, isMany);
    const place = dayRank.get(one.day) ?? 0;
    const known = open.get(name);
    if (known !== undefined && place - known.dayAt <= 1) {
      if (place !== known.dayAt) known.days += 1;
      known.dayAt = place;
      known.last = one.day;
      known.partitions += 1;
      known.lanes.add(one.lane);
      continue;
    }
    const { day, lane, state, reason, runId } = one;
    const words = { state, reason: reason ?? '', runId: runId ?? '' };
    const span = {
      first: day,
      last: day,
      days: 1,
      lanes: new Set([lane]),
      partitions: 1,
      ...words,
    };
    const tracked = Object.assign(span, { dayAt: place });
    open.set(name, tracked);
    spans.push(tracked);
  }
  return spans;
}

function spanName({ lane, state, reason, runId }: PartitionStatus, isMany: boolean): string {
  return JSON.stringify([isMany ? '' : lane, state, reason, runId]);
}
