import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readArchivePage } from '../../../services/pipelines/fama-french/archive-page.ts';
import { decodeLibraryText, parseBlocks } from '../../../services/pipelines/fama-french/blocks.ts';
import type { Block } from '../../../services/pipelines/fama-french/blocks.ts';
import { metricNames, unitOf } from '../../../services/pipelines/fama-french/metrics.ts';
import { csvName, vintageOf } from '../../../services/pipelines/fama-french/vintage.ts';
import { unzip } from '../../../services/stages/land/unzip.ts';
import { describeWith } from '../../support/require-component.ts';

const folder = fileURLToPath(new URL('../../../../shared/data/fama-french', import.meta.url));
const realFiles = {
  name: 'shared/data/fama-french',
  path: existsSync(folder) ? folder : null,
  howToGet: 'the real library files lie beside the repository',
};

/** The file read the slow way, by other means than the parser's: cells as text, by run of rows. */
function cellsByRun(text: string): string[][][] {
  const runs: string[][][] = [];
  let isInside = false;
  for (const line of text.split(/\r?\n/)) {
    const isRow = /^\s*\d{4,8}\s*,/.test(line);
    if (isRow && !isInside) runs.push([]);
    if (isRow) runs.at(-1)?.push(line.split(',').map((cell) => cell.trim()));
    isInside = isRow;
  }
  return runs;
}

/** A block's rows as the file prints them: each number with as many decimals as its cell has. */
function printed(block: Block, run: readonly string[][]): string[][] {
  return block.dates.map((date, row) => [
    date,
    ...block.columns.map((column, at) => {
      const decimals = run[row]?.[at + 1]?.split('.')[1]?.length ?? 0;
      return column[row]?.toFixed(decimals) ?? '';
    }),
  ]);
}

describeWith(realFiles, 'the real library files', (path) => {
  const load = (name: string) => decodeLibraryText(readFileSync(`${path}/${name}`));

  describe('6 portfolios, February 2020', () => {
    const text = load('6_Portfolios_2x3_202002.CSV');
    const parsed = parseBlocks(text);

    it('has ten metrics with their units', () => {
      const { names, clashes } = metricNames(parsed.blocks.map(({ title }) => title));
      expect(clashes).toEqual([]);
      expect(names.map((name) => [name, unitOf(name)])).toEqual([
        ['value_weighted_return', 'percent'],
        ['equal_weighted_return', 'percent'],
        ['value_weighted_return_annual', 'percent'],
        ['equal_weighted_return_annual', 'percent'],
        ['num_firms', 'count'],
        ['average_market_cap', 'usd_millions'],
        ['net_stock_issuance_dec', 'ratio'],
        ['net_stock_issuance_jun', 'ratio'],
        ['value_weight_average_op', 'ratio'],
        ['value_weight_average_investment', 'ratio'],
      ]);
    });

    it('has 49,740 long rows, dates x portfolios in each block, no NULL, warning or reject', () => {
      expect(parsed.blocks.map(({ dates }) => dates.length)).toEqual([
        1124, 1124, 93, 93, 1124, 1124, 1124, 1124, 680, 680,
      ]);
      const values = parsed.blocks.flatMap(({ columns }) => columns.flat());
      expect(values).toHaveLength(49_740);
      expect(values).not.toContain(null);
      expect(parsed.warnings).toEqual([]);
      expect([...parsed.rejects, ...parsed.blocks.flatMap(({ rejects }) => rejects)]).toEqual([]);
    });

    it('has the six portfolios in each block', () => {
      for (const { portfolios } of parsed.blocks) {
        expect(portfolios.join()).toBe('small_lobm,me1_bm2,small_hibm,big_lobm,me2_bm2,big_hibm');
      }
    });

    it('has every value of the file to the last digit', () => {
      const runs = cellsByRun(text);
      expect(runs).toHaveLength(10);
      for (const [at, block] of parsed.blocks.entries()) {
        expect(printed(block, runs[at] ?? [])).toEqual(runs[at]);
      }
    });

    it('has 6,558 monthly value-weighted rows up to July 2017, as the original says', () => {
      const dates = parsed.blocks[0]?.dates.filter((date) => date <= '201707') ?? [];
      expect(dates.length * 6).toBe(6_558);
    });

    it('is of February 2020 by its first line', () => {
      expect(vintageOf({ firstLine: text.slice(0, 100) })).toEqual({ year: 2020, month: 2 });
    });
  });

  describe('3 factors, December 2024', () => {
    const text = load('F-F_Research_Data_Factors.CSV');
    const parsed = parseBlocks(text);

    it('has CRLF line ends, an untitled first block and an annual one', () => {
      expect(text).toContain('\r\n');
      expect(parsed.blocks.map(({ title, dates }) => [title, dates.length])).toEqual([
        ['', 1182],
        ['Annual Factors: January-December', 98],
      ]);
      expect(metricNames(parsed.blocks.map(({ title }) => title)).names).toEqual([
        'metric_1',
        'annual_factors_january_december',
      ]);
      expect(parsed.warnings).toEqual([]);
      expect(parsed.rowsRead).toBe(1_280);
    });

    it('has every value of the file to the last digit', () => {
      const runs = cellsByRun(text);
      for (const [at, block] of parsed.blocks.entries()) {
        expect(block.portfolios).toEqual(['mkt_rf', 'smb', 'hml', 'rf']);
        expect(printed(block, runs[at] ?? [])).toEqual(runs[at]);
      }
    });
  });

  describe('the archive page', () => {
    const pageUrl = 'http://127.0.0.1:8099/six_portfolios_archive.html';
    const html = readFileSync(`${path}/site/six_portfolios_archive.html`, 'latin1');
    const csvsOf = async (url: string) => {
      const file = `${path}/site/${decodeURIComponent(new URL(url).pathname)}`;
      const wants = (name: string) => /\.csv$/i.test(name);
      return existsSync(file) ? unzip({ path: file }, { name: file, wants }) : null;
    };

    it('gives nine links from 2017 on, and twelve without a first year', async () => {
      const { links } = await readArchivePage(html, pageUrl, 2017);
      expect(links.map(({ year, month }) => `${year}-${month}`)).toEqual([
        '2017-7',
        '2018-1',
        '2018-7',
        '2019-7',
        '2020-2',
        '2020-7',
        '2021-7',
        '2022-7',
        '2023-7',
      ]);
      expect((await readArchivePage(html, pageUrl, 0)).links).toHaveLength(12);
    });

    it('leads to five CSVs of ten blocks; one dead link, one damaged, two without a CSV', async () => {
      const { links } = await readArchivePage(html, pageUrl, 2017);
      const found: string[] = [];
      for (const { url, label } of links) {
        const unzipped = await csvsOf(url).catch((error: unknown) => String(error));
        if (unzipped === null) found.push('dead');
        else if (typeof unzipped === 'string') found.push('damaged');
        else if (unzipped.members.length === 0) found.push(`no CSV in ${unzipped.entries}`);
        for (const { name, bytes } of typeof unzipped === 'string'
          ? []
          : (unzipped?.members ?? [])) {
          const text = decodeLibraryText(bytes);
          const vintage = vintageOf({ url, label, firstLine: text.slice(0, 100) });
          const { blocks } = parseBlocks(text);
          found.push(`${csvName(vintage ?? { year: 0, month: 0 }, name)} ${blocks.length}`);
        }
      }
      expect(found).toEqual([
        'july17_6_Portfolios_2x3.CSV 10',
        'january18_6_Portfolios_2x3.CSV 10',
        'july18_6_Portfolios_2x3.CSV 10',
        'july19_6_Portfolios_2x3.CSV 10',
        'february20_6_Portfolios_2x3.CSV 10',
        'damaged',
        'no CSV in 0',
        'no CSV in 2',
        'dead',
      ]);
    });
  });
});
