import { type ErrorKind, PipelineError, toPipelineError } from '../../../core/error.ts';
import type { Secret } from '../../../core/secret.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { noteCall } from './asked.ts';
import type { OutputSize, PlannedCall } from '../plan/ledger.ts';
import { claimCall, noteExhausted, type Quota } from './quota.ts';
import { type ErrorReply, type PriceReply, readReply, REPLY_BYTES_MAX } from './reply.ts';

/** The service's own address. */
export const API_URL = 'https://www.alphavantage.co/query';
/** What stands in for a key at other addresses, such as that of the sample. */
const NO_KEY = 'demo';
/** Calls for one symbol in one run, where the quota has so many; each counts. */
export const CALLS_MAX = 3;
const PAUSE_MS = 60_000;
/** What is out of reach may be back after it. */
const OUTAGE_MS = 5_000;
/** A key of fewer characters may stand in a reply by chance. */
const KEY_LENGTH_MIN = 8;

/** Who is asked, with which key, and how often that may be. */
export interface Service {
  apiUrl: string;
  key: string;
  quota: Quota;
  runId: string;
  /** The day of extraction: no price is of a later one. */
  date: string;
}

/** What came of asking for a symbol. */
export type Answer =
  | { outcome: 'prices'; bytes: Uint8Array; reply: PriceReply; outputsize: OutputSize }
  | { outcome: 'pending' | 'premium' | 'failed' | 'bad-key'; kind: ErrorKind; message: string };

/** The key to ask with; `config-invalid` when the service itself is to be asked without one. */
export function apiKeyOf(key: Secret | undefined, apiUrl: string): string {
  if (key !== undefined) return key.reveal();
  if (apiUrl !== API_URL) return NO_KEY;
  throw new PipelineError('config-invalid', 'ARGOSY_MARKET_API_KEY is not set', {
    hint: 'set it (MARKET_API_KEY will do) to a key of alphavantage.co, or try --sample, which needs none',
  });
}

/**
 * Asks for a symbol within the quota, again where that may help. With `bad-key` no other symbol would fare better;
 * any other failure is that symbol's. The address, in which the key stands, is in no message.
 */
export async function askPrices(
  ports: StepPorts,
  service: Service,
  call: Pick<PlannedCall, 'symbol' | 'outputsize' | 'callsMax'>,
): Promise<Answer> {
  const { symbol, callsMax } = call;
  let last: Answer = pending(`${symbol}: the quota of the day is used up`);
  for (let round = 1; round <= callsMax; round += 1) {
    if (!(await claimCall(ports, service.quota, { runId: service.runId, symbol }))) return last;
    await noteCall(ports, symbol, service.runId);
    const answer = await askOnce(ports, service, call);
    if (answer.outcome !== 'again') return answer;
    last = { outcome: answer.as, kind: answer.kind, message: answer.message };
    ports.log.warn('api.again', { symbol, call: round, reason: answer.message });
    if (round < callsMax) await ports.clock.sleep(answer.waitMs, ports.signal);
  }
  return last;
}

/** An answer that another call may better; without one it is `as`. */
interface Again {
  outcome: 'again';
  as: 'pending' | 'failed';
  kind: ErrorKind;
  message: string;
  waitMs: number;
}

async function askOnce(
  ports: StepPorts,
  service: Service,
  { symbol, outputsize }: { symbol: string; outputsize: OutputSize },
): Promise<Answer | Again> {
  let bytes: Uint8Array;
  try {
    bytes = await fetchReply(ports, service, { symbol, outputsize });
  } catch (thrown) {
    return failureOf(toPipelineError(thrown), symbol);
  }
  if (echoesKey(bytes, service.key)) {
    const quota = readReply(bytes, symbol, service.date);
    if (quota.outcome !== 'prices') return errorAnswer(ports, quota);
    const message = `${symbol}: the reply repeats the API key, and is not kept`;
    return { outcome: 'failed', kind: 'input-invalid', message };
  }
  const reply = readReply(bytes, symbol, service.date);
  if (reply.outcome === 'prices') return { outcome: 'prices', bytes, reply, outputsize };
  return errorAnswer(ports, reply);
}

async function errorAnswer(ports: StepPorts, reply: ErrorReply): Promise<Answer | Again> {
  const { outcome, kind, message } = reply;
  if (outcome === 'minute-quota') {
    return { outcome: 'again', as: 'pending', kind, message, waitMs: PAUSE_MS };
  }
  if (outcome === 'day-quota') {
    await noteExhausted(ports);
    return pending(message);
  }
  if (outcome === 'bad-key') {
    return { outcome, kind, message };
  }
  return { outcome: outcome === 'premium' ? 'premium' : 'failed', kind, message };
}

async function fetchReply(
  { source, signal }: StepPorts,
  { apiUrl, key }: Service,
  { symbol, outputsize }: { symbol: string; outputsize: OutputSize },
): Promise<Uint8Array> {
  const url = new URL(apiUrl);
  const query = {
    function: 'TIME_SERIES_DAILY',
    symbol,
    outputsize,
    datatype: 'json',
    apikey: key,
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const request = {
    url: url.href,
    sizeBytesMax: REPLY_BYTES_MAX,
    attemptsMax: 1,
    redirectsMax: 0,
    signal,
  };
  const answer = await source.fetch(request);
  if (answer.status === 'fresh') return answer.bytes;
  throw new PipelineError('unavailable', `${symbol}: the service says that nothing has changed`);
}

/** A failure of the network may pass; what a server refuses is that symbol's alone; a stop and our own faults end the step. */
function failureOf(error: PipelineError, symbol: string): Answer | Again {
  const { kind, retryAfterMs } = error;
  const message = `${symbol}: ${error.message}`;
  if (kind === 'interrupted' || kind === 'bug') throw error;
  if (kind === 'throttled') {
    return { outcome: 'again', as: 'pending', kind, message, waitMs: retryAfterMs ?? PAUSE_MS };
  }
  if (kind !== 'unavailable') return { outcome: 'failed', kind, message };
  return { outcome: 'again', as: 'failed', kind, message, waitMs: OUTAGE_MS };
}

function echoesKey(bytes: Uint8Array, key: string): boolean {
  return (
    key.length >= KEY_LENGTH_MIN &&
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(key)
  );
}

function pending(message: string): Answer {
  return { outcome: 'pending', kind: 'throttled', message };
}
