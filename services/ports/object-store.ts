/** What one stored object is, as its store tells it. */
export interface ObjectInfo {
  key: string;
  sizeBytes: number;
  /** Changes whenever the bytes change; equal tags of one key mean equal bytes. Opaque otherwise. */
  etag: string;
  lastModified: Date;
}

/**
 * Bytes to store: in memory (up to 8 MiB is the rule of thumb), or a finished local file that nobody changes any more:
 * a store on the same disk may keep it under a second name in place of a copy. Removing the first name is no change.
 */
export type Body = Uint8Array | { path: string; sizeBytes: number };

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** What a store can do beyond the plain verbs; read once, asked before relying on it. */
export interface StoreCapability {
  /** `putIfAbsent` is atomic: of any number of racing writers exactly one wins. */
  putIfAbsent: boolean;
}

/**
 * One bucket of objects. Keys are relative, `/`-separated, without `.` or `..` segments (else `config-invalid`).
 *
 * Every method may throw `unavailable`, `throttled`, `denied`, and `config-invalid` when the bucket is not there.
 * A write is atomic: readers see the bytes as they were before or the whole of the new ones.
 * Read-after-write and list-after-write hold.
 */
export interface ObjectStore {
  /** For messages and lineage: `s3://bucket`, `file:///path/bucket` or `mem://bucket`; `${url}/${key}` names an object. */
  readonly url: string;
  readonly capability: StoreCapability;

  /** Stores the bytes under the key, replacing what was there. Twice equals once. */
  put(key: string, body: Body, options?: CallOptions): Promise<ObjectInfo>;

  /**
   * Stores the bytes only when the key is free; `null` when it is taken, whoever took it.
   * `commit-unknown` when the request was sent and no answer came: read the key before anything else.
   * `unsupported` without the capability.
   */
  putIfAbsent(key: string, body: Body, options?: CallOptions): Promise<ObjectInfo | null>;

  /** All bytes of one object; `null` when there is none. `too-large` above 64 MiB: use `open`. */
  get(key: string, options?: CallOptions): Promise<Uint8Array | null>;

  /** The bytes of one object as a stream; `not-found` when there is none. A body cut short throws `unavailable`. */
  open(key: string, options?: CallOptions): Promise<AsyncIterable<Uint8Array>>;

  /** What is known of one object without its bytes; `null` when there is none. */
  head(key: string, options?: CallOptions): Promise<ObjectInfo | null>;

  /** Every object whose key begins with the prefix, each once, in the order of the keys' UTF-8 bytes, however many. */
  list(prefix: string, options?: CallOptions): AsyncIterable<ObjectInfo>;

  /** Removes the object. Removing what is not there is no error. */
  delete(key: string, options?: CallOptions): Promise<void>;

  /**
   * A path on this machine at which the object's bytes can be read (never written) without copying them;
   * `null` when the store is elsewhere or there is no such object.
   */
  localPath(key: string): Promise<string | null>;
}

/** Opens a bucket by name; the one thing `wire.ts` hands on. Same name, same bucket. */
export type OpenBucket = (bucket: string) => ObjectStore;
