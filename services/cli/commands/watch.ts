import { mkdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { exitCodeOf, type ErrorKind, PipelineError } from '../../core/error.ts';
import { openLanding } from '../../events/landing.ts';
import { openLedger } from '../../events/ledger.ts';
import { watch as watchBucket, type WatchEvent, type WatchOptions } from '../../events/watch.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { Arrivals } from '../../ports/step.ts';
import { findWing } from '../commands.ts';
import { parseDuration } from '../duration.ts';
import { openHost, recordsOf, wiringOf } from '../host.ts';
import type { Given, Work } from '../program.ts';
import { arrivalRunner } from '../run/run-arrival.ts';
import { runName } from '../run/run-request.ts';
import { type Session, sideFolder, warnOfNotices, wholeNumber } from '../session.ts';
import { terminalOf } from '../view/view.ts';
import { openLog } from '../run/watch-run.ts';
import { type WatchView, watchView } from '../view/watch-view.ts';
import { bucketOf } from '../wire/wire.ts';
import { makeLandingScratch, openBucketEvents, openDrop } from '../wire/events.ts';

/** Runs that are under way when the watcher is told to stop may go on for so long; a pod is killed after 30 s. */
const DRAIN_MS = 8_000;
const SWEEP_MS_MIN = 100;

/** `argosy watch`: a run for whatever arrives, until Ctrl-C, or with `--once` for what is there. */
export const watch: Work = async (session, given) => {
  const pipeline = given.args[0] ?? '';
  const rule = await ruleOf(pipeline);
  const place = await openPlace(session, given, { pipeline, rule });
  const { io } = session;
  const view = watchView({
    stream: io.stderr,
    isTerminal: terminalOf(io.stderr, io.env).isTerminal && given.flags.json !== true,
    clock: io.clock,
    title: `watching ${place.title}`,
  });
  const log = await divertLog(session, pipeline, view);
  let failure: ErrorKind | null = null;
  const onEvent = (event: WatchEvent): void => {
    view.onEvent(event);
    // With --once no later sweep makes up for what could not be brought in.
    if (event.type === 'trouble') failure ??= event.error.kind;
    if (event.type !== 'settled') return;
    failure ??= event.end.error?.kind ?? null;
    if (given.flags.json === true) printSettled(session, pipeline, event);
  };
  try {
    warnOfNotices(session);
    view.writeLine(`watching ${place.title}\n`);
    const run = await arrivalRunner(session, given, { rule, logPath: log.path });
    await watchBucket({ ...place.options, ...place.open(onEvent), run, onEvent });
  } finally {
    view.end();
    await log.end();
    await place.close();
  }
  if (session.signal.aborted) {
    io.stderr.write('stopped: what is not done yet is left to the next watcher\n');
  }
  return given.flags.once === true && failure !== null ? exitCodeOf(failure) : 0;
};

async function ruleOf(pipeline: string): Promise<Arrivals> {
  const { arrivals } = await findWing(pipeline).load();
  if (arrivals) return arrivals;
  throw new PipelineError('config-invalid', `${pipeline} takes nothing that arrives`, {
    hint: `start it by hand: argosy run ${pipeline}`,
  });
}

interface Place {
  title: string;
  options: Omit<WatchOptions, 'run' | 'onEvent' | 'events' | 'landing'>;
  /** Opened last, when whoever listens to its troubles is there. */
  open(onEvent: (event: WatchEvent) => void): Pick<WatchOptions, 'events' | 'landing'>;
  close(): Promise<void>;
}

async function openPlace(
  session: Session,
  given: Given,
  { pipeline, rule }: { pipeline: string; rule: Arrivals },
): Promise<Place> {
  const { io, config, signal } = session;
  const { flags } = given;
  const wiring = wiringOf(session);
  const store = openHost(session).openBucket(bucketOf(config, pipeline));
  const heard = openBucketEvents(wiring, store, pipeline);
  const records = recordsOf(session, pipeline);
  const options = {
    rule,
    store,
    bucket: heard.bucket,
    ledger: openLedger(records, pipeline),
    clock: io.clock,
    watcher: `${hostname()}-${process.pid}-${io.clock.now().getTime()}`,
    runsMax: atLeast(1, wholeNumber('--at-once', flags.atOnce), '--at-once'),
    quietMs: heard.quietMs,
    sweepEveryMs: atLeast(
      SWEEP_MS_MIN,
      parseDuration('--sweep-every', flags.sweepEvery ?? ''),
      '--sweep-every (in milliseconds)',
    ),
    isOnce: flags.once === true,
    retriesFailed: flags.retryFailed === true,
    drainMs: DRAIN_MS,
    signal,
  };
  if (flags.dir === undefined) {
    return {
      title: placeText(store, rule),
      options,
      open: () => ({ events: heard.events, landing: null }),
      close: async () => undefined,
    };
  }
  const drop = await openDrop(wiring, pipeline, flags.dir);
  await mkdir(config.scratchFolder, { recursive: true });
  const scratch = await makeLandingScratch(wiring);
  const from = { ...options, pipeline, records, quietMs: drop.quietMs, scratch };
  return {
    title: `${relative(io.cwd, drop.path) || '.'}/ for ${placeText(store, rule)}`,
    options,
    open: (onEvent) => {
      const onTrouble = (key: string, error: PipelineError): void =>
        onEvent({ type: 'trouble', key, error });
      const landing = openLanding({ ...from, drop: drop.openStore(onTrouble), onTrouble });
      return { events: drop.events, landing };
    },
    close: () => rm(scratch, { recursive: true, force: true }),
  };
}

function placeText(store: ObjectStore, { prefix, suffixes }: Arrivals): string {
  const names = suffixes.length === 0 ? '*' : suffixes.map((suffix) => `*${suffix}`).join(' ');
  return `${store.url}/${prefix} (${names})`;
}

function atLeast(min: number, value: number, flag: string): number {
  if (value >= min) return value;
  throw new PipelineError('config-invalid', `${flag} ${value} is less than ${min}`, {
    hint: `give ${min} or more`,
  });
}

/** Log lines for people go to a file while the view is on; for machines (`json`) they stay on stderr. */
async function divertLog(session: Session, pipeline: string, view: WatchView) {
  const { io, config, writer } = session;
  const name = runName(`watch-${pipeline}`, io.clock.now());
  const path = join(sideFolder(session, 'logs'), `${name}.log`);
  let isWritable = true;
  const giveUp = (error: NodeJS.ErrnoException): void => {
    isWritable = false;
    view.writeLine(`warning: the log ${relative(io.cwd, path)} cannot be written: ${error.code}\n`);
  };
  const file = config.log.format === 'json' ? null : await openLog(path, giveUp);
  writer.write = (line) => (file && isWritable ? file.write(line) : view.writeLine(line));
  return {
    path: () => (file && isWritable ? relative(io.cwd, path) : null),
    end: async () => {
      await session.log.flush();
      writer.write = (line) => io.stderr.write(line);
      if (file) await new Promise<void>((resolve) => file.end(() => resolve()));
    },
  };
}

function printSettled(
  { io }: Session,
  pipeline: string,
  { arrivals, end, durationMs }: Extract<WatchEvent, { type: 'settled' }>,
): void {
  for (const { key, etag, sizeBytes } of arrivals) {
    const line = {
      pipeline,
      key,
      etag,
      size_bytes: sizeBytes,
      status: end.error === null ? 'success' : 'error',
      run_id: end.runName,
      duration_seconds: durationMs / 1000,
      rows: end.report?.rows ?? null,
      problems: end.report?.problems ?? [],
      failures: end.report?.failures ?? {},
      error_class: end.error?.kind ?? null,
      error_message: end.error?.message ?? null,
      error_hint: end.error?.hint ?? null,
    };
    io.stdout.write(`${JSON.stringify(line)}\n`);
  }
}
