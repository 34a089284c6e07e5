import type { Node } from 'node-html-parser';
import { MONTHS, linkDate } from './vintage.ts';

/** A ZIP that the page offers: absolute URL, visible label, vintage as the link tells it. */
export interface ArchiveLink {
  url: string;
  label: string;
  year: number;
  /** Counted from 1; null when neither URL nor label names a month. */
  month: number | null;
}

export type SkipReason =
  | 'no href'
  | 'invalid URL'
  | 'not a ZIP'
  | 'label is not CSV'
  | 'no year'
  | 'before the first year'
  | 'duplicate';

/** An anchor that is not taken; `href` is what stands in the page. */
export interface SkippedLink {
  href: string;
  reason: SkipReason;
}

const LABEL_LENGTH_MAX = 200;

const MONTH_WORDS = new Set<string>(MONTHS.flatMap((month) => [month, month.slice(0, 3), 'sept']));

/**
 * The CSV links of the archive page, in page order, each URL once (requirements 1.4; decisions,
 * "What real data taught"). Taken is an anchor whose path ends `.zip`, whose own text is the word
 * CSV, alone or with a month and a year beside it, and which names a year of at least `yearMin`.
 * Relative links start at `<base href>` or at the page itself. No link at all is the caller's error
 * to raise: the page has changed.
 */
export async function readArchivePage(
  html: string,
  pageUrl: string,
  yearMin: number,
): Promise<{ links: ArchiveLink[]; skipped: SkippedLink[] }> {
  const { parse } = await import('node-html-parser');
  // Old pages leave tags open; what is inside them would be dropped without this option.
  const root = parse(withoutComments(html), { parseNoneClosedTags: true });
  const baseHref = root.querySelectorAll('base[href]')[0]?.getAttribute('href') ?? '';
  const base = resolve(baseHref, pageUrl) ?? new URL(pageUrl);
  const links = new Map<string, ArchiveLink>();
  const skipped: SkippedLink[] = [];
  for (const anchor of root.querySelectorAll('a')) {
    const href = anchor.getAttribute('href');
    if (href === undefined && !anchor.hasAttribute('href')) continue;
    const label = ownText(anchor);
    const taken = judge({ href: href ?? '', label }, base, yearMin);
    if (typeof taken === 'string') skipped.push({ href: href ?? '', reason: taken });
    else if (links.has(taken.url)) skipped.push({ href: href ?? '', reason: 'duplicate' });
    else links.set(taken.url, taken);
  }
  return { links: [...links.values()], skipped };
}

/** In one pass: the parser's own search for comments takes minutes on a page made for it. */
function withoutComments(html: string): string {
  let kept = '';
  let at = 0;
  for (;;) {
    const start = html.indexOf('<!--', at);
    if (start === -1) return kept + html.slice(at);
    kept += html.slice(at, start);
    const end = html.indexOf('-->', start + 4);
    if (end === -1) return kept;
    at = end + 3;
  }
}

/** The text of an anchor up to the next one, which ends it when it is left open; cut to 200. */
function ownText(anchor: Node): string {
  let text = '';
  const stack = anchor.childNodes.toReversed();
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (text.length > LABEL_LENGTH_MAX || node.rawTagName?.toLowerCase() === 'a') break;
    if (node.childNodes.length === 0) text += node.text;
    else for (const child of node.childNodes.toReversed()) stack.push(child);
  }
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, LABEL_LENGTH_MAX);
}

function judge(
  anchor: { href: string; label: string },
  base: URL,
  yearMin: number,
): ArchiveLink | SkipReason {
  if (anchor.href.trim() === '') return 'no href';
  const url = resolve(anchor.href, base.href);
  if (url === null || !isFetchable(url, base)) return 'invalid URL';
  if (!/\.zip$/i.test(url.pathname)) return 'not a ZIP';
  if (!isCsvLabel(anchor.label)) return 'label is not CSV';
  url.hash = '';
  const { year, month } = linkDate({ label: anchor.label, url: url.href });
  if (year === null) return 'no year';
  if (year < yearMin) return 'before the first year';
  return { url: url.href, label: anchor.label, year, month };
}

/** True for "CSV", "csv (July 2017)", "2018-01 CSV"; false for "CSV codebook", another thing. */
function isCsvLabel(label: string): boolean {
  const words = label.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  const others = words.filter((word) => word !== '' && word !== 'csv');
  return (
    words.includes('csv') && others.every((word) => /^\d+$/.test(word) || MONTH_WORDS.has(word))
  );
}

/** The web, or the scheme of the page itself: a page mirrored into a folder has `file:` links. */
function isFetchable(url: URL, base: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'http:' || url.protocol === base.protocol;
}

function resolve(href: string, base: string): URL | null {
  const trimmed = href.trim();
  return URL.canParse(trimmed, base) ? new URL(trimmed, base) : null;
}
