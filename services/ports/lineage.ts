/** A named thing of OpenLineage that facets hang on. */
export interface LineageJob {
  namespace: string;
  name: string;
  facets: Readonly<Record<string, LineageFacet>>;
}

/** What is known of a run, job or dataset under one heading; each says which schema it follows. */
export type LineageFacet = Readonly<Record<string, unknown>> & {
  _producer: string;
  _schemaURL: string;
};

export interface LineageDataset {
  namespace: string;
  name: string;
  facets: Readonly<Record<string, LineageFacet>>;
  inputFacets?: Readonly<Record<string, LineageFacet>>;
  outputFacets?: Readonly<Record<string, LineageFacet>>;
}

/** A RunEvent of OpenLineage 2-0-2. */
export interface LineageEvent {
  eventType: 'START' | 'COMPLETE' | 'FAIL' | 'ABORT';
  /** ISO 8601, UTC. */
  eventTime: string;
  run: { runId: string; facets: Readonly<Record<string, LineageFacet>> };
  job: LineageJob;
  inputs: readonly LineageDataset[];
  outputs: readonly LineageDataset[];
  producer: string;
  schemaURL: string;
}

/** Where lineage events go. */
export interface LineageSink {
  /** For messages; without secrets. */
  readonly url: string;
  /**
   * Hands one event over. `unavailable`, `throttled`, `denied` or `config-invalid` when it was not taken; twice may show
   * it twice. Ends at once when the signal is aborted.
   */
  send(event: LineageEvent, signal: AbortSignal): Promise<void>;
}
