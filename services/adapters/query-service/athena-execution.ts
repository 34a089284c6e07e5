import type { QueryExecution, StartQueryExecutionInput } from '@aws-sdk/client-athena';
import { PipelineError } from '../../core/error.ts';
import { humaneBytes } from '../../core/humane.ts';
import type { Clock } from '../../ports/clock.ts';
import type { AthenaCaller } from './athena-client.ts';
import { failureOf } from './athena-error.ts';

/** First look after this long; each further one later, until this often (requirements 3.13: every second). */
const POLL_FIRST_MS = 100;
const POLL_MS_MAX = 1_000;
const POLL_GROWTH = 1.5;
/** Telling Athena to stop may take so long; who waits wants to leave. */
const STOP_MS_MAX = 5_000;

/** A query to run in Athena, and how long and how much it may take. */
export interface Execution {
  start: StartQueryExecutionInput;
  /** From start to end, the queue included. */
  timeoutMs: number;
  scanBytesMax: number | null;
  signal: AbortSignal | undefined;
}

/**
 * Starts a query and waits until it has succeeded. Anything else is an error, and a query that is given up on is
 * stopped first, so that nothing goes on that nobody waits for: after `timeoutMs` (`unavailable`), above
 * `scanBytesMax` (`too-large`), when the signal is aborted (`interrupted`), or when Athena cannot be asked any more.
 */
export async function execute(
  caller: AthenaCaller,
  clock: Clock,
  execution: Execution,
): Promise<QueryExecution> {
  const { signal } = execution;
  signal?.throwIfAborted();
  const startedMs = clock.now().getTime();
  const id = await start(caller, execution);
  try {
    return await waitFor({ caller, clock, id, startedMs }, execution);
  } catch (error) {
    if (!(error instanceof Ended)) await stop(caller, id);
    throw error instanceof Ended ? error.cause : error;
  }
}

/** The id of the query. Told to stop meanwhile, it asks once more, for the query may have begun, and stops that. */
async function start(caller: AthenaCaller, execution: Execution): Promise<string> {
  const send = async (signal: AbortSignal | undefined): Promise<string> => {
    const call = { name: 'StartQueryExecution', signal };
    const { QueryExecutionId: id } = await caller.call(call, (athena, client, options) =>
      client.send(new athena.StartQueryExecutionCommand(execution.start), options),
    );
    if (id !== undefined) return id;
    throw new PipelineError('unavailable', 'athena gave no id for the query');
  };
  try {
    return await send(execution.signal);
  } catch (error) {
    if (execution.signal?.aborted !== true) throw error;
    // The same token gives the id of the query that has begun, if one has.
    const id = await send(AbortSignal.timeout(STOP_MS_MAX)).catch(() => null);
    if (id !== null) await stop(caller, id);
    throw error;
  }
}

/** Wraps the error of a query that has ended by itself: there is nothing to stop. */
class Ended extends Error {
  override readonly cause: PipelineError;
  constructor(cause: PipelineError) {
    super(cause.message);
    this.cause = cause;
  }
}

interface Waiting {
  caller: AthenaCaller;
  clock: Clock;
  id: string;
  startedMs: number;
}

async function waitFor(
  { caller, clock, id, startedMs }: Waiting,
  { timeoutMs, scanBytesMax, signal }: Execution,
): Promise<QueryExecution> {
  for (let waitMs = POLL_FIRST_MS; ; waitMs = Math.min(waitMs * POLL_GROWTH, POLL_MS_MAX)) {
    await clock.sleep(waitMs, signal);
    const call = { name: 'GetQueryExecution', signal };
    const { QueryExecution: found } = await caller.call(call, (athena, client, options) =>
      client.send(new athena.GetQueryExecutionCommand({ QueryExecutionId: id }), options),
    );
    const state = found?.Status?.State;
    const scanned = found?.Statistics?.DataScannedInBytes ?? 0;
    if (state === 'SUCCEEDED' && found !== undefined) return found;
    if (state === 'FAILED' || state === 'CANCELLED') throw new Ended(failureOf(found?.Status, id));
    if (scanBytesMax !== null && scanned > scanBytesMax)
      throw scannedTooMuch(scanned, scanBytesMax);
    if (clock.now().getTime() - startedMs >= timeoutMs) throw tookTooLong(id, timeoutMs, state);
  }
}

function scannedTooMuch(scanned: number, limit: number): PipelineError {
  const message = `query stopped: it had scanned ${humaneBytes(scanned)}, more than ${humaneBytes(limit)}`;
  return new PipelineError('too-large', message, {
    hint: 'ask for fewer columns or partitions, or raise --scan-limit',
  });
}

function tookTooLong(id: string, timeoutMs: number, state: string | undefined): PipelineError {
  const seconds = Math.round(timeoutMs / 1000);
  const message = `query stopped: not done after ${seconds} s in Athena (${id}, ${state ?? 'UNKNOWN'})`;
  return new PipelineError('unavailable', message, {
    hint: 'ask again when the workgroup is less busy, or ask for less',
  });
}

/** Tells Athena to stop, whatever has become of the signal. What fails here must not hide why it was stopped. */
async function stop(caller: AthenaCaller, id: string): Promise<void> {
  const call = { name: 'StopQueryExecution', signal: AbortSignal.timeout(STOP_MS_MAX) };
  const sent = caller.call(call, (athena, client, options) =>
    client.send(new athena.StopQueryExecutionCommand({ QueryExecutionId: id }), options),
  );
  await sent.catch(() => null);
}
