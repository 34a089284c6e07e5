import { humaneCount, humaneDuration } from '../../core/humane.ts';
import type { PartitionState } from '../../core/partition.ts';
import { printable } from '../../core/printable.ts';
import type { Estimate } from '../../stages/observe/backfill/estimate.ts';
import type { BackfillPlan, BackfillUnit } from '../../stages/observe/backfill/plan.ts';
import type { UnitRecord } from '../../stages/observe/backfill/progress.ts';
import { formatTable } from './text-table.ts';

/** Runs that are listed; `--json` has all. */
const UNITS_MAX = 40;
/** Objects that are named of what a run reads. */
const READS_MAX = 3;

/** A plan as it is about to be run. */
export interface PlanPreview {
  plan: BackfillPlan;
  progress: ReadonlyMap<string, UnitRecord>;
  estimate: Estimate;
  /** Partitions that are not done, in states that the plan does not look at. */
  others: Partial<Record<PartitionState, number>>;
  /** Runs at a time, and why no more where fewer were asked for. */
  concurrency: number;
  reason: string | null;
}

/** What a plan would do, for people. */
export function planText(preview: PlanPreview, widthMax: number): string {
  const { plan, progress } = preview;
  const left = plan.units.filter(({ work }) => progress.get(work)?.state !== 'done');
  const lines = plan.units.length === 0 ? [] : [headLine(preview, left)];
  const rows = left.slice(0, UNITS_MAX).map((unit) => unitRow(unit, progress.get(unit.work)));
  const heads = ['run', 'partitions', 'state', 'rows', 'why'].map((name) => ({
    name,
    align: name === 'rows' ? ('right' as const) : ('left' as const),
    isKept: name === 'run',
  }));
  if (rows.length > 0) lines.push(formatTable(heads, rows, { widthMax }).trimEnd());
  if (left.length > rows.length) {
    lines.push(`and ${humaneCount(left.length - rows.length)} more runs; --json has all`);
  }
  for (const { reason, partitions, first } of plan.leftOut) {
    const of = partitions === 1 ? first : `${humaneCount(partitions)} partitions from ${first} on`;
    lines.push(`left out: ${printable(of)}: ${printable(reason)}; there is nothing to make it of`);
  }
  for (const [state, count] of Object.entries(preview.others)) {
    const only = state === 'running' ? '' : `: --only ${[...plan.only, state].join(',')}`;
    lines.push(`${humaneCount(count)} more ${count === 1 ? 'is' : 'are'} ${state}${only}`);
  }
  if (left.length > 0) lines.push(estimateLine(preview, left.length));
  return lines.map((line) => `${line}\n`).join('');
}

function headLine(
  { plan, concurrency, reason }: PlanPreview,
  left: readonly BackfillUnit[],
): string {
  const partitions = left.reduce((sum, { partitionCount }) => sum + partitionCount, 0);
  const order = plan.order === 'asc' ? 'oldest first' : 'newest first';
  const atOnce = concurrency === 1 ? 'one at a time' : `${concurrency} at a time`;
  const why = reason === null ? '' : ` (${reason})`;
  const runs = left.length === 1 ? '1 run' : `${humaneCount(left.length)} runs`;
  const those = partitions === 1 ? '1 partition' : `${humaneCount(partitions)} partitions`;
  return `plan ${plan.id}: ${plan.pipeline}, ${runs} for ${those}, ${order}, ${atOnce}${why}`;
}

function unitRow(unit: BackfillUnit, record: UnitRecord | undefined): string[] {
  const [first = ''] = unit.partitions;
  const partitions =
    unit.partitionCount === 1 ? first : `${humaneCount(unit.partitionCount)} from ${first} on`;
  const states = Object.entries(unit.states).map(([state, count]) =>
    unit.partitionCount === 1 ? state : `${humaneCount(count)} ${state}`,
  );
  const rows = unit.rows === null ? '' : humaneCount(unit.rows);
  const why = record?.error?.message ?? unit.reason ?? '';
  return [unit.work, partitions, states.join(', '), rows, why];
}

function estimateLine({ estimate, concurrency }: PlanPreview, runs: number): string {
  const { secondsEach, costUsdEach, runs: known } = estimate;
  const by = known === 1 ? 'by 1 good run' : `by the last ${known} good runs`;
  if (known === 0) return 'estimated time and cost: unknown, for no run has ended well yet';
  const time =
    secondsEach === null
      ? 'time unknown'
      : humaneDuration(secondsEach * Math.ceil(runs / concurrency) * 1000);
  const cost = costUsdEach === null ? 'cost unknown' : `${usd(costUsdEach * runs)} US dollars`;
  return `estimated: ${time}, ${cost} (${by})`;
}

/** Dollars with as many digits as tell something. */
export function usd(value: number): string {
  return value >= 0.01 ? value.toFixed(2) : value.toPrecision(2);
}

/** Of a dry run also what each run reads and writes, and the statements that change tables. */
export function planDetail({ plan, progress }: PlanPreview): string {
  const left = plan.units.filter(({ work }) => progress.get(work)?.state !== 'done');
  const lines = left.slice(0, UNITS_MAX).flatMap((unit) => {
    const more = unit.reads.length - READS_MAX;
    const reads = unit.reads.slice(0, READS_MAX).join(', ');
    const parameters = Object.entries(unit.parameters).map(([name, value]) => `${name}=${value}`);
    return [
      unit.work,
      `  with    ${parameters.join(' ')}`,
      `  reads   ${reads}${more > 0 ? ` and ${humaneCount(more)} more` : ''}`,
      `  writes  ${unit.writes.join(', ')}`,
    ];
  });
  const statements = [...new Set(left.flatMap(({ sql }) => sql))];
  if (statements.length > 0) lines.push('SQL');
  for (const statement of statements) lines.push(indented(statement), '');
  const all = lines.flatMap((line) => line.split('\n'));
  return all.map((line) => `${printable(line)}\n`).join('');
}

function indented(statement: string): string {
  return statement
    .split('\n')
    .map((line) => `  ${line.trimEnd()}`)
    .join('\n');
}
