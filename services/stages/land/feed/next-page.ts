import { PipelineError } from '../../../core/error.ts';
import type { JsonPage } from './json-page.ts';

/** What has been read so far, and by which page. */
export interface Progress {
  /** The address of the page. */
  url: URL;
  page: JsonPage;
  /** The header `Link` that came with it. */
  link: string | null;
  /** Rows of this page and all before it. */
  rows: number;
  /** How many rows there are in all, where the API says so. */
  total: number | null;
  /** Rows asked for by page; 0 when none were. */
  pageRows: number;
  /** The page is byte for byte the one before it. */
  isRepeated: boolean;
}

/**
 * The address of the page that follows; null after the last one. An API says so in one of these ways, asked for in
 * this order: `next` in the page (or the header `Link`), `next_cursor`, `has_more`, `total`; without any of them a full
 * page is followed by another. `input-invalid` for a next page on another host, which must not see the credential.
 */
export function nextPage(progress: Progress, address: string): URL | null {
  const { page, link, url } = progress;
  const next = page.next ?? linkedNext(link);
  if (next !== null)
    return /^\d+$/.test(next) ? withNumber(url, next) : linkedUrl(next, url, address);
  if (page.cursor !== null) return withParameter(url, 'cursor', page.cursor);
  if (page.hasMore === true && page.rows.length === 0) {
    throw new PipelineError('input-invalid', `${address}: says that there is more, and gives none`);
  }
  return isLast(progress) ? null : withNumber(url, String(numberOf(url) + 1));
}

function isLast({ page, rows, total, pageRows, isRepeated }: Progress): boolean {
  if (page.rows.length === 0) return true;
  if (page.hasMore !== null) return !page.hasMore;
  if (total !== null) return rows >= total || isRepeated;
  return pageRows === 0 || page.rows.length !== pageRows || isRepeated;
}

function linkedUrl(next: string, from: URL, address: string): URL {
  const url = URL.canParse(next, from.href) ? new URL(next, from) : null;
  const isThere = url !== null && url.origin === from.origin && url.username === '';
  if (isThere && url.password === '') return url;
  const why = url === null ? 'is no address' : 'is on another host';
  throw new PipelineError('input-invalid', `${address}: the next page that it names ${why}`, {
    hint: 'only pages of the host that was named are read',
  });
}

/** `<https://…>; rel="next"` of a header `Link` (RFC 8288). */
function linkedNext(link: string | null): string | null {
  for (const [, target, attributes] of (link ?? '').matchAll(/<([^>]*)>((?:\s*;[^,<]*)*)/g)) {
    if (/;\s*rel\s*=\s*(?:next\b|"(?:[^"]*\s)?next(?:\s[^"]*)?")/i.test(attributes ?? '')) {
      return target ?? null;
    }
  }
  return null;
}

function numberOf(url: URL): number {
  const text = url.searchParams.get('page') ?? '1';
  return /^\d{1,9}$/.test(text) ? Number(text) : 1;
}

function withNumber(url: URL, number: string): URL {
  return withParameter(url, 'page', number);
}

/** The address with a parameter set, everything else as it was. */
export function withParameter(url: URL, name: string, value: string): URL {
  const changed = new URL(url);
  changed.searchParams.set(name, value);
  return changed;
}
