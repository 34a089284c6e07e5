import { once } from 'node:events';
import {
  countStates,
  PARTITION_STATES,
  type PartitionNote,
  type PartitionTable,
} from '../../core/partition.ts';

/** Text is handed on in pieces of about so many characters: a list of a million partitions never stands in memory. */
const PIECE_LENGTH = 1 << 18;

/** Prints every partition as JSON, in pieces; `head` are fields that come first. */
export async function printPartitions(
  stdout: NodeJS.WritableStream,
  table: PartitionTable,
  head: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { unit, lane, size } = table;
  const fields = { ...head, unit, lane, counts: countStates(table) };
  const start = JSON.stringify(fields, null, 2).slice(0, -2);
  let piece = `${start},\n  "partitions": [`;
  const words = wordsOf(table);
  for (let at = 0; at < size; at += 1) {
    piece += `${at === 0 ? '' : ','}\n    ${words(at)}`;
    if (piece.length < PIECE_LENGTH) continue;
    if (!stdout.write(piece)) await once(stdout, 'drain');
    piece = '';
  }
  stdout.write(`${piece}${size === 0 ? '' : '\n  '}]\n}\n`);
}

/** A partition as JSON, from words that are each spelled once. */
function wordsOf(table: PartitionTable): (at: number) => string {
  const days = table.days.map((day) => JSON.stringify(day));
  const lanes = table.lanes.map((lane) => JSON.stringify(lane));
  const ends = table.lanes.map((lane) =>
    lane === '' ? '' : JSON.stringify(`/${lane}`).slice(1, -1),
  );
  const states = PARTITION_STATES.map((state) => JSON.stringify(state));
  const nothing = noteText({ runId: null, rows: null, reason: null, work: null });
  const notes = table.notes.map(noteText);
  return (at) => {
    const day = days[table.dayAt[at] ?? 0] ?? '""';
    const laneAt = table.laneAt[at] ?? 0;
    const partition = `${day.slice(0, -1)}${ends[laneAt] ?? ''}"`;
    const note = notes[table.noteAt[at] ?? -1] ?? nothing;
    return `{"partition":${partition},"day":${day},"lane":${lanes[laneAt] ?? '""'},"state":${states[table.stateAt[at] ?? 0] ?? '""'},${note}}`;
  };
}

function noteText({ runId, rows, reason, work }: PartitionNote): string {
  return JSON.stringify({ runId, rows, reason, work }).slice(1, -1);
}
