/** A request for bytes from outside. */
export interface SourceRequest {
  url: string;
  /** More than this many bytes ends in `too-large`, also when the sender promised fewer. */
  sizeBytesMax: number;
  /** What an earlier reply gave; lets the sender answer that nothing has changed. */
  etag?: string | undefined;
  lastModified?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** A reply: the bytes, or the news that they are those of the earlier reply. */
export type SourceReply =
  | { status: 'unchanged' }
  | {
      status: 'fresh';
      /** Where the bytes came from in the end, after redirects. */
      url: string;
      bytes: Uint8Array;
      contentType: string | null;
      etag: string | null;
      lastModified: string | null;
    };

/**
 * Bytes from outside the house. `not-found` (404, 410, no such file), `denied` (401, 403), `throttled` (429, with
 * `retryAfterMs` when told), `unavailable` (network, DNS, timeout, 5xx, body cut short), `too-large`, and
 * `config-invalid` for an address that may not be fetched.
 */
export interface Source {
  fetch(request: SourceRequest): Promise<SourceReply>;
}
