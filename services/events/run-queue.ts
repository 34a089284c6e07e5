import { type ErrorKind, type PipelineError, toPipelineError } from '../core/error.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Arrival, Arrivals, Problem } from '../ports/step.ts';
import { arrivalId } from './arrival.ts';
import { openGather } from './gather.ts';
import { openLanes } from './lanes.ts';
import type { Ledger } from './ledger.ts';

/** How the run for some arrivals ended. */
export interface RunEnd {
  runName: string;
  /** Null after a good run. */
  error: PipelineError | null;
  /** What a good run found; absent when it left no record. */
  report?: RunReport;
}

/** What is worth telling of a good run. */
export interface RunReport {
  rows: number;
  /** What went wrong without ending it: a file that is no table, among others. */
  problems: readonly Problem[];
  /** Failures by check of data quality. */
  failures: Readonly<Record<string, number>>;
}

/** Does the work for arrivals; `attempt` counts from 0. Never throws for what a run throws. */
export type RunArrivals = (
  arrivals: readonly Arrival[],
  call: { attempt: number; signal: AbortSignal },
) => Promise<RunEnd>;

/** What whoever watches is told. */
export type DeskEvent =
  | { type: 'started'; arrivals: readonly Arrival[] }
  | { type: 'settled'; arrivals: readonly Arrival[]; end: RunEnd; durationMs: number }
  /** It failed in a way that waiting may cure. */
  | { type: 'postponed'; arrivals: readonly Arrival[]; end: RunEnd; waitMs: number }
  /** The store could not be asked or told; the next sweep makes up for it. */
  | { type: 'trouble'; key: string; error: PipelineError };

export interface DeskOptions {
  rule: Arrivals;
  store: ObjectStore;
  ledger: Ledger;
  clock: Clock;
  run: RunArrivals;
  onEvent(event: DeskEvent): void;
  /** Who accepts. */
  watcher: string;
  /** Runs at one time. */
  runsMax: number;
  /** How long an object must stay as it is before it is taken; 0 where the store shows whole objects only. */
  quietMs: number;
  /** True: what is there now is seen to, once; what fails in a curable way is left to another time. */
  isOnce: boolean;
  /** Aborted: nothing new is taken. */
  signal: AbortSignal;
  /** Aborted: runs under way end. */
  runSignal: AbortSignal;
}

/** Runs for arrivals that were taken on. */
export interface RunQueue {
  add(arrival: Arrival): void;
  /** Resolves when nothing is held back and nothing runs. */
  idle(): Promise<void>;
}

/** The one lane of arrivals that come together. */
const TOGETHER = '';
/** What is there already need not be waited for long. */
const ONCE_TOGETHER_MS = 200;
/** Waits before a run that failed in a curable way is had again. */
const POSTPONE_MS = 30_000;
const POSTPONE_MS_MAX = 15 * 60_000;

/** Records of one run written beside each other. */
const SETTLES_MAX = 16;

/** Kinds after which nothing is said of the arrival, so that it is taken up again. */
const UNSETTLED: ReadonlySet<ErrorKind> = new Set(['interrupted']);
const CURABLE: ReadonlySet<ErrorKind> = new Set([
  'unavailable',
  'throttled',
  'conflict',
  'commit-unknown',
]);

/** Opens a queue; `leave` is told of each arrival that it has done with, however that ended. */
export function openRunQueue(options: DeskOptions, leave: (arrival: Arrival) => void): RunQueue {
  const { rule, clock, signal } = options;
  const isShared = rule.togetherMs !== undefined;
  const runs = openLanes(isShared ? 1 : options.runsMax);
  signal.addEventListener('abort', () => runs.clear(), { once: true });

  const start = (arrivals: readonly Arrival[], attempt: number): void => {
    const key = arrivals[0]?.key ?? '';
    void runs
      .run(isShared ? TOGETHER : key, () =>
        perform({ ...options, again: start, leave }, arrivals, attempt),
      )
      .catch((thrown: unknown) => tellTrouble(options, key, thrown));
  };
  const togetherMs = rule.togetherMs ?? 0;
  const windowMs = options.isOnce ? Math.min(togetherMs, ONCE_TOGETHER_MS) : togetherMs;
  const gather = openGather<Arrival>({ windowMs, clock, signal }, (held) => start(held, 0));
  return {
    add: (arrival) => (isShared ? gather.add(arrival) : start([arrival], 0)),
    idle: async () => {
      await gather.empty();
      await runs.idle();
    },
  };
}

/** Tells what went wrong with the store; that something was stopped is no trouble. */
export function tellTrouble(
  { onEvent }: Pick<DeskOptions, 'onEvent'>,
  key: string,
  thrown: unknown,
): void {
  const error = toPipelineError(thrown);
  if (error.kind !== 'interrupted') onEvent({ type: 'trouble', key, error });
}

interface Performing extends DeskOptions {
  leave(arrival: Arrival): void;
  again(arrivals: readonly Arrival[], attempt: number): void;
}

async function perform(
  at: Performing,
  arrivals: readonly Arrival[],
  attempt: number,
): Promise<void> {
  const { clock, signal, runSignal } = at;
  const startedAt = clock.now();
  at.onEvent({ type: 'started', arrivals });
  let isOver = true;
  try {
    const end = await at.run(arrivals, { attempt, signal: runSignal });
    const { error } = end;
    if (error !== null && UNSETTLED.has(error.kind)) return;
    if (error !== null && !at.isOnce && CURABLE.has(error.kind) && !signal.aborted) {
      isOver = false;
      return postpone(at, arrivals, { attempt, end });
    }
    const durationMs = clock.now().getTime() - startedAt.getTime();
    if (error === null || !CURABLE.has(error.kind)) await settle(at, arrivals, end);
    at.onEvent({ type: 'settled', arrivals, end, durationMs });
  } finally {
    if (isOver) for (const arrival of arrivals) at.leave(arrival);
  }
}

function postpone(
  at: Performing,
  arrivals: readonly Arrival[],
  { attempt, end }: { attempt: number; end: RunEnd },
): void {
  const waitMs = Math.min(POSTPONE_MS_MAX, POSTPONE_MS * 2 ** attempt);
  at.onEvent({ type: 'postponed', arrivals, end, waitMs });
  at.clock.sleep(waitMs, at.signal).then(
    () => at.again(arrivals, attempt + 1),
    // Stopped: the arrivals stay accepted and unsettled, so the next watcher takes them up.
    () => undefined,
  );
}

async function settle(
  { ledger, clock }: Performing,
  arrivals: readonly Arrival[],
  { runName, error }: RunEnd,
): Promise<void> {
  const outcome = {
    status: error === null ? ('success' as const) : ('error' as const),
    run_id: runName,
    settled_at: clock.now().toISOString(),
    error_class: error?.kind ?? null,
    error_message: error?.message ?? null,
    error_hint: error?.hint ?? null,
  };
  const lanes = openLanes(SETTLES_MAX);
  const ends = await Promise.allSettled(
    arrivals.map(({ key, etag, sizeBytes }) =>
      lanes.run(arrivalId(key, etag), () => ledger.settle({ key, etag, sizeBytes, ...outcome })),
    ),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
