/** What is heard of a bucket. Everything but `lost` is a hint: the store is asked before anything is done. */
export type BucketNews =
  /** From now on changes are heard; those from before may have been missed, so the listener looks for himself. */
  | { type: 'listening' }
  /** A notification as S3 and MinIO spell it: parsed JSON, not checked, keys form-encoded. */
  | { type: 'notification'; body: unknown }
  /** The object of this key may be new, changed or gone. */
  | { type: 'changed'; key: string }
  /** Changes may be missed until the next `listening`; `reason` is one line for people. */
  | { type: 'lost'; reason: string };

export interface ListenRequest {
  /** Only keys that begin with it are of interest; others may be told all the same. */
  prefix: string;
  signal: AbortSignal;
}

/** News of one bucket, as they happen. */
export interface BucketEvents {
  /**
   * Tells news until the signal is aborted; then ends without an error. A connection that ends or falls silent is told
   * as `lost` and made again, for ever, with growing waits; so are news that come faster than they are taken. Nothing
   * is promised to be told once, in order, or at all: whoever must not miss an object lists the bucket after each
   * `listening`. `unsupported` when the store cannot tell of changes, `denied` and `config-invalid` when it refuses to.
   */
  listen(request: ListenRequest): AsyncIterable<BucketNews>;
}
