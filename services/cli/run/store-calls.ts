import type { MeteredCall } from '../../layers/meter.ts';
import { addedCalls } from '../../stages/observe/totals.ts';
import type { StoreCallCount } from '../../telemetry/step-metric.ts';

/** Counts the calls of one step to the store, by method and outcome. */
export interface StoreCallCounter {
  add(call: Pick<MeteredCall, 'method' | 'outcome' | 'sizeBytes'>): void;
  counts(): StoreCallCount[];
}

/** A counter that has seen no call yet. */
export function storeCallCounter(): StoreCallCounter {
  let calls: StoreCallCount[] = [];
  return {
    add: ({ method, outcome, sizeBytes }) => {
      calls = addedCalls([...calls, { method, outcome, count: 1, sizeBytes }]);
    },
    counts: () => calls,
  };
}
