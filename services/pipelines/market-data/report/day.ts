import { PipelineError } from '../../../core/error.ts';
import type { QualityReport } from '../../../core/rule.ts';
import { sessionsBetween } from '../../../core/trading-calendar.ts';
import { asQualityReport, readJson, type ReportRequest } from '../../../stages/observe/report.ts';
import { readRuns, type RunRecord } from '../../../stages/observe/run-record.ts';
import { landedKey } from '../plan/landed.ts';
import { type Extraction, extractionsOf, type SymbolRecord, SYMBOLS } from '../plan/ledger.ts';
import { reportKey } from '../quality/quality.ts';
import { readReply } from '../extract/reply.ts';

/** Sessions that are drawn: as many as a compact reply holds. */
const SESSIONS_DRAWN = 100;
const RUNS_MAX = 60;
/** Symbols that are drawn, in the order of their names; the tables name all. */
const SYMBOLS_DRAWN = 24;

/** A symbol as its newest landed reply tells it. */
export interface SymbolDay {
  symbol: string;
  landedOn: string;
  /** The sessions that are drawn, the oldest first. */
  sessions: string[];
  /** By session; null where the reply has none, or no number. */
  closes: (number | null)[];
  volumes: (number | null)[];
  /** Sessions between the first and the last day of the reply that it has not. */
  gaps: string[];
}

/** What the page of a day shows. */
export interface MarketDay {
  logicalDate: string;
  run: RunRecord;
  history: RunRecord[];
  quality: QualityReport | null;
  extractions: Extraction[];
  symbols: SymbolDay[];
  /** How many symbols there are in all. */
  symbolCount: number;
}

/** Reads it from the store alone; `not-found` when there is no run of that day, or none at all. */
export async function readDay({ ports, records, logicalDate }: ReportRequest): Promise<MarketDay> {
  const runs = await readRuns(records, 'market-data', RUNS_MAX);
  const run = runs.find((one) => logicalDate === null || one.logical_date === logicalDate);
  if (run === undefined) throw noRun(logicalDate);
  const day = run.logical_date;
  const key = reportKey({ logicalDate: day, runId: run.run_id });
  const report = await readJson(ports, key);
  const extractions: Extraction[] = [];
  for await (const { value } of records.scan<Extraction>(extractionsOf(day)))
    extractions.push(value);
  const known: SymbolRecord[] = [];
  for await (const { value } of records.scan<SymbolRecord>(SYMBOLS)) known.push(value);
  const symbols: SymbolDay[] = [];
  for (const one of known.slice(0, SYMBOLS_DRAWN)) {
    const found = await readSymbol(ports.store, one);
    if (found !== null) symbols.push(found);
  }
  return {
    logicalDate: day,
    run,
    history: runs.toReversed(),
    quality: asQualityReport(report?.['report']),
    extractions,
    symbols,
    symbolCount: known.length,
  };
}

type Store = ReportRequest['ports']['store'];

async function readSymbol(
  store: Store,
  { symbol, landedOn }: SymbolRecord,
): Promise<SymbolDay | null> {
  const bytes = await store.get(landedKey(landedOn, symbol));
  const reply = bytes === null ? null : readReply(bytes, symbol, landedOn);
  if (reply?.outcome !== 'prices') return null;
  const rows = new Map(reply.rows.map((row) => [row.refreshDate.slice(0, 10), row]));
  const expected = sessionsBetween(reply.firstDay, reply.lastDay).map(({ day }) => day);
  const sessions = expected.slice(-SESSIONS_DRAWN);
  return {
    symbol,
    landedOn,
    sessions,
    closes: sessions.map((day) => numberOf(rows.get(day)?.close)),
    volumes: sessions.map((day) => numberOf(rows.get(day)?.volume)),
    gaps: expected.filter((day) => !rows.has(day)),
  };
}

/** For a drawing alone; the warehouse has the exact decimal. */
function numberOf(text: string | null | undefined): number | null {
  const value = Number(text ?? '');
  return (text ?? '') === '' || !Number.isFinite(value) ? null : value;
}

function noRun(logicalDate: string | null): PipelineError {
  const of = logicalDate === null ? '' : ` of ${logicalDate}`;
  return new PipelineError('not-found', `market-data has no run${of} that a page could be about`, {
    hint: 'run it first: argosy run market-data --sample needs no key',
  });
}
