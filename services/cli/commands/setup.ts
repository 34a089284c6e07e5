import { PipelineError, toPipelineError } from '../../core/error.ts';
import type { LifecycleRule } from '../../core/lifecycle.ts';
import { WINGS, findWing } from '../commands.ts';
import { wiringOf } from '../host.ts';
import { printJson } from '../view/print-result.ts';
import type { Given, Work } from '../program.ts';
import { engineOf } from '../ask/engine.ts';
import { lineOf, type Told } from '../ask/told.ts';
import type { Session } from '../session.ts';
import { bucketOf } from '../wire/wire.ts';
import { openBucketSetup } from '../wire/events.ts';

/** What was done for one bucket; `pipeline` is the name of its setting. */
interface Done {
  pipeline: string;
  bucket: string;
  url: string;
  created: boolean;
  /** Null when no notifications were asked for, or nothing arrives in this bucket. */
  notification: {
    arn: string;
    prefix: string;
    suffixes: readonly string[];
    changed: boolean;
  } | null;
  /** Null when it was not asked for, or the pipeline has no rules. */
  lifecycle: { rules: readonly LifecycleRule[]; changed: boolean } | null;
}

/**
 * `argosy setup`: makes the buckets, with `--webhook` their notifications, and registers the tables where Athena is the
 * engine. A second call changes nothing.
 */
export const setup: Work = async (session, given) => {
  const pipelines = given.args.length === 0 ? Object.keys(WINGS) : given.args;
  for (const pipeline of pipelines) findWing(pipeline);
  checkStore(session, given);
  const done: Done[] = [];
  for (const pipeline of pipelines) {
    done.push(await setUp(session, given, pipeline));
    const { sideBuckets = [] } = await findWing(pipeline).load();
    for (const side of sideBuckets)
      done.push(await setUpSide(session, given, `${pipeline}-${side}`));
  }
  const registered = await registerWhere(session, given, pipelines);
  if (given.flags.json === true) printJson(session, [...done, ...registered]);
  else {
    for (const one of done) session.io.stdout.write(textOf(one, given.flags.dryRun === true));
    for (const one of registered) session.io.stdout.write(`${lineOf(one)}\n`);
  }
  return 0;
};

/** Athena is told of objects in S3 alone; nothing is made where that cannot be done. */
function checkStore(session: Session, { flags }: Given): void {
  if (engineOf(session, flags) !== 'athena' || session.config.store.kind === 's3') return;
  throw new PipelineError('config-invalid', 'Athena reads objects in S3 alone', {
    hint: 'set ARGOSY_STORE=s3:, or see the statements: argosy tables --ddl athena',
  });
}

async function setUp(session: Session, given: Given, pipeline: string): Promise<Done> {
  const wiring = wiringOf(session);
  const bucket = bucketOf(session.config, pipeline);
  const { arrivals } = await findWing(pipeline).load();
  const options = { signal: session.signal, isDryRun: given.flags.dryRun === true };
  const arn = checkedArn(given.flags.webhook);
  try {
    const buckets = openBucketSetup(wiring);
    const { url, isNew } = await buckets.make(bucket, options);
    // A bucket that only would be made has nothing to compare with.
    const isAbsent = isNew && options.isDryRun;
    const lifecycle = await ageBy(session, given, { pipeline, bucket, isAbsent });
    const base = { pipeline, bucket, url, created: isNew, lifecycle };
    if (arn === null || arrivals === undefined) return { ...base, notification: null };
    const { prefix, suffixes } = arrivals;
    const target = { arn, prefix, suffixes };
    const changed = isAbsent || (await buckets.notify(bucket, target, options));
    return { ...base, notification: { ...target, changed } };
  } catch (thrown) {
    throw failureOf(pipeline, thrown);
  }
}

/** The pipeline's rules for what grows old, applied by the store itself where `--lifecycle` asks for it. */
async function ageBy(
  session: Session,
  { flags }: Given,
  { pipeline, bucket, isAbsent }: { pipeline: string; bucket: string; isAbsent: boolean },
): Promise<Done['lifecycle']> {
  const rules = await findWing(pipeline).lifecycle?.();
  if (flags.lifecycle !== true || rules === undefined) return null;
  const options = { signal: session.signal, isDryRun: flags.dryRun === true };
  const buckets = openBucketSetup(wiringOf(session));
  const changed = isAbsent || (await buckets.age(bucket, rules, options));
  return { rules, changed };
}

/** A bucket in which nothing arrives from outside. */
async function setUpSide(session: Session, given: Given, name: string): Promise<Done> {
  const bucket = bucketOf(session.config, name);
  const options = { signal: session.signal, isDryRun: given.flags.dryRun === true };
  try {
    const { url, isNew } = await openBucketSetup(wiringOf(session)).make(bucket, options);
    return { pipeline: name, bucket, url, created: isNew, notification: null, lifecycle: null };
  } catch (thrown) {
    throw failureOf(name, thrown);
  }
}

function failureOf(name: string, thrown: unknown): PipelineError {
  const { kind, message, hint } = toPipelineError(thrown);
  const detail = hint === undefined ? {} : { hint };
  return new PipelineError(kind, `${name}: ${message}`, { ...detail, cause: thrown });
}

/** The tables of each pipeline, where the engine is one that has to be told of them. */
async function registerWhere(
  session: Session,
  given: Given,
  pipelines: readonly string[],
): Promise<Told[]> {
  if (engineOf(session, given.flags) !== 'athena') return [];
  const { registerTables } = await import('../ask/register.ts');
  const told: Told[] = [];
  for (const pipeline of pipelines) {
    if (findWing(pipeline).database === undefined) continue;
    try {
      told.push(await registerTables(session, pipeline, { isDryRun: given.flags.dryRun === true }));
    } catch (thrown) {
      throw failureOf(pipeline, thrown);
    }
  }
  return told;
}

function checkedArn(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (/^arn:minio:sqs:[\w-]*:[\w-]+:[\w-]+$/.test(text)) return text;
  throw new PipelineError('config-invalid', `--webhook ${text} is no target of MinIO`, {
    hint: 'for example --webhook arn:minio:sqs::ARGO:webhook',
  });
}

function textOf(done: Done, isDryRun: boolean): string {
  const { pipeline, url, created, notification, lifecycle } = done;
  const made = isDryRun ? 'would be created' : 'created';
  const lines = [`${pipeline}: ${url} ${created ? made : 'is there'}`];
  if (notification) {
    const { arn, prefix, suffixes, changed } = notification;
    const what = `${prefix}*${suffixes.length === 0 ? '' : ` (${suffixes.join(', ')})`}`;
    const set = isDryRun ? 'would go' : 'go';
    const state = changed ? `now ${set}` : 'go';
    lines.push(
      `${pipeline}: notifications of ${what} ${state} to ${arn}${changed ? '' : ' already'}`,
    );
  }
  if (lifecycle) {
    const { rules, changed } = lifecycle;
    const state = changed ? (isDryRun ? 'would now be applied' : 'now applied') : 'applied already';
    const what = rules.map(({ prefix }) => `${prefix}*`).join(', ');
    lines.push(`${pipeline}: rules for what grows old below ${what}: ${state}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}
