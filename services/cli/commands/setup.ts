import { PipelineError, toPipelineError } from '../../core/error.ts';
import { WINGS, findWing } from '../commands.ts';
import { wiringOf } from '../host.ts';
import { printJson } from '../view/print-result.ts';
import type { Given, Work } from '../program.ts';
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
}

/** `argosy setup`: makes the buckets, and with `--webhook` their notifications. A second call changes nothing. */
export const setup: Work = async (session, given) => {
  const pipelines = given.args.length === 0 ? Object.keys(WINGS) : given.args;
  for (const pipeline of pipelines) findWing(pipeline);
  const done: Done[] = [];
  for (const pipeline of pipelines) {
    done.push(await setUp(session, given, pipeline));
    const { sideBuckets = [] } = await findWing(pipeline).load();
    for (const side of sideBuckets)
      done.push(await setUpSide(session, given, `${pipeline}-${side}`));
  }
  if (given.flags.json === true) printJson(session, done);
  else for (const one of done) session.io.stdout.write(textOf(one, given.flags.dryRun === true));
  return 0;
};

async function setUp(session: Session, given: Given, pipeline: string): Promise<Done> {
  const wiring = wiringOf(session);
  const bucket = bucketOf(session.config, pipeline);
  const { arrivals } = await findWing(pipeline).load();
  const options = { signal: session.signal, isDryRun: given.flags.dryRun === true };
  const arn = checkedArn(given.flags.webhook);
  try {
    const buckets = openBucketSetup(wiring);
    const { url, isNew } = await buckets.make(bucket, options);
    const base = { pipeline, bucket, url, created: isNew };
    if (arn === null || arrivals === undefined) return { ...base, notification: null };
    const { prefix, suffixes } = arrivals;
    const target = { arn, prefix, suffixes };
    // A bucket that only would be made has no notifications to compare with.
    const isAbsent = isNew && options.isDryRun;
    const changed = isAbsent || (await buckets.notify(bucket, target, options));
    return { ...base, notification: { ...target, changed } };
  } catch (thrown) {
    throw failureOf(pipeline, thrown);
  }
}

/** A bucket in which nothing arrives from outside. */
async function setUpSide(session: Session, given: Given, name: string): Promise<Done> {
  const bucket = bucketOf(session.config, name);
  const options = { signal: session.signal, isDryRun: given.flags.dryRun === true };
  try {
    const { url, isNew } = await openBucketSetup(wiringOf(session)).make(bucket, options);
    return { pipeline: name, bucket, url, created: isNew, notification: null };
  } catch (thrown) {
    throw failureOf(name, thrown);
  }
}

function failureOf(name: string, thrown: unknown): PipelineError {
  const { kind, message, hint } = toPipelineError(thrown);
  const detail = hint === undefined ? {} : { hint };
  return new PipelineError(kind, `${name}: ${message}`, { ...detail, cause: thrown });
}

function checkedArn(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (/^arn:minio:sqs:[\w-]*:[\w-]+:[\w-]+$/.test(text)) return text;
  throw new PipelineError('config-invalid', `--webhook ${text} is no target of MinIO`, {
    hint: 'for example --webhook arn:minio:sqs::ARGO:webhook',
  });
}

function textOf({ pipeline, url, created, notification }: Done, isDryRun: boolean): string {
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
  return lines.map((line) => `${line}\n`).join('');
}
