import { isRetryable, PipelineError } from '../../core/error.ts';
import { argoRead, type ArgoPlace } from './argo-call.ts';
import { listAt, textAt } from './json-field.ts';
import { type KubeApi, reasonOf } from './kube-api.ts';
import { refusalFault, statusCode } from './kube-fault.ts';
import type { KubeCall } from './kube-request.ts';

/** An outage longer than this ends the following; upgrades of a control plane take minutes. */
const OUTAGE_MS_MAX = 10 * 60_000;

/** The server ends a watch after this long, which is a good end. */
const WATCH_SECONDS = 290;

/** Waits between two looks: at most so long, and for the first one. */
const WAIT_MS_MAX = 10_000;
const WAIT_MS_FIRST = 200;

/** What was seen of one object: its state, or that it is not there (any more). */
export type Sight = { object: unknown } | { gone: true; last: unknown };

/**
 * Every state of one object as the server tells it, until the reader has seen enough: a list, then a watch from there.
 * A watch that ends, breaks, falls silent or is told to start over (410) is followed by a list. Faults that waiting may
 * cure are waited out for ten minutes; others are thrown. The object's absence is the last sight.
 */
export async function* watchOne(api: KubeApi, place: ArgoPlace): AsyncGenerator<Sight> {
  const patience = patienceOf(api, place);
  let last: unknown = null;
  for (;;) {
    const listed = await orFault(() => listOne(api, place));
    if ('error' in listed) {
      await patience.wait(listed.error);
      continue;
    }
    patience.answered();
    const { object, resourceVersion } = listed.value;
    if (object === null) return yield { gone: true, last };
    if (!isOlder(object, last)) {
      last = object;
      yield { object };
    }
    const changes = changesOf(api, place, resourceVersion);
    try {
      for (;;) {
        const change = await orFault(() => changes.next());
        if ('error' in change || change.value.done === true) {
          await patience.wait('error' in change ? change.error : null);
          break;
        }
        const { object: next, isDeleted } = change.value.value;
        if (isOlder(next, last)) continue;
        patience.told();
        last = next;
        if (isDeleted) return yield { gone: true, last };
        yield { object: next };
      }
    } finally {
      // A reader that has seen enough leaves in the middle: its connection must not outlive it.
      await changes.return();
    }
  }
}

/** A thrown error as a value, so that one loop handles both kinds of call. */
async function orFault<T>(call: () => Promise<T>): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error };
  }
}

/** A list of the one object, not a get: its version is one to watch from, also when there is no object. */
async function listOne(
  api: KubeApi,
  place: ArgoPlace,
): Promise<{ object: unknown; resourceVersion: string }> {
  const list = await api.jsonOnce(argoRead('list', { ...place, name: '' }, selectorOf(place)));
  const [object = null] = listAt(list, 'items');
  return { object, resourceVersion: textAt(list, 'metadata', 'resourceVersion') ?? '' };
}

interface Change {
  object: unknown;
  isDeleted: boolean;
}

async function* changesOf(
  api: KubeApi,
  place: ArgoPlace,
  resourceVersion: string,
): AsyncGenerator<Change, void, undefined> {
  const call = argoRead(
    'watch',
    { ...place, name: '' },
    {
      ...selectorOf(place),
      watch: 'true',
      resourceVersion,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(WATCH_SECONDS),
    },
  );
  for await (const line of api.lines(call)) {
    const change = changeOf(api, call, line);
    if (change !== null) yield change;
  }
}

/** `null` for what is no news; an ERROR event throws. */
function changeOf(api: KubeApi, call: KubeCall, line: string): Change | null {
  const event = parsed(line);
  const type = textAt(event, 'type');
  const object = (event as { object?: unknown } | null)?.object;
  if (type === 'ADDED' || type === 'MODIFIED') return { object, isDeleted: false };
  if (type === 'DELETED') return { object, isDeleted: true };
  if (type !== 'ERROR') return null;
  const refusal = { status: statusCode(object), body: JSON.stringify(object) };
  throw refusalFault(api.connection, call, refusal);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    throw new PipelineError('unavailable', 'the watch was told something that is no JSON', {
      cause,
    });
  }
}

function selectorOf({ name = '' }: ArgoPlace): Record<string, string> {
  return { fieldSelector: `metadata.name=${name}` };
}

/** True for a state of the same object that is known to be from before the last one seen. */
function isOlder(object: unknown, last: unknown): boolean {
  const [uid, lastUid] = [object, last].map((one) => textAt(one, 'metadata', 'uid'));
  if (last === null || uid !== lastUid) return false;
  const [version = '', lastVersion = ''] = [object, last].map((one) =>
    textAt(one, 'metadata', 'resourceVersion'),
  );
  if (!/^\d+$/.test(version) || !/^\d+$/.test(lastVersion)) return false;
  return BigInt(version) < BigInt(lastVersion);
}

/**
 * How long to wait before the next look. What ends without news waits longer each time, so that a server that closes
 * every watch at once is not asked without pause; a watch that was open for a while starts from the shortest wait.
 */
function patienceOf({ clock, random, log }: KubeApi, { name = '', signal }: ArgoPlace) {
  let waits = 0;
  let openSince: Date | null = null;
  let outageSince: Date | null = null;
  let isTold = false;
  const notePause = (error: unknown): void => {
    const now = clock.now();
    const wasOpenMs = openSince === null ? 0 : now.getTime() - openSince.getTime();
    if (wasOpenMs >= WAIT_MS_MAX) waits = 0;
    if (error === null) return;
    outageSince ??= now;
    if (now.getTime() - outageSince.getTime() > OUTAGE_MS_MAX) throw lost(error, name);
  };
  return {
    /** The server has answered; a watch is opened next. */
    answered: (): void => {
      if (isTold) log.info('cluster.answers_again', { workflow: name });
      isTold = false;
      outageSince = null;
      openSince = clock.now();
    },
    /** Something new was told. */
    told: (): void => {
      waits = 0;
    },
    /** Waits, or throws the error that waiting does not cure. */
    wait: async (error: unknown): Promise<void> => {
      if (error !== null && !isRetryable(error)) throw error;
      notePause(error);
      const boundMs = Math.min(WAIT_MS_MAX, WAIT_MS_FIRST * 2 ** waits);
      waits = Math.min(waits + 1, 10);
      const askedMs = error instanceof PipelineError ? (error.retryAfterMs ?? 0) : 0;
      const waitMs = Math.max(askedMs, Math.round(boundMs / 2 + (random() * boundMs) / 2));
      // Watches break every day, at the limits of proxies and balancers: only a list that fails too is news.
      const isOutage = error !== null && openSince === null;
      if (isOutage) log.warn('cluster.retry', { workflow: name, reason: reasonOf(error), waitMs });
      isTold ||= isOutage;
      openSince = null;
      await clock.sleep(Math.min(waitMs, OUTAGE_MS_MAX), signal);
    },
  };
}

function lost(cause: unknown, name: string): PipelineError {
  const minutes = OUTAGE_MS_MAX / 60_000;
  return new PipelineError(
    'unavailable',
    `${name} cannot be followed: for ${minutes} minutes, ${reasonOf(cause)}`,
    {
      hint: `it runs on without us; look again with: argosy follow ${name}`,
      cause,
    },
  );
}
