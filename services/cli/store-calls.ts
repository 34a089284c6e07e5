import type { MeteredCall } from '../layers/meter.ts';
import type { StepRecord } from '../stages/observe/run-record.ts';
import type { StoreCallCount } from '../telemetry/metric.ts';

/** A step's record with its calls to the store, so that the exit step can sum them up for the metrics of a run. */
export interface MeteredRecord extends StepRecord {
  /** Absent in records of earlier versions. */
  store_calls?: readonly StoreCallCount[];
}

/** Counts the calls of one step to the store, by method and outcome. */
export interface StoreCallCounter {
  add(call: Pick<MeteredCall, 'method' | 'outcome'>): void;
  counts(): StoreCallCount[];
}

/** A counter that has seen no call yet. */
export function storeCallCounter(): StoreCallCounter {
  const calls = new Map<string, StoreCallCount>();
  return {
    add: ({ method, outcome }) => addTo(calls, { method, outcome, count: 1 }),
    counts: () => [...calls.values()],
  };
}

/** The calls of several steps together. */
export function summedCalls(records: readonly MeteredRecord[]): StoreCallCount[] {
  const calls = new Map<string, StoreCallCount>();
  for (const count of records.flatMap(({ store_calls: counts = [] }) => counts))
    addTo(calls, count);
  return [...calls.values()];
}

function addTo(calls: Map<string, StoreCallCount>, { method, outcome, count }: StoreCallCount) {
  const name = `${method} ${outcome}`;
  calls.set(name, { method, outcome, count: (calls.get(name)?.count ?? 0) + count });
}
