import { PipelineError } from '../../core/error.ts';
import { humaneBytes, humaneCount } from '../../core/humane.ts';
import { namedKeys } from '../../stages/observe/lifecycle/named.ts';
import { type OldRuns, oldRuns } from '../../stages/observe/lifecycle/old-runs.ts';
import {
  BOOKKEEPING,
  expire,
  type LifecyclePlan,
  planLifecycle,
  s3Lifecycle,
} from '../../stages/observe/lifecycle/plan.ts';
import { findWing, WINGS } from '../commands.ts';
import { bucketFor, openHost, recordsOf } from '../host.ts';
import { bucketOf } from '../wire/wire.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import type { Work } from '../program.ts';
import { countOf, type Session } from '../session.ts';
import { formatTable } from '../view/text-table.ts';

/** What has grown old in one bucket. */
interface Aged {
  pipeline: string;
  plans: readonly LifecyclePlan[];
  runs: OldRuns;
}

/** `argosy lifecycle`: what has grown old in the buckets; with `--yes` removes what has expired and nothing needs. */
export const lifecycle: Work = async (session, given) => {
  const names = [...new Set(given.args.length > 0 ? given.args : Object.keys(WINGS))];
  for (const name of names) findWing(name);
  if (given.flags.s3 === true) return printS3(session, names);
  const runDays = countOf('--run-days', given.flags.runDays ?? '90');
  const isDone = given.flags.yes === true;
  const aged: Aged[] = [];
  let removed = 0;
  for (const name of names) {
    const one = await look(session, name, runDays);
    aged.push(one);
    const { signal } = session;
    const gone = [...one.plans.flatMap(({ expired }) => expired), ...one.runs.expired];
    if (isDone) removed += await expire({ store: bucketFor(session, name), signal }, gone);
  }
  if (given.flags.json === true) {
    printJson(session, { isDone, removed, rules: aged.flatMap(jsonOf), runs: aged.map(runsOf) });
    return 0;
  }
  print(session, aged, isDone ? removed : null);
  return 0;
};

async function look(session: Session, pipeline: string, runDays: number): Promise<Aged> {
  const { config, io, signal } = session;
  const host = openHost(session);
  const ports = {
    store: bucketFor(session, pipeline),
    records: recordsOf(session, pipeline),
    sideStore: (name: string) => host.openBucket(bucketOf(config, `${pipeline}-${name}`)),
    now: io.clock.now(),
    signal,
  };
  const wing = findWing(pipeline);
  const rules = [...((await wing.lifecycle?.()) ?? []), ...BOOKKEEPING];
  const named = await namedKeys(ports, await wing.proofs());
  const plans = await planLifecycle(ports, { now: ports.now, rules, named });
  return { pipeline, plans, runs: await oldRuns(ports, pipeline, runDays) };
}

/** A bucket has one configuration, and each pipeline its own bucket. */
async function printS3(session: Session, names: readonly string[]): Promise<number> {
  const [name = '', ...more] = names;
  if (more.length > 0) {
    throw new PipelineError('config-invalid', '--s3 prints the rules of one bucket', {
      hint: 'name its pipeline, for example: argosy lifecycle commerce --s3',
    });
  }
  printJson(
    session,
    s3Lifecycle([...((await findWing(name).lifecycle?.()) ?? []), ...BOOKKEEPING]),
  );
  return 0;
}

const HEADS = [
  'pipeline',
  'prefix',
  'objects',
  'bytes',
  'infrequent',
  'archive',
  'expired',
  'kept',
];

function print(session: Session, aged: readonly Aged[], removed: number | null): void {
  const { stdout } = session.io;
  const columns = HEADS.map((name) => ({
    name,
    align: name === 'pipeline' || name === 'prefix' ? ('left' as const) : ('right' as const),
  }));
  const rows = aged.flatMap(({ pipeline, plans, runs }) => [
    // What is not there need not be told of.
    ...plans.filter(({ objects }) => objects > 0).map((plan) => [pipeline, ...rowOf(plan)]),
    [
      pipeline,
      'runs',
      humaneCount(runs.runs),
      '',
      '',
      '',
      humaneCount(runs.expired.length),
      humaneCount(runs.kept),
    ],
  ]);
  stdout.write(formatTable(columns, rows, { widthMax: widthOf(session) }));
  stdout.write(lastLine(aged, removed));
}

function lastLine(aged: readonly Aged[], removed: number | null): string {
  if (removed !== null) return `${humaneCount(removed)} expired objects removed\n`;
  const expired = aged.reduce(
    (sum, { plans, runs }) =>
      plans.reduce((own, plan) => own + plan.expired.length, sum) + runs.expired.length,
    0,
  );
  return expired === 0
    ? 'nothing has expired\n'
    : `${humaneCount(expired)} objects have expired, nothing was changed: add --yes to remove them\n`;
}

function rowOf({ rule, objects, sizeBytes, infrequent, archive, expired, named }: LifecyclePlan) {
  const counts = [infrequent, archive, expired.length, named].map(humaneCount);
  return [rule.prefix, humaneCount(objects), humaneBytes(sizeBytes), ...counts];
}

function jsonOf({ pipeline, plans }: Aged) {
  return plans.map(({ expired, ...plan }) => ({
    pipeline,
    ...plan,
    expired: expired.map(({ key }) => key),
  }));
}

function runsOf({ pipeline, runs }: Aged) {
  return { pipeline, ...runs, expired: runs.expired.map(({ key }) => key) };
}
