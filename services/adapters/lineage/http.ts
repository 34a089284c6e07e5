import { type ErrorKind, PipelineError } from '../../core/error.ts';
import type { Secret } from '../../core/secret.ts';
import type { LineageSink } from '../../ports/lineage.ts';

export interface LineageHttpOptions {
  /** The server; `/api/v1/lineage` is added where the address has no path of its own. */
  url: string;
  /** Sent as `Authorization: Bearer …`. */
  apiKey: Secret | undefined;
  /** One try, from first to last byte. Default 2,000. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 2_000;
const PATH = '/api/v1/lineage';
const HINT = 'see ARGOSY_LINEAGE; lineage is lost, the run and its data are not';

/** Lineage events to a server that speaks OpenLineage over HTTP, Marquez for example. Redirects are not followed. */
export function lineageHttp({
  url,
  apiKey,
  timeoutMs = TIMEOUT_MS,
}: LineageHttpOptions): LineageSink {
  const address = new URL(url);
  if (address.pathname === '/') address.pathname = PATH;
  const authorization = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey.reveal()}` };
  return {
    url: `${address.origin}${address.pathname}`,
    send: async (event, signal) => {
      const deadline = AbortSignal.timeout(timeoutMs);
      let reply: Response;
      try {
        reply = await fetch(address, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'user-agent': 'argosy', ...authorization },
          body: JSON.stringify(event),
          redirect: 'manual',
          signal: AbortSignal.any([signal, deadline]),
        });
        // What it says in answer is of no use.
        await reply.body?.cancel();
      } catch (thrown) {
        signal.throwIfAborted();
        const why = deadline.aborted ? `no answer in ${timeoutMs} ms` : codeOf(thrown);
        throw new PipelineError('unavailable', `${address.origin} cannot be reached: ${why}`, {
          hint: HINT,
          cause: thrown,
        });
      }
      if (reply.ok) return;
      const kind = kindOf(reply.status);
      throw new PipelineError(kind, `${address.origin} answered ${reply.status}`, { hint: HINT });
    },
  };
}

function kindOf(status: number): ErrorKind {
  if (status === 429) return 'throttled';
  if (status === 401 || status === 403) return 'denied';
  if (status === 408 || status >= 500) return 'unavailable';
  // Of a redirect nobody takes any event; what else is refused is refused for the event's sake.
  return status >= 400 ? 'input-invalid' : 'config-invalid';
}

/** `ECONNREFUSED` and its like. */
function codeOf(thrown: unknown): string {
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : null;
  return typeof code === 'string' && /^\w+$/.test(code) ? code : 'no connection';
}
