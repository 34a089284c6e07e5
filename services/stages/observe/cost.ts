/**
 * List prices in US dollars, of AWS us-east-1: S3 Standard, and Fargate Linux/x86 for what a pod requests. The storage
 * price is that of requirements 1.14. They are estimates of what a run costs, not a bill.
 */
export interface Prices {
  cpuUsdPerVcpuHour: number;
  memoryUsdPerGbHour: number;
  /** PUT, COPY, POST and LIST. */
  writeUsdPer1000: number;
  /** GET, HEAD and all others; DELETE is free. */
  readUsdPer1000: number;
  storageUsdPerGbMonth: number;
  /** What the pod of a step requests (workflows/*.yaml, templateDefaults). */
  stepVcpus: number;
  stepMemoryGb: number;
}

/** What holds where ARGOSY_PRICES says nothing else. */
export const PRICES: Readonly<Prices> = {
  cpuUsdPerVcpuHour: 0.04048,
  memoryUsdPerGbHour: 0.004445,
  writeUsdPer1000: 0.005,
  readUsdPer1000: 0.0004,
  storageUsdPerGbMonth: 0.023,
  stepVcpus: 0.25,
  stepMemoryGb: 0.25,
};

/** US dollars by component. */
export interface CostEstimate {
  /** What the pod had requested, for as long as the step took. */
  compute: number;
  /** Calls to the object store; a listing counts once, whatever its pages. */
  requests: number;
  /** One month of the bytes that were written. */
  storage: number;
}

/** What a step used. */
export interface Usage {
  durationSeconds: number;
  storeCalls: readonly { method: string; count: number; sizeBytes?: number }[];
}

/** A step that used nothing. */
export const NO_COST: Readonly<CostEstimate> = { compute: 0, requests: 0, storage: 0 };

const WRITES = new Set(['put', 'putIfAbsent', 'list']);
const READS = new Set(['get', 'open', 'head']);
const STORES = new Set(['put', 'putIfAbsent']);
const GB = 1e9;

/** What a step cost by these prices. */
export function stepCost({ durationSeconds, storeCalls }: Usage, prices: Prices): CostEstimate {
  const sum = (methods: ReadonlySet<string>, of: (call: Usage['storeCalls'][number]) => number) =>
    storeCalls.reduce((total, call) => total + (methods.has(call.method) ? of(call) : 0), 0);
  const hourly =
    prices.stepVcpus * prices.cpuUsdPerVcpuHour + prices.stepMemoryGb * prices.memoryUsdPerGbHour;
  return {
    compute: (durationSeconds / 3600) * hourly,
    requests:
      (sum(WRITES, ({ count }) => count) * prices.writeUsdPer1000 +
        sum(READS, ({ count }) => count) * prices.readUsdPer1000) /
      1000,
    storage: (sum(STORES, ({ sizeBytes = 0 }) => sizeBytes) / GB) * prices.storageUsdPerGbMonth,
  };
}

/** The costs together. */
export function sumCosts(costs: readonly Readonly<CostEstimate>[]): CostEstimate {
  return costs.reduce<CostEstimate>(
    (total, cost) => ({
      compute: total.compute + cost.compute,
      requests: total.requests + cost.requests,
      storage: total.storage + cost.storage,
    }),
    NO_COST,
  );
}
