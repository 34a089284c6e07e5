import { PipelineError, type ErrorKind } from '../core/error.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Source } from '../ports/source.ts';

/**
 * What goes wrong, by the number of the call (the first is 1). `before`: the call does nothing and fails. `after`: it
 * is done and its answer is lost. `truncated`: a stream or listing stops half-way, anything else is as `before`.
 * `crash` stands for the death of the process: that call and every later one throws `Crash`.
 */
export type Fault =
  | { call: number; when: 'before' | 'after' | 'truncated'; error: ErrorKind | 'crash' }
  | { fromCall: number; error: ErrorKind }
  | { rate: number; random: () => number; errors: readonly ErrorKind[] };

/** Thrown where a killed process would have ended: no code of ours knows it, so none can handle it. */
export class Crash extends Error {
  constructor(what: string) {
    super(`crash at ${what}`);
    this.name = 'Crash';
  }
}

/** Counts the calls of every port that shares it and says which of them fail. */
export interface FaultPlan {
  /** The calls so far, in order: `put s3://bucket/key`. A call number is a place in this list, from 1. */
  readonly calls: readonly string[];
  /** Counts a call and says what becomes of it. */
  next(what: string): Verdict;
}

/** `null` when nothing goes wrong. */
export type Verdict = { when: 'before' | 'after' | 'truncated'; error: () => Error } | null;

/** A plan from scripted or seeded faults; without any, it only counts. */
export function faultPlan(faults: readonly Fault[] = []): FaultPlan {
  const calls: string[] = [];
  let crashedAt = Infinity;
  return {
    calls,
    next: (what) => {
      const number = calls.push(what);
      if (number > crashedAt) return { when: 'before', error: () => new Crash(what) };
      for (const fault of faults) {
        const verdict = judge(fault, number, what);
        if (verdict === null) continue;
        if ('call' in fault && fault.error === 'crash') crashedAt = number;
        return verdict;
      }
      return null;
    },
  };
}

function judge(fault: Fault, number: number, what: string): Verdict {
  if ('rate' in fault) {
    if (fault.random() >= fault.rate) return null;
    const kind = fault.errors[Math.floor(fault.random() * fault.errors.length)] ?? 'unavailable';
    return { when: 'before', error: () => failure(kind, what) };
  }
  if ('fromCall' in fault) {
    if (number < fault.fromCall) return null;
    return { when: 'before', error: () => failure(fault.error, what) };
  }
  if (number !== fault.call) return null;
  const { when, error } = fault;
  return { when, error: () => (error === 'crash' ? new Crash(what) : failure(error, what)) };
}

function failure(kind: ErrorKind, what: string): PipelineError {
  return new PipelineError(kind, `${what} failed: planned fault`);
}

/** A store whose calls fail as planned. `localPath` is no call over a network and never fails. */
export function faultStore(store: ObjectStore, plan: FaultPlan): ObjectStore {
  const at = <T>(method: string, key: string, call: () => Promise<T>): Promise<T> =>
    through(plan.next(`${method} ${store.url}/${key}`), call);
  return {
    url: store.url,
    capability: store.capability,
    put: (key, body, call) => at('put', key, () => store.put(key, body, call)),
    putIfAbsent: (key, body, call) =>
      at('putIfAbsent', key, () => store.putIfAbsent(key, body, call)),
    get: (key, call) => at('get', key, () => store.get(key, call)),
    open: async (key, call) => {
      const verdict = plan.next(`open ${store.url}/${key}`);
      if (verdict?.when === 'before') throw verdict.error();
      return items(verdict, await store.open(key, call));
    },
    head: (key, call) => at('head', key, () => store.head(key, call)),
    list: async function* list(prefix, call) {
      const verdict = plan.next(`list ${store.url}/${prefix}`);
      if (verdict?.when === 'before') throw verdict.error();
      yield* items(verdict, store.list(prefix, call));
    },
    delete: (key, call) => at('delete', key, () => store.delete(key, call)),
    localPath: (key) => store.localPath(key),
  };
}

/** A source whose fetches fail as planned. */
export function faultSource(source: Source, plan: FaultPlan): Source {
  const files = source.files?.bind(source);
  return {
    fetch: (request) => through(plan.next(`fetch ${request.url}`), () => source.fetch(request)),
    ...(files && { files: (url) => through(plan.next(`files ${url}`), () => files(url)) }),
  };
}

/** Does a call as the verdict says: fails before it, or after it. */
export async function through<T>(verdict: Verdict, call: () => Promise<T>): Promise<T> {
  if (verdict !== null && verdict.when !== 'after') throw verdict.error();
  const result = await call();
  if (verdict !== null) throw verdict.error();
  return result;
}

/** After: all items, then the fault. Truncated: the first half of them. */
async function* items<T>(verdict: Verdict, all: AsyncIterable<T>): AsyncGenerator<T> {
  if (verdict === null) {
    yield* all;
    return;
  }
  const held: T[] = [];
  for await (const item of all) held.push(item);
  yield* verdict.when === 'after' ? held : held.slice(0, Math.floor(held.length / 2));
  throw verdict.error();
}
