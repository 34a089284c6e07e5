import { PipelineError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import {
  PARTITION_STATES,
  type PartitionState,
  type PartitionTable,
} from '../../core/partition.ts';
import type { DayRange } from '../../stages/observe/partitions/day-range.ts';
import { type KnownRuns, readKnownRuns } from '../../stages/observe/partitions/known-runs.ts';
import type { PartitionSource } from '../../stages/observe/partitions/source.ts';
import { findWing } from '../commands.ts';
import { bucketFor, recordsOf } from '../host.ts';
import type { Given } from '../program.ts';
import type { Session } from '../session.ts';
import { isProcessGone } from './process-mark.ts';
import { checkedDate } from './run-identity.ts';

/** The partitions of a pipeline, and the runs that are known of it. */
export interface FoundPartitions {
  source: PartitionSource;
  table: PartitionTable;
  runs: KnownRuns;
}

/** Reads how the partitions of a range stand; null for a pipeline without partitions. */
export async function readPartitions(
  session: Session,
  pipeline: string,
  range: DayRange,
): Promise<FoundPartitions | null> {
  const source = await findWing(pipeline).partitions?.();
  if (source === undefined) return null;
  const records = recordsOf(session, pipeline);
  const { signal } = session;
  const now = session.io.clock.now();
  const { runsMax } = source;
  const runs = await readKnownRuns({ records, pipeline, runsMax, now, isDead, signal });
  const store = bucketFor(session, pipeline);
  // The sample is of its own time.
  const isPast = session.flags.sample === true && range.to === null;
  const to = isPast ? newestDate(runs) : range.to;
  const table = await source.read({ store, records, from: range.from, to, now, runs, signal });
  return { source, table, runs };
}

function newestDate({ byDate }: KnownRuns): string | null {
  return [...byDate.keys()].toSorted().at(-1) ?? null;
}

/** Whether the process that has made a claim is known to be gone. */
export function isDead({ host, pid }: Record<string, unknown>): boolean {
  return typeof host === 'string' && typeof pid === 'number' && isProcessGone({ host, pid });
}

/** The days of `--from` and `--to`; a month stands for its first or last day. `config-invalid` for anything else. */
export function rangeOf({ flags }: Given): DayRange {
  const from = flags.from === undefined ? null : dayOf(flags.from, 'first');
  const to = flags.to === undefined ? null : dayOf(flags.to, 'last');
  if (from !== null && to !== null && from > to) {
    throw new PipelineError('config-invalid', `--from ${from} is after --to ${to}`, {
      hint: 'give the earlier day as --from',
    });
  }
  return { from, to };
}

function dayOf(text: string, end: 'first' | 'last'): string {
  const month = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text);
  if (month === null) return checkedDate(text);
  if (end === 'first') return `${text}-01`;
  return new Date(Date.UTC(Number(month[1]), Number(month[2]), 0)).toISOString().slice(0, 10);
}

/** The states that a flag names with commas between; `config-invalid` with the nearest for another word. */
export function statesOf(flag: string, text: string): ReadonlySet<PartitionState> {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const states = words.map((word) => {
    const state = PARTITION_STATES.find((one) => one === word);
    if (state !== undefined) return state;
    const near = nearest(word, PARTITION_STATES);
    throw new PipelineError('config-invalid', `${flag} "${word}" is no state of a partition`, {
      hint: `${near === undefined ? '' : `did you mean ${near}? `}It may be ${PARTITION_STATES.join(', ')}, with commas between`,
    });
  });
  if (states.length > 0) return new Set(states);
  throw new PipelineError('config-invalid', `${flag} names no state`, {
    hint: `for example ${flag} missing,failed`,
  });
}
