import { afterEach, describe, expect, it } from 'vitest';
import { readArchivePage } from '../../services/pipelines/fama-french/archive-page.ts';
import { parseBlocks } from '../../services/pipelines/fama-french/blocks.ts';
import { metricNames } from '../../services/pipelines/fama-french/metrics.ts';
import { serveArchive } from '../../services/sample/archive-server.ts';
import type { ArchiveServer } from '../../services/sample/archive-server.ts';
import { makeVintageCsv } from '../../services/sample/fama-french.ts';
import {
  makeArchive,
  monthlyVintages,
  pageAt,
  SAMPLE_FIRST_YEAR,
  SAMPLE_VINTAGES,
} from '../../services/sample/fama-french-archive.ts';
import { unzip } from '../../services/stages/land/unzip.ts';

const SEED = 7;
const sample = { vintages: SAMPLE_VINTAGES, seed: SEED, firstYear: SAMPLE_FIRST_YEAR };

function table(csv: string): Map<string, number | null> {
  const cells = new Map<string, number | null>();
  for (const [at, block] of parseBlocks(csv).blocks.entries()) {
    for (const [column, values] of block.columns.entries()) {
      for (const [row, value] of values.entries()) {
        cells.set(`${at} ${column} ${block.dates[row] ?? ''}`, value);
      }
    }
  }
  return cells;
}

describe('a sample vintage', () => {
  it('has the size of a real one when its history is whole', () => {
    const csv = makeVintageCsv({ year: 2020, month: 2, firstYear: 1926, seed: SEED });
    const { blocks, warnings, rejects } = parseBlocks(csv);
    expect(blocks.map(({ dates }) => dates.length)).toEqual([
      1124, 1124, 93, 93, 1124, 1124, 1124, 1124, 680, 680,
    ]);
    expect(blocks.flatMap(({ columns }) => columns.flat())).toHaveLength(49_740);
    expect([warnings, rejects]).toEqual([[], []]);
    expect(csv.length).toBeGreaterThan(550_000);
    expect(csv.length).toBeLessThan(610_000);
  });

  it('has ten metrics and missing values in its early rows only', () => {
    const { blocks } = parseBlocks(
      makeVintageCsv({ year: 2018, month: 7, firstYear: 1995, seed: SEED }),
    );
    expect(new Set(metricNames(blocks.map(({ title }) => title)).names).size).toBe(10);
    const nulls = blocks.flatMap(({ columns }) =>
      columns.flatMap((column) => column.flatMap((value, row) => (value === null ? [row] : []))),
    );
    expect(nulls.length).toBeGreaterThan(10);
    expect(Math.max(...nulls)).toBeLessThan(60);
  });

  it('is the same for the same seed and another for another', () => {
    const options = { year: 2017, month: 7, firstYear: 2010, seed: SEED };
    expect(makeVintageCsv(options)).toBe(makeVintageCsv(options));
    expect(makeVintageCsv(options)).not.toBe(makeVintageCsv({ ...options, seed: 8 }));
  });

  it('shares its history with the next but for a few revisions', () => {
    const options = { firstYear: SAMPLE_FIRST_YEAR, seed: SEED };
    const older = table(makeVintageCsv({ ...options, year: 2018, month: 1 }));
    const newer = table(makeVintageCsv({ ...options, year: 2018, month: 7 }));
    const revised = [...older].filter(([cell, value]) => newer.get(cell) !== value);
    expect([...older.keys()].every((cell) => newer.has(cell))).toBe(true);
    expect(newer.size).toBeGreaterThan(older.size);
    expect(revised.length).toBeGreaterThan(5);
    expect(revised.length).toBeLessThan(older.size / 100);
  });

  it('has both line ends among the vintages of an archive', () => {
    const ends = SAMPLE_VINTAGES.map((vintage) =>
      makeVintageCsv({ ...vintage, firstYear: 2010, seed: SEED }).includes('\r\n'),
    );
    expect(new Set(ends).size).toBe(2);
  });
});

describe('a sample archive', () => {
  it('is the same bytes every time', () => {
    const [one, two] = [makeArchive(sample), makeArchive(sample)];
    expect(two.page).toBe(one.page);
    expect([...two.files]).toEqual([...one.files]);
  });

  it('has six good vintages, a corrupt, an empty and a CSV-less ZIP, and a dead link', async () => {
    const archive = makeArchive(sample);
    const origin = 'http://127.0.0.1:1';
    const { links } = await readArchivePage(pageAt(archive, origin), `${origin}/x.html`, 2017);
    const outcomes: (number | string)[] = [];
    for (const { url } of links) {
      const bytes = archive.files.get(decodeURIComponent(new URL(url).pathname.slice(1)));
      const wants = (name: string) => name.endsWith('.CSV');
      const unzipped = bytes && (await unzip(bytes, { name: url, wants }).catch(() => 'corrupt'));
      if (unzipped === undefined) outcomes.push('dead');
      else if (typeof unzipped === 'string') outcomes.push(unzipped);
      else {
        const [csv] = unzipped.members;
        const blocks = csv && parseBlocks(csv.bytes.toString()).blocks.length;
        outcomes.push(blocks ?? `none of ${unzipped.entries}`);
      }
    }
    expect(outcomes).toEqual([10, 10, 10, 10, 10, 10, 'corrupt', 'none of 0', 'none of 2', 'dead']);
  });

  it('has relative links only when it is written to a folder', async () => {
    const page = pageAt(makeArchive(sample), null);
    expect(page).not.toMatch(/[{}]|href="?(?:\/|http)/);
    const { links } = await readArchivePage(page, 'file:///mirror/x.html', 2017);
    expect(links).toHaveLength(10);
    expect(links.every(({ url }) => url.startsWith('file:///mirror/ftp/'))).toBe(true);
  });

  it('can have as many vintages as a bench wants, and no defects', async () => {
    const vintages = monthlyVintages({ year: 2024, month: 2 }, 30);
    expect([vintages[0], vintages.at(-1)]).toEqual([
      { year: 2021, month: 9 },
      { year: 2024, month: 2 },
    ]);
    const archive = makeArchive({ vintages, seed: SEED, firstYear: 2015, hasDefects: false });
    expect(archive.files.size).toBe(30);
    const { links } = await readArchivePage(pageAt(archive, null), 'file:///x.html', 2017);
    expect(links).toHaveLength(30);
  });
});

describe('the archive server', () => {
  let server: ArchiveServer | null = null;
  afterEach(async () => {
    await server?.close();
    await server?.close();
  });

  it('serves page and files on loopback, honours ETags, and has no dead file', async () => {
    const archive = makeArchive({ ...sample, vintages: SAMPLE_VINTAGES.slice(0, 2) });
    server = await serveArchive(archive);
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/six_portfolios_archive\.html$/);
    const { links } = await readArchivePage(
      await (await fetch(server.url)).text(),
      server.url,
      2017,
    );
    const [, spaced] = links;
    const first = await fetch(spaced?.url ?? '');
    const bytes = new Uint8Array(await first.arrayBuffer());
    expect(bytes).toEqual(
      new Uint8Array(archive.files.get('ftp/6 Portfolios 2x3 CSV 201801.zip') ?? []),
    );
    const etag = first.headers.get('etag') ?? '';
    const again = await fetch(spaced?.url ?? '', { headers: { 'If-None-Match': etag } });
    expect([again.status, (await again.arrayBuffer()).byteLength]).toEqual([304, 0]);
    expect((await fetch(links.at(-1)?.url ?? '')).status).toBe(404);
    expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
    expect((await fetch(server.url, { method: 'HEAD' })).headers.get('content-length')).not.toBe(
      '0',
    );
    expect((await fetch(`${server.url}/%`)).status).toBe(404);
    expect(server.answers[0]).toBe('GET /six_portfolios_archive.html 200');
    expect(server.answers).toHaveLength(7);
  });
});
