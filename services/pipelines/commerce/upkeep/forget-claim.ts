import { PipelineError } from '../../../core/error.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { RecordStore } from '../../../ports/record-store.ts';
import { readRuns } from '../../../stages/observe/run-record.ts';

/** That a person is being forgotten: no run takes files meanwhile. */
export interface ForgetClaim {
  host: string;
  pid: number;
  since: string;
  /** When it ends by itself, should its process be gone. */
  until: string;
  /** Null while it holds. */
  endedAt: string | null;
}

interface Ledger {
  records: RecordStore;
  clock: Clock;
}

export interface ClaimRequest extends Ledger {
  me: { host: string; pid: number };
  /** Whether a process is known to be gone. */
  isDead(process: { host: string; pid: number }): boolean;
}

const COLLECTION = 'forgetting';
const HOUR_MS = 3_600_000;
/** Longer than a forgetting takes; a run that began before this is not under way, for the workflow's deadline has ended it. */
const CLAIM_MS = HOUR_MS;
const RUN_MS_MAX = 18 * HOUR_MS;
const RUNS_LOOKED_AT = 50;

/**
 * Keeps runs of commerce from taking files until it is released. First the claim, then a look at the runs, and a run does
 * it the other way round: of two that begin at once one sees the other. `conflict` while a run or another forgetting is
 * under way.
 */
export async function claimForgetting(
  request: ClaimRequest,
): Promise<{ release(): Promise<void> }> {
  const { records, clock, me } = request;
  const last = await newestClaim(records);
  if (last !== null && isHeld(last.claim, clock) && !request.isDead(last.claim))
    throw beside(last.claim);
  const since = clock.now();
  const claim: ForgetClaim = {
    ...me,
    since: since.toISOString(),
    until: new Date(since.getTime() + CLAIM_MS).toISOString(),
    endedAt: null,
  };
  const id = String((last?.number ?? 0) + 1).padStart(6, '0');
  if (!(await records.putIfAbsent(COLLECTION, id, claim))) throw beside(claim);
  const release = (): Promise<void> =>
    records.put(COLLECTION, id, { ...claim, endedAt: clock.now().toISOString() });
  const running = await runUnderWay(request);
  if (running === null) return { release };
  await release();
  throw new PipelineError('conflict', `the run ${running} is under way: nothing was removed`, {
    hint: 'wait until it has ended (argosy status commerce), then forget again',
  });
}

/** `conflict` while a person is being forgotten: a file that is read now may be another one in a moment. */
export async function failIfForgetting({ records, clock }: Ledger): Promise<void> {
  const last = await newestClaim(records);
  if (last !== null && isHeld(last.claim, clock)) throw beside(last.claim);
}

function isHeld({ endedAt, until }: ForgetClaim, clock: Clock): boolean {
  return endedAt === null && clock.now().getTime() < Date.parse(until);
}

async function newestClaim(
  records: RecordStore,
): Promise<{ number: number; claim: ForgetClaim } | null> {
  let newest = '';
  for await (const id of records.ids(COLLECTION)) if (id > newest) newest = id;
  const claim = newest === '' ? null : await records.get<ForgetClaim>(COLLECTION, newest);
  return claim === null ? null : { number: Number(newest), claim };
}

async function runUnderWay({ records, clock }: Ledger): Promise<string | null> {
  const first = clock.now().getTime() - RUN_MS_MAX;
  const runs = await readRuns(records, 'commerce', RUNS_LOOKED_AT);
  const running = runs.find(
    ({ status, started_at: at }) => status === 'running' && Date.parse(at) >= first,
  );
  return running?.run_id ?? null;
}

function beside({ host, pid, since, until }: ForgetClaim): PipelineError {
  return new PipelineError(
    'conflict',
    `a customer is being forgotten since ${since}, by process ${pid} of ${host}`,
    {
      hint: `try again when that has ended; if it was killed, forget again, or wait until ${until}`,
    },
  );
}
