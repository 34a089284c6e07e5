/** Every number that bounds something, with its unit in its name. A limit passed is `too-large`. */

/** `ObjectStore.get` holds an object in memory up to this size; above it, `open`. Design A6. */
export const GET_BYTES_MAX = 64 * 1024 * 1024;

/** A put above this size goes to S3 in parts. */
export const SINGLE_PUT_BYTES_MAX = 64 * 1024 * 1024;

/** The size of one part of a large upload; grows when the object would need more than 10,000 parts. */
export const UPLOAD_PART_BYTES = 16 * 1024 * 1024;

/** S3 takes no single PUT above this size, so a put-if-absent cannot be larger. */
export const CONDITIONAL_PUT_BYTES_MAX = 5 * 1024 * 1024 * 1024;

/** Redirects followed before a source gives up. Design I8. */
export const REDIRECTS_MAX = 5;

/** One attempt to fetch from a source, from first to last byte. Design S6 asks 30 s for the answer to begin. */
export const FETCH_MS_MAX = 120_000;

/** A source may stay silent this long, while connecting or between bytes. */
export const FETCH_SILENCE_MS_MAX = 30_000;

/** The longest wait that a sender may impose with `Retry-After`. */
export const RETRY_AFTER_MS_MAX = 60_000;

/** Tries of one call, the first included. Design F9. */
export const ATTEMPTS_MAX = 5;

/** A start-up probe of a store ends within this time. Design F20. */
export const PROBE_MS_MAX = 2_000;

/** What an archive may hold before it is refused as a whole. Design I7. */
export interface ZipLimits {
  entriesMax: number;
  memberBytesMax: number;
  totalBytesMax: number;
  /** Bytes out for one byte in. */
  ratioMax: number;
}

/** The limits of every archive. An archive in an archive stays a file: the depth is 1. Design I7. */
export const ZIP_LIMITS: ZipLimits = {
  entriesMax: 1_000,
  memberBytesMax: 256 * 1024 * 1024,
  totalBytesMax: 1024 * 1024 * 1024,
  ratioMax: 200,
};

/** All wanted members of an archive that is unpacked into memory; above it, into scratch. Design I7. */
export const ZIP_MEMORY_BYTES_MAX = 32 * 1024 * 1024;

/** The body of one bucket notification. Design S10. */
export const EVENT_BYTES_MAX = 1024 * 1024;

/** Records of one bucket notification. Design I9. */
export const EVENT_RECORDS_MAX = 1_000;

/** One source of rows, as text, unpacked: what a single put-if-absent takes. */
export const SOURCE_BYTES_MAX = CONDITIONAL_PUT_BYTES_MAX;

/** One page of an API: it is held in memory while it is read. */
export const PAGE_BYTES_MAX = 32 * 1024 * 1024;

/** Pages of one source. */
export const PAGES_MAX = 100_000;

/** A row of a source as text; readers of CSV hold several of these in memory. */
export const SOURCE_ROW_BYTES_MAX = 1024 * 1024;

/** Objects or files below one address. */
export const SOURCE_FILES_MAX = 10_000;
