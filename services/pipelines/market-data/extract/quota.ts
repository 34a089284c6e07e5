import { PipelineError } from '../../../core/error.ts';
import { wholeParameter, type Parameters } from '../../../core/parameter.ts';
import { newYorkDay } from '../../../core/trading-calendar.ts';
import type { ParameterSpec, StepPorts } from '../../../ports/step.ts';

/** How often the service may be asked. */
export interface Quota {
  perMinute: number;
  /** In a day in New York; 0 for no such limit. */
  perDay: number;
}

/** The parameters of the quota; the defaults are those of a free API key. */
export const QUOTA_PARAMETERS: readonly ParameterSpec[] = [
  {
    name: 'calls-per-minute',
    description: 'Calls that the API key may make a minute',
    default: '5',
  },
  {
    name: 'calls-per-day',
    description: 'Calls that it may make in a day in New York; 0 for no limit',
    default: '25',
  },
];

export function quotaOf(parameters: Parameters): Quota {
  return {
    perMinute: wholeParameter(parameters, 'calls-per-minute', 1),
    perDay: wholeParameter(parameters, 'calls-per-day', 0),
  };
}

type Ledger = Pick<StepPorts, 'records' | 'clock' | 'signal'>;

/** A call that was claimed: who makes it, and when it goes out. */
interface Claim {
  at: string;
  runId: string;
  symbol: string;
}

/** A minute of the service, and what a call may be late or early on its way. */
const MINUTE_MS = 62_000;
const CLAIMS_MAX = 10_000;
const EXHAUSTED = 'exhausted';

/** Calls that are left for today; null for no limit. */
export async function callsLeft(ledger: Ledger, { perDay }: Quota): Promise<number | null> {
  const { count, isExhausted } = await readDay(ledger, newYorkDay(ledger.clock.now()));
  if (isExhausted) return 0;
  return perDay === 0 ? null : Math.max(0, perDay - count);
}

/**
 * Claims the next call and waits until it may go out; false when there is none left today. Each claim is a record of
 * its own that only one can make, so that steps and runs beside each other keep one quota, and a call counts whatever
 * comes of it.
 */
export async function claimCall(
  ledger: Ledger,
  quota: Quota,
  who: { runId: string; symbol: string },
): Promise<boolean> {
  const { clock, signal } = ledger;
  for (let round = 0; round < CLAIMS_MAX; round += 1) {
    const now = clock.now();
    const day = newYorkDay(now);
    const { count, isExhausted } = await readDay(ledger, day);
    if (isExhausted || (quota.perDay > 0 && count >= quota.perDay)) return false;
    const atMs = Math.max(now.getTime(), await earliest(ledger, { day, count, quota }));
    if (newYorkDay(new Date(atMs)) !== day) {
      // What is left of today is not enough for it: it is a call of tomorrow.
      await clock.sleep(atMs - now.getTime(), signal);
      continue;
    }
    const claim: Claim = { ...who, at: new Date(atMs).toISOString() };
    if (!(await putClaim(ledger, { day, number: count + 1, claim }))) continue;
    await clock.sleep(atMs - clock.now().getTime(), signal);
    return true;
  }
  throw new PipelineError('conflict', 'the quota is claimed by too many others at once');
}

/** Notes that the service itself says that the quota of the day is used up. */
export async function noteExhausted({ records, clock, signal }: Ledger): Promise<void> {
  await records.put(
    collectionOf(newYorkDay(clock.now())),
    EXHAUSTED,
    { isExhausted: true },
    { signal },
  );
}

/** The moment from which on a further call is within the quota of a minute. */
async function earliest(
  ledger: Ledger,
  { day, count, quota }: { day: string; count: number; quota: Quota },
): Promise<number> {
  const back = quota.perMinute - 1;
  const claim = await claimBefore(ledger, { day, count, back });
  return claim === null ? 0 : Date.parse(claim.at) + MINUTE_MS;
}

/** The claim so many before the last one, of the day or, where it has fewer, of the day before. */
async function claimBefore(
  ledger: Ledger,
  { day, count, back }: { day: string; count: number; back: number },
): Promise<Claim | null> {
  const { records, signal } = ledger;
  if (count > back) return records.get<Claim>(collectionOf(day), idOf(count - back), { signal });
  const before = newYorkDay(new Date(Date.parse(`${day}T12:00:00Z`) - 86_400_000));
  const { count: earlier } = await readDay(ledger, before);
  const number = earlier - (back - count);
  return number < 1 ? null : records.get<Claim>(collectionOf(before), idOf(number), { signal });
}

async function putClaim(
  { records, signal }: Ledger,
  { day, number, claim }: { day: string; number: number; claim: Claim },
): Promise<boolean> {
  try {
    return await records.putIfAbsent(collectionOf(day), idOf(number), claim, { signal });
  } catch (error) {
    // Whoever has it, it is taken; a claim too many only costs a call of the day.
    if (error instanceof PipelineError && error.kind === 'commit-unknown') return false;
    throw error;
  }
}

async function readDay(
  { records, signal }: Ledger,
  day: string,
): Promise<{ count: number; isExhausted: boolean }> {
  let count = 0;
  let isExhausted = false;
  for await (const id of records.ids(collectionOf(day), { signal })) {
    if (id === EXHAUSTED) isExhausted = true;
    else count = Math.max(count, Number(id));
  }
  return { count, isExhausted };
}

function collectionOf(day: string): string {
  return `quota/${day}`;
}

function idOf(number: number): string {
  return String(number).padStart(6, '0');
}
