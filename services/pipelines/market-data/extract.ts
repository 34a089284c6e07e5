import { PipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import { switchParameter } from '../../core/parameter.ts';
import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../ports/step.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import { type Answer, API_URL, apiKeyOf, askPrices, type Service } from './ask.ts';
import { landedKey } from './landed.ts';
import {
  type Extraction,
  extractionsOf,
  type PlannedCall,
  type ShardPlan,
  type SymbolRecord,
  SYMBOLS,
} from './ledger.ts';
import { QUOTA_PARAMETERS, quotaOf } from './quota.ts';

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
    const service = { apiUrl, key, quota: quotaOf(parameters), runId: run.runId };
    const calls = await callsOf(ports, run, parameters['shard'] ?? '');
    const found: Extraction[] = [];
    for (const call of calls) {
      const extraction = await extractOne(ports, { service, run, call });
      found.push(extraction);
      ports.check('symbol-landed', extraction.outcome === 'failed' ? 1 : 0);
      if (isStrict && extraction.outcome !== 'landed') throw refused(extraction);
    }
    const unreached = found.find(({ kind }) => kind === 'unavailable');
    if (unreached !== undefined) throw refused(unreached);
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

/** What this run has landed before, in a try that broke off, is not asked for again. */
async function extractOne(ports: StepPorts, { service, run, call }: Call): Promise<Extraction> {
  const { records, signal } = ports;
  const { symbol } = call;
  const known = await records.get<Extraction>(extractionsOf(run.logicalDate), symbol, { signal });
  if (known?.runId === run.runId && known.outcome === 'landed') return known;
  const asked = await askPrices(ports, service, call);
  const isCurtailed =
    asked.outcome === 'premium' && call.mayBeCompact && call.outputsize === 'full';
  const answer = isCurtailed ? await askCompact(ports, service, symbol) : asked;
  const extraction =
    answer.outcome === 'prices'
      ? await land(ports, run, { symbol, answer, isCurtailed })
      : notLanded(call, run, answer);
  await records.put(extractionsOf(run.logicalDate), symbol, extraction, { signal });
  return extraction;
}

/** The plan of the key does not hold the full history: what it holds is better than nothing. */
async function askCompact(ports: StepPorts, service: Service, symbol: string): Promise<Answer> {
  ports.log.warn('api.premium', { symbol, reason: 'full history is not in the plan of the key' });
  return askPrices(ports, service, { symbol, outputsize: 'compact' });
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

function refused({ kind, message }: Extraction): PipelineError {
  return new PipelineError(kind ?? 'bug', message ?? 'a symbol failed');
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
