import { type ErrorKind, PipelineError } from '../../../core/error.ts';
import type { RunIdentity, StepPorts } from '../../../ports/step.ts';
import { stepCollection } from '../../../stages/observe/run-record.ts';

type Ledger = Pick<StepPorts, 'records' | 'clock' | 'signal'>;

/** Why a run asks for nothing more, under `stop` in the records of the run. */
interface Stop {
  at: string;
  kind: ErrorKind;
  message: string;
  hint: string | null;
}

const STOP = 'stop';
/** So long after it a run that is tried again asks once more. */
const STOP_MS = 300_000;

/** Notes that the other steps of the run need not ask: none of them would fare better. */
export async function noteStop(
  { records, clock, signal }: Ledger,
  run: RunIdentity,
  { kind, message, hint }: PipelineError,
): Promise<void> {
  const stop: Stop = { at: clock.now().toISOString(), kind, message, hint: hint ?? null };
  await records.put(stepCollection(run), STOP, stop, { signal });
}

/** Throws what another step of the run was stopped by. */
export async function refuseStopped(
  { records, clock, signal }: Ledger,
  run: RunIdentity,
): Promise<void> {
  const stop = await records.get<Stop>(stepCollection(run), STOP, { signal });
  if (stop === null || Date.parse(stop.at) + STOP_MS < clock.now().getTime()) return;
  const { kind, message, hint } = stop;
  throw new PipelineError(kind, message, hint === null ? {} : { hint });
}
