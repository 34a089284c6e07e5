import { strToU8, zipSync } from 'fflate';
import { makeVintageCsv } from './fama-french.ts';
import type { SampleVintage } from './fama-french.ts';

/** An archive page with the files that it links to. */
export interface SampleArchive {
  /** HTML with places for the origin; `pageAt` fills them. */
  page: string;
  /** Bytes by path below the page's folder, such as `ftp/6_Portfolios_2x3_CSV_201707.zip`. */
  files: Map<string, Uint8Array>;
}

export interface ArchiveOptions {
  vintages: readonly SampleVintage[];
  seed: number;
  firstYear: number;
  /** With everything that an archive page can get wrong; true by default. */
  hasDefects?: boolean;
}

/** The name under which the page is served and written. */
export const ARCHIVE_PAGE = 'six_portfolios_archive.html';

/** The good vintages of the sample, all from 2017 on. */
export const SAMPLE_VINTAGES: readonly SampleVintage[] = [
  { year: 2017, month: 7 },
  { year: 2018, month: 1 },
  { year: 2018, month: 7 },
  { year: 2019, month: 7 },
  { year: 2020, month: 2 },
  { year: 2020, month: 7 },
];

/** The history of the sample's vintages starts here, so that they are small. */
export const SAMPLE_FIRST_YEAR = 1995;

const CSV_NAME = '6_Portfolios_2x3.CSV';

/** Local time on purpose: ZIP dates have no zone, so that these bytes are the same in each. */
const MODIFIED = '2024-01-01T12:00:00';

/** `count` vintages, one a month, the last one given. */
export function monthlyVintages(last: SampleVintage, count: number): SampleVintage[] {
  const end = last.year * 12 + last.month - 1;
  return Array.from({ length: count }, (_, index) => {
    const at = end - count + 1 + index;
    return { year: Math.floor(at / 12), month: (at % 12) + 1 };
  });
}

/**
 * An archive page with one ZIP per vintage and, unless told otherwise, what real pages have too:
 * ZIPs before 2017, a corrupt one, an empty one, one without a CSV, a dead link, TXT twins, a link
 * in a comment, one without a year, anchors without an address. Same options, same bytes.
 */
export function makeArchive(options: ArchiveOptions): SampleArchive {
  const { vintages, seed, firstYear, hasDefects = true } = options;
  const files = new Map<string, Uint8Array>();
  const rows: string[] = [];
  for (const [index, vintage] of vintages.entries()) {
    const path = `ftp/${csvZipName(vintage, hasDefects && index === 1 ? ' ' : '_')}`;
    const csv = makeVintageCsv({ ...vintage, firstYear, seed });
    files.set(path, zip({ [CSV_NAME]: strToU8(csv) }));
    rows.push(row(vintage, path, index));
  }
  if (hasDefects) {
    for (const [path, bytes] of defects(seed)) files.set(path, bytes);
    rows.unshift(oldRow(2015), oldRow(2016));
    for (const year of [2021, 2022, 2023, 2024])
      rows.push(row({ year, month: 7 }, defectPath(year)));
  }
  return { page: page(rows, hasDefects), files };
}

/** The page for an origin (`http://127.0.0.1:8099`), or for a folder: all links relative. */
export function pageAt(archive: SampleArchive, origin: string | null): string {
  if (origin === null) return archive.page.replaceAll(/\{(?:origin|root)\}\//g, '');
  return archive.page.replaceAll('{origin}', origin).replaceAll('{root}', '');
}

function zip(members: Record<string, Uint8Array>): Uint8Array {
  return zipSync(members, { level: 1, mtime: MODIFIED });
}

function csvZipName({ year, month }: SampleVintage, separator = '_'): string {
  const name = `6_Portfolios_2x3_CSV_${year}${String(month).padStart(2, '0')}.zip`;
  return name.replaceAll('_', separator);
}

function defectPath(year: number): string {
  return `ftp/${csvZipName({ year, month: 7 })}`;
}

/** July 2021 is cut in half, 2022 has no member, 2023 no CSV; 2024 is not there at all. */
function defects(seed: number): [string, Uint8Array][] {
  const csv = strToU8(makeVintageCsv({ year: 2016, month: 7, firstYear: 2010, seed }));
  const whole = zip({ [CSV_NAME]: csv });
  const text = zip({ 'readme.txt': strToU8('no table here\n'), 'tables.txt': csv });
  return [
    [defectPath(2016), whole],
    [defectPath(2021), whole.subarray(0, whole.length >> 1)],
    [defectPath(2022), zip({})],
    [defectPath(2023), text],
    [defectPath(2017).replace('CSV', 'TXT'), text],
    ['ftp/6_Portfolios_2x3_all_years_CSV.zip', whole],
  ];
}

/** Hrefs take turns: relative, absolute, rooted, without quotes; labels plain and wrapped. */
function row({ year, month }: SampleVintage, path: string, turn = 0): string {
  const twin = path.replace('CSV', 'TXT');
  const anchors = [
    (href: string, label: string) => `<a href="${href}">${label}</a>`,
    (href: string, label: string) => `<a href="${href}">${label}</a>`,
    (href: string, label: string) => `<a class="dl" href="{origin}/${href}"><b>${label}</b></a>`,
    (href: string, label: string) => `<a href="{root}/${href}">\n        ${label}\n      </a>`,
    (href: string, label: string) => `<a target="_blank" href=${href}>${label}</a>`,
  ];
  const anchor = anchors[turn % anchors.length] ?? String;
  return [
    '  <tr>',
    `    <td>${year}-${String(month).padStart(2, '0')}</td>`,
    `    <td>${anchor(path, 'CSV')}</td>`,
    `    <td>${anchor(twin, 'TXT')}</td>`,
    '  </tr>',
  ].join('\n');
}

function oldRow(year: number): string {
  return row({ year, month: 7 }, defectPath(year));
}

const ODD_LINKS = [
  '<p>All years: <a href="ftp/6_Portfolios_2x3_all_years_CSV.zip">CSV</a> (no year in its name).',
  'Viewer: <a href="ftp/csv_viewer_2019.exe">CSV</a>. <a name="end"></a> <a href>Here</a>.',
  'Codebook: <a href="ftp/codebook_2019.zip">CSV codebook</a>.',
];

function page(rows: readonly string[], hasDefects: boolean): string {
  const old = '<a href="ftp/6_Portfolios_2x3_CSV_201712.zip">CSV</a>';
  return [
    '<html>',
    '<head>',
    '<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">',
    '<title>Sample archive: 6 Portfolios Formed on Size and Book-to-Market (2 x 3)</title>',
    ...(hasDefects ? [`<!-- ${old} is in a comment: it is no link -->`] : []),
    '</head>',
    '<body>',
    '<p>Each row holds a made-up file as it stood at the end of the month named.',
    '<table>',
    '  <tr><th>Month</th><th>Comma separated</th><th>Text</th></tr>',
    ...rows,
    '</table>',
    ...(hasDefects ? ODD_LINKS : []),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
