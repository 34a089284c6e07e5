/**
 * How a partition stands. `done`: its outputs are there and made of its inputs as they are now. `stale`: there, and made
 * of other inputs. `failed`: the last run for it failed and nothing newer was good. `running`: a run is at it. `missing`:
 * it should be there and is not.
 */
export const PARTITION_STATES = ['done', 'missing', 'failed', 'stale', 'running'] as const;

export type PartitionState = (typeof PARTITION_STATES)[number];

/** States in the order in which the eye should meet them, the worst first. */
export const WORST_FIRST: readonly PartitionState[] = [
  'failed',
  'running',
  'stale',
  'missing',
  'done',
];

/** What is known of a partition beside its state. Partitions of which the same is known may share one. */
export interface PartitionNote {
  /** The run that made it, failed at it or is at it; null when none is known. */
  runId: string | null;
  /** Rows of its outputs; null when they are not known. */
  rows: number | null;
  /** Why it is not done, in words of ours; null when it is. */
  reason: string | null;
  /** The name of the work that makes it (again); null when there is nothing it could be made of. */
  work: string | null;
}

/** One partition of a pipeline, as `argosy status` tells it. */
export interface PartitionStatus extends PartitionNote {
  /** `2026-01-05`, `2026-01-05/IBM` or `2017-07`: the day or month, and the lane where there are several. */
  partition: string;
  /** `YYYY-MM-DD`, or `YYYY-MM` where a partition is a month. */
  day: string;
  /** The symbol, feed or file; '' where a day is one partition. */
  lane: string;
  state: PartitionState;
}

/** What the partitions of a pipeline are: a day or a month, by lanes where each has several. */
export interface PartitionKind {
  unit: 'day' | 'month';
  /** What tells the partitions of one day apart, as a word: `symbol`, `feed`, `file`; null for one a day. */
  lane: string | null;
}

/** Partitions in the order of days and lanes, kept as numbers, so that a million take a few megabytes. */
export interface PartitionTable extends PartitionKind {
  size: number;
  days: readonly string[];
  lanes: readonly string[];
  /** Where in `days`, `lanes` and `PARTITION_STATES` the partition has its words. */
  dayAt: Int32Array;
  laneAt: Int32Array;
  stateAt: Uint8Array;
  /** Where in `notes` that of the partition is; -1 for none. */
  noteAt: Int32Array;
  notes: readonly PartitionNote[];
}

export interface PartitionCell {
  day: string;
  lane: string;
  state: PartitionState;
  note?: PartitionNote | undefined;
}

const NOTHING_KNOWN: PartitionNote = { runId: null, rows: null, reason: null, work: null };
const FIRST_CAPACITY = 256;
const CODES = Object.fromEntries(PARTITION_STATES.map((state, at) => [state, at])) as Readonly<
  Record<PartitionState, number>
>;

/** Takes partitions in any order; `build` puts them in that of days and lanes. */
export function partitionTable(kind: PartitionKind): {
  add(cell: PartitionCell): void;
  build(): PartitionTable;
} {
  const days = interning<string>();
  const lanes = interning<string>();
  const notes = interning<PartitionNote>();
  let cells = new Int32Array(FIRST_CAPACITY * 4);
  let size = 0;
  return {
    add: ({ day, lane, state, note }) => {
      if (size * 4 === cells.length) {
        const larger = new Int32Array(cells.length * 2);
        larger.set(cells);
        cells = larger;
      }
      const place = size * 4;
      cells[place] = days.at(day);
      cells[place + 1] = lanes.at(lane);
      cells[place + 2] = CODES[state];
      cells[place + 3] = note === undefined ? -1 : notes.at(note);
      size += 1;
    },
    build: () => {
      const order = orderOf(cells, size, { days: days.all, lanes: lanes.all });
      const table = {
        ...kind,
        size,
        days: days.all,
        lanes: lanes.all,
        notes: notes.all,
        dayAt: new Int32Array(size),
        laneAt: new Int32Array(size),
        stateAt: new Uint8Array(size),
        noteAt: new Int32Array(size),
      };
      for (let at = 0; at < size; at += 1) {
        const place = (order === null ? at : (order[at] ?? 0)) * 4;
        table.dayAt[at] = cells[place] ?? 0;
        table.laneAt[at] = cells[place + 1] ?? 0;
        table.stateAt[at] = cells[place + 2] ?? 0;
        table.noteAt[at] = cells[place + 3] ?? 0;
      }
      return table;
    },
  };
}

/** The partition at a place of the table. */
export function partitionAt(table: PartitionTable, at: number): PartitionStatus {
  const day = table.days[table.dayAt[at] ?? 0] ?? '';
  const lane = table.lanes[table.laneAt[at] ?? 0] ?? '';
  const partition = lane === '' ? day : `${day}/${lane}`;
  const note = table.notes[table.noteAt[at] ?? -1] ?? NOTHING_KNOWN;
  return { partition, day, lane, state: stateAt(table, at), ...note };
}

/** The state at a place of the table. */
export function stateAt({ stateAt: states }: PartitionTable, at: number): PartitionState {
  return PARTITION_STATES[states[at] ?? 0] ?? 'missing';
}

/** Every partition in order, or those in one of these states. */
export function* partitionsOf(
  table: PartitionTable,
  states: ReadonlySet<PartitionState> | null = null,
): Generator<PartitionStatus> {
  for (let at = 0; at < table.size; at += 1) {
    if (states === null || states.has(stateAt(table, at))) yield partitionAt(table, at);
  }
}

/** How many partitions are in each state. */
export function countStates(table: PartitionTable): Record<PartitionState, number> {
  const counts = { done: 0, missing: 0, failed: 0, stale: 0, running: 0 };
  for (let at = 0; at < table.size; at += 1) counts[stateAt(table, at)] += 1;
  return counts;
}

/** Each value gets a number, the same value the same one. */
function interning<T>(): { all: T[]; at(value: T): number } {
  const all: T[] = [];
  const places = new Map<T, number>();
  let last: T | undefined;
  let lastAt = -1;
  return {
    all,
    at: (value) => {
      // Mostly it is the one before.
      if (value === last && lastAt >= 0) return lastAt;
      last = value;
      lastAt = places.get(value) ?? all.push(value) - 1;
      places.set(value, lastAt);
      return lastAt;
    },
  };
}

/** The places in the order of days and lanes; null when they are in it. */
function orderOf(
  cells: Int32Array,
  size: number,
  { days, lanes }: { days: readonly string[]; lanes: readonly string[] },
): Int32Array | null {
  const dayRank = ranksOf(days);
  const laneRank = ranksOf(lanes);
  const keys = new Float64Array(size);
  let isOrdered = true;
  for (let at = 0; at < size; at += 1) {
    const day = dayRank[cells[at * 4] ?? 0] ?? 0;
    keys[at] = day * lanes.length + (laneRank[cells[at * 4 + 1] ?? 0] ?? 0);
    if (at > 0 && (keys[at - 1] ?? 0) > (keys[at] ?? 0)) isOrdered = false;
  }
  if (isOrdered) return null;
  return Int32Array.from(keys.keys()).toSorted((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0));
}

function ranksOf(words: readonly string[]): Int32Array {
  const ranks = new Int32Array(words.length);
  const sorted = Array.from(words, (_, at) => at).toSorted((a, b) =>
    (words[a] ?? '') < (words[b] ?? '') ? -1 : 1,
  );
  for (const [rank, at] of sorted.entries()) ranks[at] = rank;
  return ranks;
}
