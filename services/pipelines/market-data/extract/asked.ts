import type { StepPorts } from '../../../ports/step.ts';

type Ledger = Pick<StepPorts, 'records' | 'clock' | 'signal' | 'log'>;

/** When a symbol was asked for, and by whom, under `asked/<symbol>`. */
interface Asked {
  /** When its last call went out; empty before the first. */
  at: string;
  /** Since when a run is asking; null when none is. */
  busySince: string | null;
  runId: string;
}

const ASKED = 'asked';
/** A run that has said nothing for so long has broken off. */
const BUSY_MS_MAX = 90_000;
const LOOK_MS = 2_000;

/** When the last call for a symbol went out; empty when none has. */
export async function askedAt({ records, signal }: Ledger, symbol: string): Promise<string> {
  return (await records.get<Asked>(ASKED, symbol, { signal }))?.at ?? '';
}

/** Notes that a run is about to ask for a symbol, once no other run is. */
export async function beginAsking(ledger: Ledger, symbol: string, runId: string): Promise<void> {
  const { records, clock, signal } = ledger;
  for (;;) {
    const known = await records.get<Asked>(ASKED, symbol, { signal });
    const leftMs = known === null || known.runId === runId ? 0 : busyMs(known, clock.now());
    if (leftMs <= 0) {
      return keep(ledger, symbol, { at: known?.at ?? '', busySince: nowOf(ledger), runId });
    }
    ledger.log.info('api.busy', { symbol, runId: known?.runId });
    await clock.sleep(Math.min(leftMs, LOOK_MS), signal);
  }
}

/** Notes that a call for a symbol goes out. */
export async function noteCall(ledger: Ledger, symbol: string, runId: string): Promise<void> {
  const at = nowOf(ledger);
  await keep(ledger, symbol, { at, busySince: at, runId });
}

/** Notes that a run has done with a symbol, so that others need not wait; also when it was told to stop. */
export async function endAsking({ records }: Ledger, symbol: string, runId: string): Promise<void> {
  const at = (await records.get<Asked>(ASKED, symbol))?.at ?? '';
  await records.put(ASKED, symbol, { at, busySince: null, runId } satisfies Asked);
}

function busyMs({ busySince }: Asked, now: Date): number {
  return busySince === null ? 0 : Date.parse(busySince) + BUSY_MS_MAX - now.getTime();
}

function nowOf({ clock }: Ledger): string {
  return clock.now().toISOString();
}

function keep({ records, signal }: Ledger, symbol: string, asked: Asked): Promise<void> {
  return records.put(ASKED, symbol, asked, { signal });
}
