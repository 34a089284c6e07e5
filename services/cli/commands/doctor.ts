import { PipelineError, toPipelineError } from '../../core/error.ts';
import { PROBE_MS_MAX } from '../../core/limit.ts';
import { describeConfig } from '../config/config.ts';
import { findWing, WINGS } from '../commands.ts';
import { openHost, wiringOf } from '../host.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import type { Work } from '../program.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../view/text-table.ts';
import { openChannels } from '../wire/notifier.ts';
import { probeWarehouse } from '../wire/warehouse.ts';
import { engineVersion, probeBucket } from '../wire/wire.ts';

/** An answer of Athena may have to queue. */
const ATHENA_MS_MAX = 30_000;

interface Check {
  what: string;
  answer: string;
  /** What went wrong; null when nothing did. */
  error: PipelineError | null;
}

/** `argosy doctor`: every setting with where it comes from, and what of it can be reached. */
export const doctor: Work = async (session, given) => {
  const settings = describeConfig(session.config);
  const checks: Check[] = [nodeCheck()];
  for (const bucket of await bucketsOf(given.args)) checks.push(await storeCheck(session, bucket));
  checks.push(await engineCheck());
  if (session.config.engine === 'athena') checks.push(await athenaCheck(session));
  checks.push(await warehouseCheck(session));
  const gateway = await gatewayCheck(session);
  if (gateway) checks.push(gateway);
  checks.push(...(await channelChecks(session, given.flags.notify === true)));
  if (given.flags.json === true) {
    const shown = checks.map(({ what, answer, error }) => ({ what, ok: error === null, answer }));
    printJson(session, { settings, checks: shown });
  } else print(session, settings, checks);
  const first = checks.find(({ error }) => error !== null);
  if (!first?.error) return 0;
  const { kind, message, hint } = first.error;
  throw new PipelineError(kind, `${first.what}: ${message}`, {
    hint: hint ?? 'the table above names each setting and where its value comes from',
    cause: first.error,
  });
};

function nodeCheck(): Check {
  return passed('node', process.version);
}

/** The buckets of these pipelines, of all when none is named, by the names of their settings. */
async function bucketsOf(pipelines: readonly string[]): Promise<string[]> {
  const names = pipelines.length === 0 ? Object.keys(WINGS) : pipelines;
  const buckets: string[] = [];
  for (const name of names) {
    const { sideBuckets = [] } = await findWing(name).load();
    buckets.push(name, ...sideBuckets.map((side) => `${name}-${side}`));
  }
  return buckets;
}

async function storeCheck(session: Session, pipeline: string): Promise<Check> {
  const host = openHost(session);
  const what = `store of ${pipeline}`;
  try {
    const url = await probeBucket(host, host.openBucket, pipeline);
    return passed(what, `${url}: put-if-absent holds`);
  } catch (error) {
    return failed(what, error);
  }
}

async function engineCheck(): Promise<Check> {
  try {
    return passed('query engine', await engineVersion());
  } catch (error) {
    return failed('query engine', error);
  }
}

/** Asks Athena for a row of no table, which reads and costs nothing. */
async function athenaCheck(session: Session): Promise<Check> {
  const { athena } = session.config;
  try {
    const host = openHost(session);
    const { openAthena } = await import('../wire/athena.ts');
    await openAthena(host, host.openBucket).ask({
      sql: 'SELECT 1',
      database: 'default',
      token: `doctor ${session.io.clock.now().toISOString()}`,
      signal: AbortSignal.any([session.signal, AbortSignal.timeout(ATHENA_MS_MAX)]),
    });
    return passed('athena', `workgroup ${athena.workgroup}, catalogue ${athena.catalog}: answers`);
  } catch (error) {
    return failed('athena', error);
  }
}

async function warehouseCheck(session: Session): Promise<Check> {
  try {
    return passed('warehouse', await probeWarehouse(session));
  } catch (error) {
    return failed('warehouse', error);
  }
}

/** Asks the Pushgateway whether it is ready; null when none is configured. */
async function gatewayCheck({ config }: Session): Promise<Check | null> {
  const { pushgatewayUrl: url } = config;
  if (url === undefined) return null;
  try {
    const reply = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(PROBE_MS_MAX) });
    await reply.body?.cancel();
    if (reply.ok) return passed('pushgateway', `${url}: ready`);
    throw new PipelineError('unavailable', `${url}/-/ready answered ${reply.status}`);
  } catch (cause) {
    if (cause instanceof PipelineError) return failed('pushgateway', cause);
    const hint = 'see that it runs, or take ARGOSY_PUSHGATEWAY_URL out';
    const message = `${url} cannot be reached`;
    return failed('pushgateway', new PipelineError('unavailable', message, { hint, cause }));
  }
}

/** The channels of notices; only when it is asked for are they sent something. */
async function channelChecks(session: Session, isSending: boolean): Promise<Check[]> {
  const channels = openChannels(wiringOf(session), session.signal);
  if (channels.length === 0) return [passed('notices', 'go to the log only')];
  const title = 'argosy doctor: a test, nothing has happened';
  const about = { pipeline: 'none', runId: 'none', lines: [] };
  return Promise.all(
    channels.map(async ({ name, notifier }) => {
      const what = `notices by ${name}`;
      if (!isSending) return passed(what, 'configured; argosy doctor --notify sends a test');
      try {
        await notifier.send({ topic: 'pipeline', severity: 'info', title, ...about });
        return passed(what, 'a test was sent');
      } catch (error) {
        return failed(what, error);
      }
    }),
  );
}

function passed(what: string, answer: string): Check {
  return { what, answer, error: null };
}

function failed(what: string, thrown: unknown): Check {
  const error = toPipelineError(thrown);
  const { message, hint } = error;
  return { what, answer: hint === undefined ? message : `${message} (${hint})`, error };
}

function print(
  session: Session,
  settings: readonly { name: string; value: string; origin: string }[],
  checks: readonly Check[],
): void {
  const options = { widthMax: widthOf(session) };
  const heads = (...names: string[]) => names.map((name) => ({ name, align: 'left' as const }));
  const { stdout } = session.io;
  const rows = settings.map(({ name, value, origin }) => [name, value, origin]);
  stdout.write(`${formatTable(heads('setting', 'value', 'from'), rows, options)}\n`);
  const answers = checks.map(({ what, answer, error }) => [
    error === null ? 'ok' : 'FAILED',
    what,
    answer,
  ]);
  stdout.write(formatTable(heads('check', 'of', 'answer'), answers, options));
}
