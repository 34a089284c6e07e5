import type { ErrorKind } from '../../../core/error.ts';
import type { RunIdentity, StepPorts } from '../../../ports/step.ts';
import { stepCollection } from '../../../stages/observe/run-record.ts';

/** How asking for a symbol on a day went, under `extractions/<date>/<symbol>`. */
export interface Extraction {
  symbol: string;
  /** The day of extraction, `YYYY-MM-DD`. */
  date: string;
  outcome: 'landed' | 'failed' | 'pending';
  /** Why it is not landed. */
  kind: ErrorKind | null;
  message: string | null;
  /** Of the landed reply; null when there is none. */
  key: string | null;
  sha256: string | null;
  rows: number;
  outputsize: OutputSize;
  firstDay: string | null;
  lastDay: string | null;
  /** False when a session was not over: the symbol is asked for again when it is. */
  isFinal: boolean;
  runId: string;
}

/** What is known of a symbol, under `symbols/<symbol>`. */
export interface SymbolRecord {
  symbol: string;
  /** The day on which its history was landed, as much of it as the API key's plan holds; null before. */
  bootstrappedOn: string | null;
  /** The day on which a reply was landed last, and the newest session in it. */
  landedOn: string;
  lastDay: string;
}

export type OutputSize = 'compact' | 'full';

/** One symbol that an extract step asks for. */
export interface PlannedCall {
  symbol: string;
  outputsize: OutputSize;
  /** True when compact will do where the plan of the API key does not hold the full history. */
  mayBeCompact: boolean;
  /** Calls that it may take, so that some are left for the others. */
  callsMax: number;
  /** The run whose reply of the day was there when this call was planned; null for none. */
  landedBy: string | null;
}

/** What one extract step works on, kept under the shard's name in the records of the run. */
export interface ShardPlan {
  calls: PlannedCall[];
}

export const SYMBOLS = 'symbols';

/** The collection of a day's extractions. */
export function extractionsOf(date: string): string {
  return `extractions/${date}`;
}

/** The collection of what one run has come to by asking, by symbol. */
export function answersOf(run: Pick<RunIdentity, 'pipeline' | 'runId'>): string {
  return `${stepCollection(run)}/answers`;
}

/** Keeps how a symbol stands on its day. What is landed stays so, whatever comes of asking again. */
export async function keepExtraction(
  { records, signal }: Pick<StepPorts, 'records' | 'signal'>,
  extraction: Extraction,
): Promise<void> {
  const { symbol, outcome } = extraction;
  const collection = extractionsOf(extraction.date);
  const known =
    outcome === 'landed' ? null : await records.get<Extraction>(collection, symbol, { signal });
  if (known?.outcome === 'landed') return;
  await records.put(collection, symbol, extraction, { signal });
}
