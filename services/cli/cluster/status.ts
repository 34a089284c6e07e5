import { PipelineError } from '../../core/error.ts';
import { humaneDuration } from '../../core/humane.ts';
import { nextRun } from '../../core/next-run.ts';
import { printable } from '../../core/printable.ts';
import type { RunState, ScheduleState, WorkflowCluster } from '../../ports/workflow-cluster.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import type { Given } from '../program.ts';
import { countOf, type Session } from '../session.ts';
import { formatTable } from '../view/text-table.ts';
import { openCluster } from '../wire/engine.ts';

/** `argosy status PIPELINE --cluster`: the newest workflows of a pipeline in the cluster, and its schedules. */
export async function clusterStatus(session: Session, given: Given): Promise<number> {
  const { signal, io } = session;
  const pipeline = given.args[0] ?? '';
  const limit = countOf('--limit', given.flags.limit);
  const cluster = await openCluster(session, given.flags);
  await cluster.template(pipeline, { signal });
  const runs = await cluster.runs(pipeline, limit, { signal });
  const found = await schedulesOf(session, cluster, pipeline);
  const now = io.clock.now();
  const schedules = found.map((one) => ({ ...one, nextAt: nextOf(one, now) }));
  const { namespace, context } = cluster.place;
  if (given.flags.json === true) {
    printJson(session, { pipeline, namespace, context, runs, schedules });
    return 0;
  }
  const options = { widthMax: widthOf(session) };
  if (runs.length === 0) {
    io.stdout.write(`${pipeline} has no workflow in namespace ${namespace} of ${context}\n`);
  } else
    io.stdout.write(
      formatTable(
        RUN_COLUMNS,
        runs.map((run) => runRow(run, now)),
        options,
      ),
    );
  if (schedules.length > 0) {
    io.stdout.write(`\n${formatTable(SCHEDULE_COLUMNS, schedules.map(scheduleRow), options)}`);
  }
  return 0;
}

/** Who may not list schedules still sees the runs. */
async function schedulesOf(
  { io, signal }: Session,
  cluster: WorkflowCluster,
  pipeline: string,
): Promise<readonly ScheduleState[]> {
  try {
    return await cluster.schedules(pipeline, { signal });
  } catch (error) {
    if (!(error instanceof PipelineError) || error.kind !== 'denied') throw error;
    io.stderr.write(`warning: no schedules are shown: ${printable(error.message)}\n`);
    return [];
  }
}

type Schedule = ScheduleState & { nextAt: Date | null };

const left = (...names: string[]) => names.map((name) => ({ name, align: 'left' as const }));

const RUN_COLUMNS = [
  { name: 'workflow', align: 'left' as const, isKept: true },
  ...left('phase', 'trigger', 'logical date', 'started'),
  { name: 'time', align: 'right' as const },
  ...left('steps', 'message'),
];

const SCHEDULE_COLUMNS = left('schedule', 'when', 'zone', 'state', 'last', 'next');

function runRow(run: RunState, now: Date): string[] {
  const { startedAt, finishedAt } = run;
  const durationMs = startedAt && (finishedAt ?? now).getTime() - startedAt.getTime();
  return [
    run.runName,
    run.phase,
    run.labels['trigger'] ?? '',
    run.labels['logical-date'] ?? '',
    momentText(startedAt),
    durationMs === undefined ? '' : humaneDuration(durationMs),
    run.progress ?? '',
    run.message ?? '',
  ];
}

function scheduleRow(schedule: Schedule): string[] {
  return [
    schedule.name,
    schedule.schedules.join('; '),
    schedule.timezone ?? '',
    schedule.isSuspended ? 'suspended' : 'active',
    momentText(schedule.lastScheduledAt),
    momentText(schedule.nextAt ?? undefined),
  ];
}

function momentText(moment: Date | undefined): string {
  return moment === undefined ? '' : moment.toISOString().slice(0, 19).replace('T', ' ');
}

/** The earliest of its next times; null when it is suspended, or none can be told. */
function nextOf(schedule: ScheduleState, now: Date): Date | null {
  const { schedules, timezone = '', isSuspended, lastScheduledAt: lastAt } = schedule;
  if (isSuspended) return null;
  const times = schedules.flatMap((one) => nextRun(one, now, { timezone, lastAt }) ?? []);
  return times.toSorted((a, b) => a.getTime() - b.getTime())[0] ?? null;
}
