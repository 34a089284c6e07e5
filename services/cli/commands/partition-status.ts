import { exitCodeOf, PipelineError } from '../../core/error.ts';
import { humaneCount } from '../../core/humane.ts';
import { countStates, type PartitionTable, partitionsOf } from '../../core/partition.ts';
import type { DayRange } from '../../stages/observe/partitions/day-range.ts';
import { WINGS } from '../commands.ts';
import type { Given } from '../program.ts';
import { rangeOf, readPartitions, statesOf } from '../run/partitions.ts';
import type { Session } from '../session.ts';
import { partitionGrid } from '../view/partition-grid.ts';
import { printPartitions } from '../view/partition-json.ts';
import { openPartitions } from '../view/partition-list.ts';
import { widthOf } from '../view/print-result.ts';
import { terminalOf } from '../view/view.ts';

/**
 * `argosy status PIPELINE --from DATE --to DATE`: how each partition stands. With `--fail-on` it ends with the code of
 * `quality-failed` when one is in such a state; with `missing` also when the pipeline has no partitions at all.
 */
export async function partitionStatus(session: Session, given: Given): Promise<number> {
  const pipeline = given.args[0] ?? '';
  const range = rangeOf(given);
  const failOn =
    given.flags.failOn === undefined ? null : statesOf('--fail-on', given.flags.failOn);
  const found = await readPartitions(session, pipeline, range);
  if (found === null) throw noPartitions(pipeline);
  const { table } = found;
  const { stdout } = session.io;
  if (given.flags.json === true) await printPartitions(stdout, table, { pipeline, ...range });
  else printGrid(session, { pipeline, range, table });
  if (failOn?.has('missing') === true && table.size === 0 && (await isEmpty(session, pipeline))) {
    session.io.stderr.write(`${pipeline}: there are no partitions at all (--fail-on missing)\n`);
    return exitCodeOf('quality-failed');
  }
  const counts = countStates(table);
  const bad = failOn === null ? [] : [...failOn].filter((state) => counts[state] > 0);
  if (bad.length === 0) return 0;
  const words = bad.map((state) => `${humaneCount(counts[state])} ${state}`).join(', ');
  session.io.stderr.write(`${pipeline}: partitions ${words} (--fail-on)\n`);
  return exitCodeOf('quality-failed');
}

/** Whether nothing is known of the pipeline, whatever the days: then what should be there is not. */
async function isEmpty(session: Session, pipeline: string): Promise<boolean> {
  const found = await readPartitions(session, pipeline, { from: null, to: null });
  return found === null || found.table.size === 0;
}

function printGrid(
  session: Session,
  { pipeline, range, table }: { pipeline: string; range: DayRange; table: PartitionTable },
): void {
  const { io, flags, self } = session;
  const { stdout } = io;
  const sample = flags.sample === true ? ' --sample' : '';
  if (table.size === 0) {
    const days = [range.from ?? 'the beginning', range.to ?? 'today'].join(' to ');
    stdout.write(`${pipeline} has no partitions from ${days}\n`);
    io.stderr.write(`  ${self} run ${pipeline}${sample}  # brings some\n`);
    return;
  }
  const hasColor = flags.color !== false && terminalOf(stdout, io.env).hasColor;
  stdout.write(partitionGrid(table, hasColor));
  const open = openPartitions(table, widthOf(session));
  if (open === '') return;
  stdout.write(`\n${open}`);
  const [first, last] = workSpan(table);
  if (first === null || last === null) return;
  const days = `--from ${first} --to ${last}`;
  io.stderr.write(
    `\n  ${self} backfill ${pipeline}${sample} ${days} --dry-run  # what it would do\n`,
  );
}

/** The first and last day of what is not done and could be. */
function workSpan(table: PartitionTable): [string | null, string | null] {
  let first: string | null = null;
  let last: string | null = null;
  for (const { day, work } of partitionsOf(table, new Set(['missing', 'failed', 'stale']))) {
    if (work === null) continue;
    first ??= day;
    last = day;
  }
  return [first, last];
}

/** One line for `argosy status` without a range: what is not done, and how to see it; '' when all is. */
export function openLine(session: Session, pipeline: string, table: PartitionTable): string {
  const counts = countStates(table);
  const open = table.size - counts.done;
  if (open === 0) return '';
  const { self, flags } = session;
  const sample = flags.sample === true ? ' --sample' : '';
  const first = table.days.toSorted()[0] ?? '';
  return `${humaneCount(open)} of ${humaneCount(table.size)} partitions are not done: ${self} status ${pipeline}${sample} --from ${first}\n`;
}

function noPartitions(pipeline: string): PipelineError {
  const those = Object.keys(WINGS).filter((name) => 'partitions' in (WINGS[name] ?? {}));
  return new PipelineError('config-invalid', `pipeline ${pipeline} has no partitions`, {
    hint: `those that have: ${those.join(', ')}`,
  });
}
