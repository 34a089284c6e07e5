import {
  type PartitionState,
  type PartitionStatus,
  partitionsOf,
  type PartitionTable,
} from '../../../core/partition.ts';
import type { PartitionSource, WorkRequest } from '../partitions/source.ts';
import type { BackfillUnit, LeftOut, PlanContent } from './plan.ts';
import { givenHash } from './plan.ts';

/** Of a run that makes more partitions than this, the first are named. */
const PARTITIONS_NAMED_MAX = 200;

/** What a plan is made for. */
export interface BackfillWish {
  pipeline: string;
  from: string | null;
  to: string | null;
  only: ReadonlySet<PartitionState>;
  order: 'asc' | 'desc';
  /** The parameters of `-p`. */
  given: Readonly<Record<string, string>>;
}

/** The runs that make the partitions which are in the wanted states, and what there is nothing to make of. */
export async function selectUnits(
  source: PartitionSource,
  table: PartitionTable,
  from: { wish: BackfillWish; ports: Omit<WorkRequest, 'work' | 'partitions'> },
): Promise<PlanContent> {
  const { wish, ports } = from;
  const { pipeline, only, order, given } = wish;
  // Sources that are given make what was never landed.
  const hasSources = source.sources?.some((name) => given[name] !== undefined) === true;
  const works = new Map<string, Group>();
  const leftOut = new Map<string, LeftOut>();
  for (const partition of partitionsOf(table, only)) {
    const work = partition.work ?? (hasSources ? partition.day : null);
    if (work === null) leaveOut(leftOut, partition);
    else addTo(works, work, partition);
  }
  const names = [...works.keys()].toSorted();
  if (order === 'desc') names.reverse();
  const units: Omit<BackfillUnit, 'runId'>[] = [];
  for (const work of names) {
    const group = works.get(work);
    if (group === undefined) continue;
    const made = await source.workOf({ ...ports, work, partitions: group.first });
    units.push({
      work,
      partitions: group.first.map(({ partition }) => partition),
      partitionCount: group.count,
      states: group.states,
      reason: group.first[0]?.reason ?? null,
      ...made,
    });
  }
  return {
    pipeline,
    from: wish.from,
    to: wish.to,
    only: [...only].toSorted(),
    order,
    given: givenHash(given),
    units,
    leftOut: [...leftOut.values()],
  };
}

interface Group {
  first: PartitionStatus[];
  count: number;
  states: Partial<Record<PartitionState, number>>;
}

function addTo(works: Map<string, Group>, work: string, partition: PartitionStatus): void {
  const group = works.get(work) ?? { first: [], count: 0, states: {} };
  works.set(work, group);
  group.count += 1;
  group.states[partition.state] = (group.states[partition.state] ?? 0) + 1;
  if (group.first.length < PARTITIONS_NAMED_MAX) group.first.push(partition);
}

function leaveOut(all: Map<string, LeftOut>, { partition, reason }: PartitionStatus): void {
  const text = reason ?? '';
  const known = all.get(text) ?? { reason: text, partitions: 0, first: partition };
  all.set(text, { ...known, partitions: known.partitions + 1 });
}
