/** Time as the rest of the house sees it. Only `adapters/clock` may read the machine's clock. */
export interface Clock {
  /** The present moment. Never used for data or keys of data: those come from the logical date. */
  now(): Date;
  /** Resolves after `durationMs`; rejects with `interrupted` as soon as `signal` is aborted. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}
