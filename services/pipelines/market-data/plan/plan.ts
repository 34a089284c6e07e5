import { PipelineError } from '../../../core/error.ts';
import { type Parameters, switchParameter, wholeParameter } from '../../../core/parameter.ts';
import { sessionsBetween } from '../../../core/trading-calendar.ts';
import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { stepCollection } from '../../../stages/observe/run-record.ts';
import { API_URL, apiKeyOf, CALLS_MAX } from '../extract/ask.ts';
import { askedAt } from '../extract/asked.ts';
import { refuseOtherDay } from '../extract/asking-day.ts';
import { DATES_PARAMETER, daysToLoad } from './days-to-load.ts';
import {
  type Extraction,
  extractionsOf,
  keepExtraction,
  type PlannedCall,
  type ShardPlan,
  type SymbolRecord,
  SYMBOLS,
} from './ledger.ts';
import { isKnownDay } from './price-day.ts';
import { callsLeft, QUOTA_PARAMETERS, quotaOf } from '../extract/quota.ts';
import { symbolsOf } from './symbols.ts';

/** Sessions in a compact reply; a symbol that was asked for longer ago needs its whole history again. */
const COMPACT_SESSIONS = 100;
/** A run fans out to no more steps than this; they work on more symbols instead. */
const SHARDS_MAX = 200;

/** Finds which symbols have to be asked for today, and how many of them the quota allows. */
export const plan: Step = {
  name: 'plan',
  summary: 'Find the symbols to ask for, within the quota of the day',
  parameters: [
    {
      name: 'symbols',
      description: 'Ticker symbols with commas between; empty for those of ARGOSY_MARKET_SYMBOLS',
      default: '',
    },
    { name: 'extract', description: 'false: ask for nothing', default: 'true' },
    {
      name: 'outputsize',
      description: 'compact, full, or auto: the whole history once, then compact',
      default: 'auto',
    },
    { name: 'force', description: 'true: ask again for what is landed', default: 'false' },
    DATES_PARAMETER,
    { name: 'shard-size', description: 'Symbols of one extract step', default: '1' },
    ...QUOTA_PARAMETERS,
    { name: 'api-url', description: 'Address of the service', default: API_URL },
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    // A day that cannot be is told before a call is made.
    daysToLoad(parameters, run);
    const shardSize = wholeParameter(parameters, 'shard-size', 1);
    const isForced = switchParameter(parameters, 'force');
    const size = outputsizeOf(parameters);
    const quota = quotaOf(parameters);
    const symbols = wantedSymbols(ports, parameters);
    if (!switchParameter(parameters, 'extract')) return nothing(symbols.length);
    refuseOtherDay(ports.clock.now(), run.logicalDate);
    apiKeyOf(ports.settings.marketApiKey, parameters['api-url'] ?? API_URL);
    const found = await pendingCalls(ports, run, { symbols, size, isForced });
    const left = await callsLeft(ports, quota);
    const calls = within(left, found.calls);
    const waiting = found.calls.slice(calls.length);
    const problems = await keepWaiting(ports, run, waiting);
    const shards = await keepShards(ports, run, { calls, shardSize });
    return {
      outputs: {
        shards: JSON.stringify(shards),
        symbols: String(calls.length),
        waiting: String(waiting.length),
      },
      counts: { objectsSkipped: found.skipped },
      problems,
    };
  },
};

function wantedSymbols({ settings }: StepPorts, parameters: Parameters): string[] {
  const given = symbolsOf(parameters['symbols'] ?? '');
  const symbols = given.length > 0 ? given : symbolsOf(settings.marketSymbols.join(','));
  if (symbols.length > 0) return symbols;
  throw new PipelineError('config-invalid', 'there are no symbols to ask for', {
    hint: 'give -p symbols=IBM,AAPL or set ARGOSY_MARKET_SYMBOLS',
  });
}

type SizeWish = 'auto' | 'compact' | 'full';

function outputsizeOf(parameters: Parameters): SizeWish {
  const text = parameters['outputsize'];
  if (text === 'auto' || text === 'compact' || text === 'full') return text;
  throw new PipelineError('config-invalid', `parameter outputsize="${text ?? ''}" cannot be`, {
    hint: 'give auto, compact or full',
  });
}

function nothing(skipped: number): StepResult {
  const outputs = { shards: '[]', symbols: '0', waiting: '0' };
  return { outputs, counts: { objectsSkipped: skipped }, problems: [] };
}

/** A call each for as many as the quota allows; a further one for those that fail only where all may have it. */
function within(left: number | null, calls: readonly PlannedCall[]): PlannedCall[] {
  if (left === null) return [...calls];
  const callsMax = Math.max(1, Math.min(CALLS_MAX, Math.floor(left / calls.length)));
  return calls.slice(0, left).map((call) => ({ ...call, callsMax }));
}

interface Found {
  calls: PlannedCall[];
  skipped: number;
}

/** Those that were asked for longest ago come first, so that neither a small quota nor one that fails starves another. */
async function pendingCalls(
  ports: StepPorts,
  { logicalDate }: RunIdentity,
  { symbols, size, isForced }: { symbols: string[]; size: SizeWish; isForced: boolean },
): Promise<Found> {
  const { records, signal } = ports;
  const found: { call: PlannedCall; askedOn: string }[] = [];
  for (const symbol of symbols) {
    const done = await records.get<Extraction>(extractionsOf(logicalDate), symbol, { signal });
    const isLanded = done?.outcome === 'landed';
    if (isLanded && done.isFinal && !isForced) continue;
    const known = await records.get<SymbolRecord>(SYMBOLS, symbol, { signal });
    const isFull =
      size === 'auto' && (needsHistory(known, logicalDate) || done?.outputsize === 'full');
    const outputsize = isFull ? 'full' : size === 'auto' ? 'compact' : size;
    const landedBy = isLanded ? done.runId : null;
    const mayBeCompact = size === 'auto';
    const askedOn = (await askedAt(ports, symbol)) || (known?.landedOn ?? '');
    const call = { symbol, outputsize, mayBeCompact, callsMax: CALLS_MAX, landedBy };
    found.push({ call, askedOn });
  }
  const calls = found
    .toSorted((a, b) => (a.askedOn === b.askedOn ? 0 : a.askedOn < b.askedOn ? -1 : 1))
    .map(({ call }) => call);
  return { calls, skipped: symbols.length - calls.length };
}

function needsHistory(known: SymbolRecord | null, date: string): boolean {
  if (known === null || known.bootstrappedOn === null || !isKnownDay(known.lastDay)) return true;
  return sessionsBetween(known.lastDay, date).length > COMPACT_SESSIONS;
}

/** What the quota leaves for another day is noted, so that `argosy status` shows it. */
async function keepWaiting(
  ports: StepPorts,
  { logicalDate, runId }: RunIdentity,
  waiting: readonly PlannedCall[],
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const { symbol, outputsize } of waiting) {
    const message = `${symbol}: pending, the quota of the day is used up; the next run goes on with it`;
    const extraction: Extraction = {
      symbol,
      date: logicalDate,
      outcome: 'pending',
      kind: 'throttled',
      message,
      key: null,
      sha256: null,
      rows: 0,
      outputsize,
      firstDay: null,
      lastDay: null,
      isFinal: true,
      runId,
    };
    await keepExtraction(ports, extraction);
    ports.log.info('symbol.pending', { symbol });
    problems.push({ object: symbol, message });
  }
  return problems;
}

async function keepShards(
  { records, signal }: StepPorts,
  run: RunIdentity,
  { calls, shardSize }: { calls: readonly PlannedCall[]; shardSize: number },
): Promise<string[]> {
  const size = Math.max(shardSize, Math.ceil(calls.length / SHARDS_MAX));
  const names: string[] = [];
  for (let at = 0; at < calls.length; at += size) {
    const name = `shard-${String(names.length + 1).padStart(3, '0')}`;
    const shard: ShardPlan = { calls: calls.slice(at, at + size) };
    await records.put(stepCollection(run), name, shard, { signal });
    names.push(name);
  }
  return names;
}
