import { type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { PipelineError } from '../../core/error.ts';
import { type KubeConnection } from './kube-config.ts';
import { type Asked, connectionFault, refusalFault } from './kube-fault.ts';

/** One request to the API server. */
export interface KubeCall extends Asked {
  method: 'GET' | 'POST' | 'PATCH';
  /** From the root, without a query. */
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: string;
  /** Of the body; JSON when absent. */
  contentType?: string;
  accept?: string;
  signal?: AbortSignal | undefined;
}

/** How long the server may take. */
export interface KubeLimits {
  /** From sending to the last byte of an answer, and to the head of a watch. */
  callMsMax: number;
  /** Of a watch: the server sends a bookmark about once a minute, so longer silence means a dead connection. */
  silenceMsMax: number;
}

export const KUBE_LIMITS: KubeLimits = { callMsMax: 30_000, silenceMsMax: 90_000 };

/** An answer above this size is refused, so that a foreign server cannot fill the memory. */
const REPLY_BYTES_MAX = 64 * 1024 * 1024;

/** The body of a good answer (2xx); any other throws by `refusalFault`, none by `connectionFault`. */
export async function ask(
  connection: KubeConnection,
  call: KubeCall,
  limits: KubeLimits,
): Promise<string> {
  const watchdog = watchdogOf(call.signal);
  try {
    const reply = await open(connection, call, { watchdog, limits });
    return await bodyOf(reply, connection);
  } catch (error) {
    throw stoppedFault(error, { connection, call, isLate: watchdog.hasBitten(), limits });
  } finally {
    watchdog.rest();
  }
}

/** The lines of a watch as they come, until the server ends it. Silence beyond the limit ends it with `unavailable`. */
export async function* askLines(
  connection: KubeConnection,
  call: KubeCall,
  limits: KubeLimits,
): AsyncGenerator<string, void, undefined> {
  const watchdog = watchdogOf(call.signal);
  let reply: IncomingMessage | null = null;
  try {
    reply = await open(connection, call, { watchdog, limits });
    watchdog.wait(limits.silenceMsMax);
    yield* linesOf(reply, () => watchdog.wait(limits.silenceMsMax));
  } catch (error) {
    throw stoppedFault(error, { connection, call, isLate: watchdog.hasBitten(), limits });
  } finally {
    watchdog.rest();
    reply?.destroy();
  }
}

/** A signal that aborts when the caller's does, or when what is waited for takes too long. */
function watchdogOf(signal: AbortSignal | undefined) {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const rest = (): void => clearTimeout(timer);
  return {
    signal: AbortSignal.any([late.signal, ...(signal ? [signal] : [])]),
    rest,
    /** From now on, so long. */
    wait: (durationMs: number): void => {
      rest();
      timer = setTimeout(() => late.abort(), durationMs);
    },
    hasBitten: (): boolean => late.signal.aborted,
  };
}

interface Watched {
  watchdog: ReturnType<typeof watchdogOf>;
  limits: KubeLimits;
}

/** The answer with its head read: 2xx. Any other is read whole, and thrown. */
async function open(
  connection: KubeConnection,
  call: KubeCall,
  watched: Watched,
): Promise<IncomingMessage> {
  let reply = await send(connection, call, watched);
  if (reply.statusCode === 401) {
    // A token may be refused before its time: what a new one brings is the answer.
    reply.resume();
    connection.renew();
    reply = await send(connection, call, watched);
  }
  const status = reply.statusCode ?? 0;
  if (status >= 200 && status < 300) return reply;
  const body = await bodyOf(reply, connection);
  const retryAfter = reply.headers['retry-after'];
  throw refusalFault(connection, call, { status, body, retryAfter });
}

async function send(
  connection: KubeConnection,
  call: KubeCall,
  { watchdog, limits }: Watched,
): Promise<IncomingMessage> {
  const url = new URL(`${connection.server}${call.path}`);
  url.search = new URLSearchParams(call.query).toString();
  // A person may be logging in: the server's time begins afterwards.
  watchdog.rest();
  const options = await connection.authorize(watchdog.signal);
  watchdog.wait(limits.callMsMax);
  const headers = headersOf(call, options.headers);
  const start = url.protocol === 'http:' ? httpRequest : httpsRequest;
  const { signal } = watchdog;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = start(url, { ...options, method: call.method, headers, signal }, resolve);
    request.on('socket', (socket) => socket.setKeepAlive(true, 30_000));
    request.on('error', reject);
    request.end(call.body);
  });
}

function headersOf(call: KubeCall, credentials: RequestOptions['headers']): OutgoingHttpHeaders {
  const own = {
    ...(credentials as OutgoingHttpHeaders | undefined),
    accept: call.accept ?? 'application/json',
    'user-agent': 'argosy',
  };
  if (call.body === undefined) return own;
  const sizeBytes = Buffer.byteLength(call.body);
  return {
    ...own,
    'content-type': call.contentType ?? 'application/json',
    'content-length': sizeBytes,
  };
}

async function bodyOf(reply: IncomingMessage, { server }: KubeConnection): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > REPLY_BYTES_MAX) {
      throw new PipelineError('too-large', `${server} answered more than ${REPLY_BYTES_MAX} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What stands behind the last line end was cut off, and is no line. */
async function* linesOf(
  reply: IncomingMessage,
  heard: () => void,
): AsyncGenerator<string, void, undefined> {
  let waiting: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    heard();
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...waiting, chunk.subarray(from, end)]).toString('utf8');
      waiting = [];
      sizeBytes = 0;
      from = end + 1;
      yield line;
      // The reader may have taken its time: silence is the server's, not the reader's.
      heard();
    }
    waiting.push(chunk.subarray(from));
    sizeBytes += chunk.length - from;
    if (sizeBytes > REPLY_BYTES_MAX) {
      throw new PipelineError('too-large', `an event of more than ${REPLY_BYTES_MAX} bytes`);
    }
  }
}

interface Stopped {
  connection: KubeConnection;
  call: KubeCall;
  isLate: boolean;
  limits: KubeLimits;
}

function stoppedFault(error: unknown, { connection, call, isLate, limits }: Stopped): unknown {
  if (error instanceof PipelineError) return error;
  if (call.signal?.aborted === true) {
    return new PipelineError('interrupted', 'stopped before the end', { cause: error });
  }
  if (isLate) {
    const message = `the API server ${connection.server} did not answer within ${limits.callMsMax / 1000} s`;
    return new PipelineError('unavailable', message, {
      hint: 'it is slow, or the network loses what it sends; try again',
      cause: error,
    });
  }
  return connectionFault(connection, error);
}
