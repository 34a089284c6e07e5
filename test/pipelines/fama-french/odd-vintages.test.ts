import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../../services/core/error.ts';
import { decodeLibraryText, parseBlocks } from '../../../services/pipelines/fama-french/blocks.ts';
import type { ParsedLibrary } from '../../../services/pipelines/fama-french/blocks.ts';
import { metricNames } from '../../../services/pipelines/fama-french/metrics.ts';
import { makeVintageCsv } from '../../../services/sample/fama-french.ts';

const whole = makeVintageCsv({ year: 2018, month: 7, firstYear: 2014, seed: 3 });
const lines = whole.split('\n');
const DATES = [49, 49, 3, 3, 49, 49, 49, 49, 49, 49];
const isRow = (line: string) => /^[ \t]*\d{4,8}[ \t]*,/.test(line);
const rowsIn = (text: string) => text.split(/\r\n|\r|\n/).filter(isRow).length;

/** Every row of the text is in a block or among the rejects, and blocks are rectangles. */
function account(parsed: ParsedLibrary, text: string): void {
  const kept = parsed.blocks.reduce((sum, { dates }) => sum + dates.length, 0);
  const rejects = [...parsed.rejects, ...parsed.blocks.flatMap((block) => block.rejects)];
  const odd = rejects.filter(({ rule }) => rule === 'not_a_row').length;
  expect(kept + rejects.length).toBe(parsed.rowsRead);
  expect(parsed.rowsRead - odd).toBe(rowsIn(text));
  for (const { dates, portfolios, columns } of parsed.blocks) {
    expect(columns).toHaveLength(portfolios.length);
    expect(new Set(columns.map(({ length }) => length))).toEqual(new Set([dates.length]));
  }
}

describe('an odd vintage loses no block and no row', () => {
  const oddities: [name: string, text: string, dates?: number[]][] = [
    ['as it is', whole],
    ['with CRLF', whole.replaceAll('\n', '\r\n')],
    ['with CR', whole.replaceAll('\n', '\r')],
    ['with CRCRLF', whole.replaceAll('\n', '\r\r\n')],
    [
      'with both line ends in turn',
      lines.map((line, at) => line + (at % 2 ? '\r\n' : '\n')).join(''),
    ],
    ['without its preamble', lines.slice(8).join('\n')],
    ['without any blank line', lines.filter((line) => line !== '').join('\n')],
    ['with three blank lines for one', whole.replaceAll('\n\n', '\n\n\n \n\t\n')],
    [
      'without its titles',
      lines.filter((line) => !line.startsWith('  ') || isRow(line)).join('\n'),
    ],
    ['without its copyright line', whole.replace(/Copyright.*\n/, '')],
    ['without its last line end', whole.trimEnd()],
    ['with blanks at the ends of lines', lines.map((line) => `${line}  `).join('\n')],
    ['with tabs around its cells', whole.replaceAll(',', '\t,\t')],
    ['with dates padded on the right', whole.replaceAll(/^(\d{6}),/gm, '$1    ,')],
    ['with dates padded on the left', whole.replaceAll(/^(\d{6}),/gm, '   $1,')],
    [
      'with commas up to one width',
      lines.map((line) => (isRow(line) ? line : `${line},,,`)).join('\n'),
    ],
    [
      'with a comma behind each row',
      lines.map((line) => (isRow(line) ? `${line},` : line)).join('\n'),
    ],
    [
      'with the newest row first',
      whole.replaceAll(
        /(?:^ *\d+,.*\n)+/gm,
        (rows) => `${rows.trimEnd().split('\n').toReversed().join('\n')}\n`,
      ),
    ],
    ['with a byte order mark', `\uFEFF${whole}`],
    ['twice over', whole + whole, [...DATES, ...DATES]],
    [
      'cut after the fifth block',
      `${lines.slice(0, lines.indexOf('  Average Market Cap')).join('\n')}\n`,
      DATES.slice(0, 5),
    ],
    [
      'cut inside the sixth block',
      `${lines.slice(0, lines.indexOf('  Average Market Cap') + 12).join('\n')}\n`,
      [...DATES.slice(0, 5), 10],
    ],
    ['with one header doubled', whole.replace(/\n(,SMALL.*)\n/, '\n$1\n$1\n')],
    ['with a header but no rows at its end', `${whole}\n  Late\n,A,B\n`],
    [
      'with a foreign letter, in Latin-1',
      decodeLibraryText(Buffer.from(whole.replace('Copyright', '\u00A9'), 'latin1')),
    ],
  ];

  it.each(oddities)('%s', (_name, text, dates = DATES) => {
    const parsed = parseBlocks(decodeLibraryText(Buffer.from(text)));
    expect(parsed.blocks.map((block) => block.dates.length)).toEqual(dates);
    expect(parsed.blocks.flatMap(({ rejects }) => rejects)).toEqual([]);
    account(parsed, text);
  });

  it('keeps its metrics when its blank lines are gone', () => {
    const text = lines.filter((line) => line !== '').join('\n');
    const titles = parseBlocks(text).blocks.map(({ title }) => title);
    expect(metricNames(titles).names).toEqual([
      'value_weighted_return',
      'equal_weighted_return',
      'value_weighted_return_annual',
      'equal_weighted_return_annual',
      'num_firms',
      'average_market_cap',
      'net_stock_issuance_dec',
      'net_stock_issuance_jun',
      'value_weight_average_op',
      'value_weight_average_investment',
    ]);
  });

  it('says of every row which header it lost', () => {
    const text = lines.filter((line) => !line.startsWith(',') || line !== lines[9]).join('\n');
    expect(() => parseBlocks(text, 'x.CSV')).toThrow(/x\.CSV has no block: no header/);
    const one = [...lines];
    one.splice(9, 1);
    const parsed = parseBlocks(one.join('\n'));
    expect(parsed.blocks).toHaveLength(9);
    expect(parsed.rejects).toHaveLength(49);
    account(parsed, one.join('\n'));
  });

  it('cut at any byte is a file with fewer rows or is refused, and never has another number', () => {
    const full = parseBlocks(whole).blocks;
    for (let length = 0; length < 9_000; length += 7) {
      const text = whole.slice(0, length);
      const cut = tryParse(text);
      for (const [at, block] of (cut?.blocks ?? []).entries()) {
        const rows = block.dates.length - (text.endsWith('\n') ? 0 : 1);
        const same = (full[at]?.columns ?? []).map((column) => column.slice(0, rows));
        expect(block.columns.map((column) => column.slice(0, rows))).toEqual(same);
      }
    }
  });
});

function tryParse(text: string): ParsedLibrary | null {
  try {
    return parseBlocks(text);
  } catch (error) {
    if (error instanceof PipelineError && error.kind === 'input-invalid') return null;
    throw error;
  }
}
