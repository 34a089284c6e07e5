/** Rows as a source gives them, all values as text; null is a value that is not there. */
export interface RowBatch {
  columns: readonly string[];
  rows: readonly (readonly (string | null)[])[];
  /** How many rows the source says there are in all, where it says so. */
  total: number | null;
}

/** What a feed holds: the bytes of a CSV file, or rows. The columns come with the first batch. */
export type FeedContent =
  | {
      kind: 'bytes';
      /** What the CSV is made of, where it is not as it came: `parquet`. */
      madeFrom?: string;
      open(): Promise<AsyncIterable<Uint8Array>>;
    }
  | { kind: 'rows'; open(): AsyncIterable<RowBatch> };

/** One table of text that a source gives: a file, an object, all pages of an API, or the rows of a query. */
export interface Feed {
  /** For messages, the manifest and lineage; without secrets. */
  address: string;
  /** Tells this version of a file or object from others; null for rows, which have none. */
  etag: string | null;
  content: FeedContent;
  /** Asked again when the content was read: `conflict` when the file is not the one that was opened. */
  verify(): Promise<void>;
}

/** What a reader wants of the sources of one dataset. */
export interface FeedRequest {
  /** The dataset's name, for messages. */
  dataset: string;
  /** The columns that must be there; rows of an API have them first, and null where it says nothing. */
  columns: readonly string[];
  /** The SELECT of a database source; '' when there is none. */
  sql: string;
  /** Rows of one page of an API; 0 asks for no page size. */
  pageRows: number;
  /** Only rows of this moment or later, as the source writes moments; null for all. */
  since(address: string): Promise<string | null>;
  /** True for a file or object of which this version was taken before. */
  isTaken(address: string, etag: string): Promise<boolean>;
}
