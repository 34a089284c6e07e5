import { PassThrough } from 'node:stream';
import { toPipelineError, PipelineError } from '../../core/error.ts';
import { humaneBytes, humaneCount } from '../../core/humane.ts';
import type { ReplayPlan, ReplayRun, ReplaySource } from '../../stages/observe/replay/replay.ts';
import { findWing } from '../commands.ts';
import { bucketFor, recordsOf } from '../host.ts';
import { printJson } from '../view/print-result.ts';
import type { Given, Work } from '../program.ts';
import { checkedDate } from '../run/run-identity.ts';
import type { Session } from '../session.ts';
import { run } from './run.ts';

/** Runs that people are shown before they say yes. */
const RUNS_SHOWN = 20;

/** `argosy replay`: says which raw objects would be worked on again, by which runs; with `--yes` runs them in turn. */
export const replay: Work = async (session, given) => {
  const pipeline = given.args[0] ?? '';
  const since = checkedDate(given.flags.since ?? '');
  const source = await findWing(pipeline).replay();
  const plan = await source.plan(
    {
      store: bucketFor(session, pipeline),
      records: recordsOf(session, pipeline),
      now: session.io.clock.now(),
      signal: session.signal,
    },
    since,
  );
  const isJson = given.flags.json === true;
  const isDone = given.flags.yes === true && plan.runs.length > 0;
  if (!isJson) session.io.stdout.write(textOf(pipeline, { since, source, plan }));
  if (isDone) await perform(session, given, pipeline, plan.runs);
  if (isJson) printJson(session, { pipeline, since, raw: source.raw, ...plan, isDone });
  else session.io.stdout.write(endOf(plan, isDone));
  return 0;
};

function textOf(
  pipeline: string,
  { since, source, plan }: { since: string; source: ReplaySource; plan: ReplayPlan },
): string {
  const { objects, sizeBytes, from, to, runs } = plan;
  const days = from === null ? `none since ${since}` : from === to ? from : `${from} to ${to}`;
  const size = objects === 0 ? '' : `, ${humaneBytes(sizeBytes)}`;
  return [
    `${pipeline} from ${source.raw}: ${humaneCount(objects)} raw objects${size} (${days})`,
    `  made again: ${source.remakes.join(', ')}`,
    ...runs.slice(0, RUNS_SHOWN).map(({ what, parameters }) => {
      const flags = Object.entries(parameters).map(([name, value]) => `-p ${name}=${value}`);
      return `  run: ${what}: argosy run ${pipeline} ${flags.join(' ')}`;
    }),
    ...(runs.length > RUNS_SHOWN
      ? [`  and ${humaneCount(runs.length - RUNS_SHOWN)} more (--json lists all)`]
      : []),
    '',
  ].join('\n');
}

function endOf({ runs }: ReplayPlan, isDone: boolean): string {
  if (runs.length === 0) return 'nothing to do\n';
  const count = runs.length === 1 ? '1 run' : `${humaneCount(runs.length)} runs`;
  return isDone ? `${count} done\n` : `${count}, nothing was changed: add --yes to do it\n`;
}

/** One after another: a later day may correct an earlier one. */
async function perform(
  session: Session,
  given: Given,
  pipeline: string,
  runs: readonly ReplayRun[],
): Promise<void> {
  // The summaries of the runs are no data of this command.
  const io = { ...session.io, stdout: new PassThrough().resume() };
  // The sample would put its files again.
  const flags = { ...given.flags, sample: false, json: false };
  for (const [at, { what, parameters }] of runs.entries()) {
    const parameter = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    try {
      await run(
        { ...session, io, flags: { ...session.flags, sample: false } },
        { args: [pipeline], flags: { ...flags, parameter } },
      );
    } catch (thrown) {
      const { kind, message, hint = '' } = toPipelineError(thrown);
      throw new PipelineError(kind, `replay stopped at ${what}: ${message}`, {
        hint: at === 0 ? hint : `${hint}; the ${at} runs before it are done`,
        cause: thrown,
      });
    }
  }
}
