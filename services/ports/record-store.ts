import type { CallOptions } from './object-store.ts';

/** A JSON document with the key it is kept under: `collection/id`. */
export interface StoredRecord<T> {
  id: string;
  value: T;
}

/**
 * Small JSON documents by collection and id: run records, downloads, hashes, bookmarks. A collection and an id are
 * `/`-separated names. A record that is not JSON any more throws `input-invalid` with its key.
 */
export interface RecordStore {
  /** The record; `null` when there is none. */
  get<T>(collection: string, id: string, options?: CallOptions): Promise<T | null>;
  /** Keeps the record, replacing what was there. When it is byte for byte what is there already, nothing is written. */
  put(collection: string, id: string, value: unknown, options?: CallOptions): Promise<void>;
  /** Keeps the record only when the id is free; false when it is taken. `commit-unknown` as in the object store. */
  putIfAbsent(
    collection: string,
    id: string,
    value: unknown,
    options?: CallOptions,
  ): Promise<boolean>;
  /** The ids of a collection (and of collections below it) in their order, without reading a record. */
  ids(collection: string, options?: CallOptions): AsyncIterable<string>;
  /** The records written last, the newest first: at most so many, and no other is read. */
  newest<T>(
    collection: string,
    countMax: number,
    options?: CallOptions,
  ): AsyncIterable<StoredRecord<T>>;
  /** Every record of a collection (and of collections below it), in the order of ids. */
  scan<T>(collection: string, options?: CallOptions): AsyncIterable<StoredRecord<T>>;
}
