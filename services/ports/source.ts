import type { Secret } from '../core/secret.ts';

/** A request for bytes from outside. */
export interface SourceRequest {
  url: string;
  /** More than this many bytes ends in `too-large`, also when the sender promised fewer. */
  sizeBytesMax: number;
  /** What an earlier reply gave; lets the sender answer that nothing has changed. */
  etag?: string | undefined;
  lastModified?: string | undefined;
  /**
   * The whole value of the header `Authorization`. It goes to the host of `url` and to no other: a redirect to another
   * loses it. `config-invalid` when it would cross a network in the clear (plain http to a public host).
   */
  authorization?: Secret | undefined;
  signal?: AbortSignal | undefined;
  /** Tries of this request, the first included: 1 where each call is counted. The source's own number by default. */
  attemptsMax?: number | undefined;
  /** Redirects that are followed: 0 where each request is counted, and one ends in `config-invalid`. 5 by default. */
  redirectsMax?: number | undefined;
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
      /** The header `Link` (RFC 8288), where one came: an API names its next page there. */
      link?: string | null;
      /** The header `X-Total-Count`: how many rows an API has in all. */
      totalCount?: string | null;
    };

/** A file of this machine. */
export interface SourceFile {
  /** `file:///folder/name.csv`. */
  url: string;
  /** Where its bytes can be read. */
  path: string;
  /** Changes whenever the file does. */
  etag: string;
  sizeBytes: number;
}

/**
 * Bytes from outside the house. `not-found` (404, 410, no such file), `denied` (401, 403), `throttled` (429, with
 * `retryAfterMs` when told), `unavailable` (network, DNS, timeout, 5xx, body cut short), `too-large`, and
 * `config-invalid` for an address that may not be fetched.
 */
export interface Source {
  fetch(request: SourceRequest): Promise<SourceReply>;
  /**
   * The files that a `file:` address names: itself, or those directly in a folder, in the order of their names.
   * `config-invalid` for an address that nobody named; absent where no files can be read.
   */
  files?(url: string): Promise<readonly SourceFile[]>;
}
