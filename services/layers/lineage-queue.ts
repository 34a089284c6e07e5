import { isRetryable, toPipelineError } from '../core/error.ts';
import type { LineageEvent, LineageSink } from '../ports/lineage.ts';
import type { Log } from '../ports/step.ts';

export interface LineageQueueOptions {
  sink: LineageSink;
  log: Log;
  /** How long `close` waits for what is still on its way. Default 2,000. */
  closeMsMax?: number;
}

/** Lineage events on their way, beside the work that they tell of. */
export interface LineageQueue {
  /** Takes the event and returns at once; never throws. */
  send(event: LineageEvent): void;
  /** Waits for the events on their way, at most `closeMsMax`, then gives them up. Never throws. Twice equals once. */
  close(): Promise<void>;
}

const CLOSE_MS_MAX = 2_000;
/** Events that may wait; what comes on top is lost. */
const EVENTS_MAX = 1_000;
/** A server that did not take so many in a row, each tried twice, is given up for the next ones. */
const FAILURES_MAX = 2;
/** Of so many events that are lost so, the next is sent again: a process may go on for days. */
const SKIPPED_MAX = 50;

/**
 * Sends events one after another, in their order, while the work goes on: a server that is slow, silent or gone costs no
 * run more than the wait of `close`, and fails none. What is lost is told as a warning: when the server is given up, and
 * at the end.
 */
export function lineageQueue(options: LineageQueueOptions): LineageQueue {
  const { sink, log, closeMsMax = CLOSE_MS_MAX } = options;
  const stop = new AbortController();
  const waiting: LineageEvent[] = [];
  let working: Promise<void> | null = null;
  let lost = 0;
  let failures = 0;
  let skipped = 0;
  let reason = '';

  const tell = (): void => {
    if (lost === 0) return;
    log.warn('lineage.lost', { events: lost, url: sink.url, reason });
    lost = 0;
  };

  const work = async (): Promise<void> => {
    for (let event = waiting[0]; event !== undefined; event = waiting[0]) {
      const isGivenUp = failures >= FAILURES_MAX && skipped < SKIPPED_MAX;
      if (isGivenUp || stop.signal.aborted) {
        waiting.shift();
        lost += 1;
        skipped += 1;
        continue;
      }
      const fault = await sendTwice(sink, event, stop.signal);
      waiting.shift();
      skipped = 0;
      failures = fault?.isServers === true ? failures + 1 : 0;
      if (fault === null) continue;
      lost += 1;
      if (!stop.signal.aborted) reason = fault.message;
      if (failures === FAILURES_MAX) tell();
    }
    working = null;
  };

  const underWay = (): Promise<void> | null => working;

  return {
    send: (event) => {
      if (waiting.length >= EVENTS_MAX || stop.signal.aborted) lost += 1;
      else waiting.push(event);
      // Begun later, so that its end is never before its beginning.
      working ??= Promise.resolve().then(work);
    },
    close: async () => {
      const timer = setTimeout(() => {
        reason ||= `no answer within ${closeMsMax} ms of the end`;
        stop.abort();
      }, closeMsMax);
      try {
        for (let last = underWay(); last !== null; last = underWay()) await last;
      } finally {
        clearTimeout(timer);
      }
      tell();
    },
  };
}

interface Fault {
  message: string;
  /** The next event would fare no better: it is the server that fails, or refuses whoever asks. */
  isServers: boolean;
}

/** Null when the event was taken, by the first try or the second; else why not. */
async function sendTwice(
  sink: LineageSink,
  event: LineageEvent,
  signal: AbortSignal,
): Promise<Fault | null> {
  let last: Fault | null = null;
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    try {
      await unlessStopped(sink.send(event, signal), signal);
      return null;
    } catch (thrown) {
      const error = toPipelineError(thrown);
      last = { message: error.message, isServers: error.kind !== 'input-invalid' };
      if (!isRetryable(error) || signal.aborted) return last;
    }
  }
  return last;
}

/** Ends with the promise, or when the signal is given: what hears no signal is waited for no longer. */
function unlessStopped(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(toPipelineError(signal.reason));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    const done = (): void => signal.removeEventListener('abort', stop);
    promise.then(resolve, reject).finally(done);
  });
}
