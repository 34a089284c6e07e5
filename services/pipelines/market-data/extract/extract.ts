import { PipelineError } from '../../../core/error.ts';
import { sha256 } from '../../../core/manifest.ts';
import { switchParameter } from '../../../core/parameter.ts';
import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import { stepCollection } from '../../../stages/observe/run-record.ts';
import { type Answer, API_URL, apiKeyOf, askPrices, type Service } from './ask.ts';
import { beginAsking, endAsking } from './asked.ts';
import { refuseOtherDay } from './asking-day.ts';
import { landedKey } from '../plan/landed.ts';
import {
  answersOf,
  type Extraction,
  extractionsOf,
  keepExtraction,
  type PlannedCall,
  type ShardPlan,
  type SymbolRecord,
  SYMBOLS,
} from '../plan/ledger.ts';
import { QUOTA_PARAMETERS, quotaOf } from './quota.ts';
import { noteStop, refuseStopped } from './stop.ts';

/** Asks for the symbols of one shard and lands each reply as it came (requirements 2.4, stages 1 and 2). */
export const extract: Step = {
  name: 'extract',
  summary: 'Ask for daily prices and land each reply unchanged',
  parameters: [
    { name: 'shard', description: 'The shard of the plan to work on' },
    { name: 'strict', description: 'true: a symbol that fails ends the step', default: 'false' },
    ...QUOTA_PARAMETERS,
    { name: 'api-url', description: 'Address of the service', default: API_URL },
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const isStrict = switchParameter(parameters, 'strict');
    const apiUrl = parameters['api-url'] ?? API_URL;
    const key = apiKeyOf(ports.settings.marketApiKey, apiUrl);
    const service = {
      apiUrl,
      key,
      quota: quotaOf(parameters),
      runId: run.runId,
      date: run.logicalDate,
    };
    refuseOtherDay(ports.clock.now(), run.logicalDate);
    await refuseStopped(ports, run);
    const calls = await callsOf(ports, run, parameters['shard'] ?? '');
    const found: Extraction[] = [];
    for (const call of calls) {
      const extraction = await extractOne(ports, { service, run, call });
      found.push(extraction);
      ports.check('symbol-landed', extraction.outcome === 'failed' ? 1 : 0);
      if (isStrict && extraction.outcome !== 'landed') await stop(ports, run, refused(extraction));
    }
    return resultOf(found);
  },
};

async function callsOf(
  { records, signal }: StepPorts,
  run: RunIdentity,
  shard: string,
): Promise<PlannedCall[]> {
  const plan = await records.get<ShardPlan>(stepCollection(run), shard, { signal });
  if (plan !== null) return plan.calls;
  throw new PipelineError('not-found', `this run has planned no ${JSON.stringify(shard)}`, {
    hint: 'the step plan makes the shards: run the whole workflow',
  });
}

interface Call {
  service: Service;
  run: RunIdentity;
  call: PlannedCall;
}

/** Ends the step, and the asking of all others of the run. */
async function stop(ports: StepPorts, run: RunIdentity, error: PipelineError): Promise<never> {
  await noteStop(ports, run, error);
  throw error;
}

/** What came of a symbol, kept for the run and for the day. */
async function extractOne(ports: StepPorts, { service, run, call }: Call): Promise<Extraction> {
  const { records, signal } = ports;
  const { symbol } = call;
  await beginAsking(ports, symbol, run.runId);
  try {
    const landed = await landedSince(ports, run, call);
    const { extraction, isKeyRefused } =
      landed === null
        ? await ask(ports, { service, run, call })
        : { extraction: landed, isKeyRefused: false };
    await records.put(answersOf(run), symbol, extraction, { signal });
    if (isKeyRefused) await stop(ports, run, refused(extraction, 'look at ARGOSY_MARKET_API_KEY'));
    return extraction;
  } finally {
    await endAsking(ports, symbol, run.runId);
  }
}

/** What was landed since the plan, by a try of this run that broke off or by another run, is not asked for again. */
async function landedSince(
  { records, signal }: StepPorts,
  { logicalDate, runId }: RunIdentity,
  { symbol, landedBy }: PlannedCall,
): Promise<Extraction | null> {
  const known = await records.get<Extraction>(extractionsOf(logicalDate), symbol, { signal });
  if (known?.outcome !== 'landed') return null;
  return known.runId === runId || known.runId !== landedBy ? known : null;
}

async function ask(
  ports: StepPorts,
  { service, run, call }: Call,
): Promise<{ extraction: Extraction; isKeyRefused: boolean }> {
  const { symbol } = call;
  const asked = await askPrices(ports, service, call);
  const isCurtailed =
    asked.outcome === 'premium' && call.mayBeCompact && call.outputsize === 'full';
  const answer = isCurtailed ? await askCompact(ports, service, call) : asked;
  const extraction =
    answer.outcome === 'prices'
      ? await land(ports, run, { symbol, answer, isCurtailed })
      : notLanded(call, run, answer);
  await keepExtraction(ports, extraction);
  return { extraction, isKeyRefused: answer.outcome === 'bad-key' };
}

/** The plan of the key does not hold the full history: what it holds is better than nothing. */
async function askCompact(ports: StepPorts, service: Service, call: PlannedCall): Promise<Answer> {
  const { symbol } = call;
  ports.log.warn('api.premium', { symbol, reason: 'full history is not in the plan of the key' });
  return askPrices(ports, service, { ...call, outputsize: 'compact' });
}

type Prices = Extract<Answer, { outcome: 'prices' }>;

async function land(
  ports: StepPorts,
  run: RunIdentity,
  { symbol, answer, isCurtailed }: { symbol: string; answer: Prices; isCurtailed: boolean },
): Promise<Extraction> {
  const { store, signal, log } = ports;
  const { bytes, reply, outputsize } = answer;
  const key = landedKey(run.logicalDate, symbol);
  const hash = sha256(bytes);
  const there = await store.get(key, { signal });
  if (there === null || sha256(there) !== hash) await store.put(key, bytes, { signal });
  const { firstDay, lastDay, isFinal } = reply;
  log.info('symbol.landed', { symbol, key, days: reply.rows.length, outputsize });
  const isWhole = outputsize === 'full' || isCurtailed;
  await keepSymbol(ports, { symbol, date: run.logicalDate, lastDay, isWhole });
  return {
    symbol,
    date: run.logicalDate,
    outcome: 'landed',
    kind: null,
    message: null,
    key,
    sha256: hash,
    rows: reply.rows.length,
    outputsize,
    firstDay,
    lastDay,
    isFinal,
    runId: run.runId,
  };
}

async function keepSymbol(
  { records, signal }: StepPorts,
  news: { symbol: string; date: string; lastDay: string; isWhole: boolean },
): Promise<void> {
  const known = await records.get<SymbolRecord>(SYMBOLS, news.symbol, { signal });
  const isNewest = known === null || news.date >= known.landedOn;
  const record: SymbolRecord = {
    symbol: news.symbol,
    bootstrappedOn: news.isWhole ? news.date : (known?.bootstrappedOn ?? null),
    landedOn: isNewest ? news.date : known.landedOn,
    lastDay: isNewest ? news.lastDay : known.lastDay,
  };
  await records.put(SYMBOLS, news.symbol, record, { signal });
}

function notLanded(
  { symbol, outputsize }: PlannedCall,
  { logicalDate, runId }: RunIdentity,
  { outcome, kind, message }: Exclude<Answer, Prices>,
): Extraction {
  return {
    symbol,
    date: logicalDate,
    outcome: outcome === 'pending' ? 'pending' : 'failed',
    kind,
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
}

function refused({ kind, message }: Extraction, hint?: string): PipelineError {
  const detail = hint === undefined ? {} : { hint };
  return new PipelineError(kind ?? 'bug', message ?? 'a symbol failed', detail);
}

function resultOf(found: readonly Extraction[]): StepResult {
  const landed = found.filter(({ outcome }) => outcome === 'landed');
  const problems: Problem[] = found.flatMap(({ symbol, message }) =>
    message === null ? [] : [{ object: symbol, message }],
  );
  const failed = found.filter(({ outcome }) => outcome === 'failed').length;
  return {
    outputs: {
      landed: String(landed.length),
      failed: String(failed),
      pending: String(found.length - landed.length - failed),
    },
    counts: {
      objectsRead: found.length,
      objectsWritten: landed.length,
      objectsFailed: failed,
    },
    problems,
  };
}
