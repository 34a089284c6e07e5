import { createHash } from 'node:crypto';
import { strToU8, zipSync } from 'fflate';
import { PipelineError } from '../../services/core/error.ts';
import type { Source } from '../../services/ports/source.ts';

/** An archive page in memory. Whoever changes `links` or `files` has changed the site. */
export interface TinySite {
  pageUrl: string;
  /** Paths below the page, in page order; one without bytes in `files` is a dead link. */
  links: string[];
  files: Map<string, Uint8Array>;
  source: Source;
}

export interface TinyCsv {
  /** `YYYYMM` of the CRSP tag. */
  made?: string;
  /** Added to every value, to tell revisions apart. */
  nudge?: number;
  /** Rows that no block can take: they end in quarantine. */
  rejects?: number;
}

const ORIGIN = 'http://archive.test';

/** The path of a link as the library names its files. */
export function zipPath(vintage: string, name = '6_Portfolios_2x3'): string {
  return `ftp/${name}_CSV_${vintage}.zip`;
}

/** A library CSV of two blocks, two rows each, with two missing values. */
export function tinyCsv({ made = '201707', nudge = 0, rejects = 0 }: TinyCsv = {}): string {
  const cell = (value: number): string => (value + nudge).toFixed(4).padStart(9);
  const bad = Array.from({ length: rejects }, (_, at) => `20171${3 + at},   1.0,   2.0`);
  return [
    `This file was created by CMPT_ME_BEME_OP_INV_RETS using the ${made} CRSP database.`,
    '',
    '  Average Value Weighted Returns -- Monthly',
    ',SMALL LoBM,BIG HiBM',
    `201706,${cell(1.5)},${cell(2.5)}`,
    ...bad,
    `201707,${cell(-3.25)}, -99.99`,
    '',
    '  Number of Firms in Portfolios',
    ',SMALL LoBM,BIG HiBM',
    '201706,   100,   200',
    '201707,   101,   -999',
    '',
    'Copyright 2017 Kenneth R. French',
    '',
  ].join('\n');
}

/** A ZIP of text members, the same bytes for the same members. */
export function zipOf(members: Record<string, string>): Uint8Array {
  const bytes = Object.entries(members).map(([name, text]) => [name, strToU8(text)] as const);
  return zipSync(Object.fromEntries(bytes), { level: 1, mtime: '2024-01-01T12:00:00' });
}

/** A site of these files, all linked, with ETags that it honours. */
export function siteOf(files: Record<string, Uint8Array | null>): TinySite {
  const site: TinySite = {
    pageUrl: `${ORIGIN}/six_portfolios_archive.html`,
    links: Object.keys(files),
    files: new Map(
      Object.entries(files).flatMap(([path, bytes]) => (bytes ? [[path, bytes]] : [])),
    ),
    source: { fetch: async (request) => reply(site, request) },
  };
  return site;
}

/** Two good vintages (one with a rejected row), one corrupt ZIP and one dead link. */
export function tinySite(): TinySite {
  const good = (made: string, rejects: number) =>
    zipOf({ '6_Portfolios_2x3.CSV': tinyCsv({ made, rejects }) });
  return siteOf({
    [zipPath('201707')]: good('201707', 1),
    [zipPath('201801')]: good('201801', 0),
    [zipPath('201807')]: good('201807', 0).subarray(0, 200),
    [zipPath('201907')]: null,
  });
}

function reply(
  { pageUrl, links, files }: TinySite,
  request: Parameters<Source['fetch']>[0],
): Awaited<ReturnType<Source['fetch']>> {
  const { url } = request;
  const page = links.map((path) => `<a href="${path}">CSV</a>`).join('\n');
  const path = decodeURIComponent(url.slice(ORIGIN.length + 1));
  const bytes = url === pageUrl ? strToU8(page) : files.get(path);
  if (!bytes) throw new PipelineError('not-found', `${url}: 404 Not Found`);
  const etag = `"${createHash('sha1').update(bytes).digest('hex')}"`;
  if (request.etag === etag) return { status: 'unchanged' };
  return { status: 'fresh', url, bytes, contentType: null, etag, lastModified: null };
}
