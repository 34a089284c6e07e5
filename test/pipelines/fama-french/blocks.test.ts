import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../../services/core/error.ts';
import { decodeLibraryText, parseBlocks } from '../../../services/pipelines/fama-french/blocks.ts';
import { checkRows } from '../../../services/pipelines/fama-french/library.ts';
import type { Block, ParsedLibrary } from '../../../services/pipelines/fama-french/blocks.ts';

const parse = (...lines: string[]): ParsedLibrary => parseBlocks(`${lines.join('\n')}\n`);

function only(parsed: ParsedLibrary): Block {
  expect(parsed.blocks).toHaveLength(1);
  const [block] = parsed.blocks;
  if (block === undefined) throw new Error('no block');
  return block;
}

const rules = (parsed: ParsedLibrary): string[] => parsed.warnings.map(({ rule }) => rule);
const rejected = (parsed: ParsedLibrary): (string | number)[][] =>
  [...parsed.rejects, ...parsed.blocks.flatMap((block) => block.rejects)].map((reject) => [
    reject.line,
    reject.rule,
  ]);

function refusal(text: string): PipelineError {
  try {
    parseBlocks(text, 'raw_data/csv/x.CSV');
  } catch (error) {
    if (error instanceof PipelineError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a block', () => {
  it('is a header with a blank first cell, the rows below and the title above', () => {
    const parsed = parse(
      '  Average Market Cap',
      ',BIG LoBM, Mkt-RF ',
      '192607,  1.5,-2',
      '192608,3,4',
    );
    expect(only(parsed)).toEqual({
      title: 'Average Market Cap',
      line: 2,
      dates: ['192607', '192608'],
      portfolios: ['big_lobm', 'mkt_rf'],
      columns: [
        [1.5, 3],
        [-2, 4],
      ],
      rejects: [],
    });
    expect(parsed.warnings).toEqual([]);
    expect(parsed.rowsRead).toBe(2);
  });

  it('has all lines directly above its header as title, and nothing from beyond a blank line', () => {
    const parsed = parse('preamble', '', ' one', '  two: ', '', ' three', 'four ', ',A', '2001,1');
    expect(only(parsed).title).toBe('three four');
  });

  it('may have no title', () => {
    expect(only(parse('preamble', '', ',A', '2001,1')).title).toBe('');
  });

  it('ends at a blank line, at the next header and at the end of the file', () => {
    const parsed = parse(',A', '2001,1', '', 'T', ',B', '200101,2', ',C', '20010101,3');
    expect(parsed.blocks.map(({ portfolios, dates }) => [portfolios, dates])).toEqual([
      [['a'], ['2001']],
      [['b'], ['200101']],
      [['c'], ['20010101']],
    ]);
  });

  it('keeps the title of a header that follows the rows without a blank line', () => {
    const parsed = parse(',A', '2001,1', ' Annual', ',B', '2002,2');
    expect(parsed.blocks.map(({ title }) => title)).toEqual(['', 'Annual']);
    expect(rejected(parsed)).toEqual([]);
  });

  it('without rows is told and makes none', () => {
    const parsed = parse('Empty', ',A,B', '', 'Full', ',A', '2001,1');
    expect(only(parsed).title).toBe('Full');
    expect(parsed.warnings).toEqual([
      { rule: 'block_empty', count: 1, examples: [{ line: 2, text: 'Empty' }] },
    ]);
  });

  it('never takes the copyright line as its title', () => {
    expect(only(parse('Copyright 2020 X', ',A', '2001,1')).title).toBe('');
  });

  it('never takes a preamble that touches it as its title', () => {
    const parsed = parse('This file was created by Y', 'It is long.', ' Annual', ',A', '2001,1');
    expect(only(parsed).title).toBe('Annual');
    expect(rules(parsed)).toEqual(['title_uncertain']);
    expect(only(parse('This file was created by Y', ',A', '2001,1')).title).toBe('');
  });

  it('gives repeated and blank portfolio names a name of their own, and tells', () => {
    const parsed = parse(',A,a,,A_2,A', '2001,1,2,3,4,5');
    expect(only(parsed).portfolios).toEqual(['a', 'a_3', 'portfolio_3', 'a_2', 'a_4']);
    expect(rules(parsed)).toEqual(['portfolio_duplicate', 'portfolio_unnamed']);
  });
});

describe('a date', () => {
  it.each(['2001', '200112', '20010228', '20000229', '20011231'])('%s is one', (date) => {
    expect(only(parse(',A', ` ${date}  ,1`)).dates).toEqual([date]);
  });

  it.each([
    '20011',
    '200113',
    '200100',
    '20010229',
    '19000229',
    '20010431',
    '20011200',
    '200101011',
  ])('%s is none: its row is a reject', (date) => {
    const parsed = parse(',A', '1999,1', '', ',B', `${date},1`, '', ',C', '2001,1');
    expect(rejected(parsed)).toEqual([[5, 'date_invalid']]);
    expect(parsed.rowsRead).toBe(3);
  });

  it('of another width than the first of its block makes its row a reject', () => {
    const parsed = parse(',A', '200101,1', '2001,2', '20010101,3');
    expect(only(parsed).dates).toEqual(['200101']);
    expect(rejected(parsed)).toEqual([
      [3, 'date_width'],
      [4, 'date_width'],
    ]);
  });

  it('that came before makes its row a reject, wherever the first stands', () => {
    const parsed = parse(',A', '2003,1', '2001,2', '2003,3', '2004,4', '2004,5', '2001,6');
    expect(only(parsed).dates).toEqual(['2003', '2001', '2004']);
    expect(rejected(parsed)).toEqual([
      [4, 'date_duplicate'],
      [6, 'date_duplicate'],
      [7, 'date_duplicate'],
    ]);
  });
});

describe('a value', () => {
  it.each([
    ['-99.99', null],
    ['-99.990', null],
    [' -99.9900', null],
    ['-999', null],
    ['-999.00', null],
    ['-9990e-1', null],
    ['-99.9', -99.9],
    ['99.99', 99.99],
    ['-0.0695', -0.0695],
    ['-0', -0],
    ['.5', 0.5],
    ['5.', 5],
    ['+1', 1],
    ['1e3', 1000],
    ['0.1234567890123456789', Number('0.1234567890123456789')],
    ['9007199254740993', Number('9007199254740993')],
    ['\t7\t', 7],
  ])('%j is %d', (cell, value) => {
    const parsed = parse(',A,B', `2001,${cell},1`);
    expect(only(parsed).columns[0]).toEqual([value]);
    expect(parsed.warnings).toEqual([]);
  });

  it.each([
    'n/a',
    '-',
    '.',
    '1.2.3',
    '0x10',
    'Infinity',
    '1e400',
    '1 2',
    '--1',
    '1-',
    'NaN',
    '\u00BD',
  ])('%j is NULL with a warning', (cell) => {
    const parsed = parse(',A,B', `2001,${cell},1`);
    expect(only(parsed).columns).toEqual([[null], [1]]);
    expect(parsed.warnings).toEqual([
      { rule: 'value_unparsable', count: 1, examples: [{ line: 2, text: cell }] },
    ]);
  });

  it('that is blank is NULL with a warning', () => {
    const parsed = parse(',A,B,C', '2001,,  ,1');
    expect(only(parsed).columns).toEqual([[null], [null], [1]]);
    expect(parsed.warnings[0]).toMatchObject({ rule: 'value_empty', count: 2 });
  });

  it('missing in a short row is NULL, beyond the header is dropped; both are told', () => {
    const parsed = parse(',A,B', '2001,1', '2002,1,2,3', '2003,1,2,,');
    expect(only(parsed).columns).toEqual([
      [1, 1, 1],
      [null, 2, 2],
    ]);
    expect(parsed.warnings).toEqual([
      { rule: 'row_short', count: 1, examples: [{ line: 2, text: '1 of 2 cells' }] },
      { rule: 'row_wide', count: 1, examples: [{ line: 3, text: '3' }] },
    ]);
  });

  it('that is odd a million times is counted, not listed', () => {
    const rows = Array.from({ length: 2_000 }, (_, at) => `${1000 + at},x`);
    const [warning] = parse(',A', ...rows).warnings;
    expect(warning?.count).toBe(2_000);
    expect(warning?.examples).toHaveLength(5);
  });
});

describe('a line that looks like a row is never lost', () => {
  it('without a header it is a reject', () => {
    const parsed = parse('200101,1', '', ',A', '200102,2', '', 'T', '200103,3');
    expect(rejected(parsed)).toEqual([
      [1, 'no_header'],
      [7, 'no_header'],
    ]);
    expect(parsed.rejects[1]).toEqual({ line: 7, text: '200103,3', rule: 'no_header' });
  });

  it('text among the rows is a reject of the block', () => {
    const parsed = parse(',A', '2001,1', 'garbage', '2002,2');
    expect(only(parsed).dates).toEqual(['2001', '2002']);
    expect(rejected(parsed)).toEqual([[3, 'not_a_row']]);
    expect(parsed.rowsRead).toBe(3);
  });

  it('half a row under the rows is a reject, other text there is told', () => {
    const parsed = parse(',A', '2001,1', '200', 'see notes', '', ',B', '2001,1', 'Copyright 2020');
    expect(rejected(parsed)).toEqual([[3, 'not_a_row']]);
    expect(parsed.warnings).toEqual([
      { rule: 'stray_line', count: 1, examples: [{ line: 4, text: 'see notes' }] },
    ]);
  });

  it('cut off at the end of the file it is a reject, since its last number may lack digits', () => {
    const parsed = parseBlocks(',A,B\n2001,1.25,1.5\n2002,1.25,1\n2003,1.2');
    expect(only(parsed).dates).toEqual(['2001', '2002']);
    expect(rejected(parsed)).toEqual([[4, 'row_cut']]);
  });

  it('whole at the end of the file it is kept, and the missing line end is told', () => {
    const parsed = parseBlocks(',A,B\n2001,1.25,1.5');
    expect(only(parsed).columns).toEqual([[1.25], [1.5]]);
    expect(rules(parsed)).toEqual(['end_abrupt']);
  });
});

describe('the text of a library file', () => {
  it('is UTF-8, without its byte order mark', () => {
    expect(decodeLibraryText(Buffer.from('\uFEFF\u00FC,A'))).toBe('\u00FC,A');
  });

  it('is Latin-1 when it is not UTF-8', () => {
    expect(decodeLibraryText(Buffer.from([0xfc, 0x2c]))).toBe('\u00FC,');
  });

  it('is read from the bytes of a view alone', () => {
    expect(decodeLibraryText(new Uint8Array([65, 66, 67, 68]).subarray(1, 3))).toBe('BC');
  });
});

describe('a file without any block is refused', () => {
  it.each([
    ['nothing', '', /it is empty/],
    ['blank lines', ' \n\r\n\t\n', /it is empty/],
    ['prose', 'This is\nno table, at all\n', /no line starts with a date/],
    ['HTML', '<html>\n<body>404</body>\n</html>\n', /no line starts with a date/],
    ['rows without a header', '192607,1\n192608,2\n', /no header .* the first in line 1/],
    ['a header without rows', 'T\n,A,B\n\n', /no line starts with a date/],
    ['rows without a valid date', ',A\n192613,1\n192614,2\n', /valid date; line 2/],
    ['one long line', 'T ,A,B 192607,1,2 192608,1,2', /line ends are missing: 28 characters/],
    ['semicolons', ';A;B\n192607;1;2\n', /no line starts with a date/],
    ['blank lines between header and rows', ',A\n\n192607,1\n', /no header/],
  ])('%s', (_name, text, says) => {
    const error = refusal(text);
    expect(error.kind).toBe('input-invalid');
    expect(error.message).toMatch(/^raw_data\/csv\/x\.CSV has no block: /);
    expect(error.message).toMatch(says);
    expect(error.hint).toBeTruthy();
  });
});

describe('the count of rows', () => {
  const text = '\n  Firms\n,A,B\n201701, 1, 2\n201713, 1, 2\n201702, 3\n\n201703, 1\n';

  it('is that of the lines taken for rows, each taken or rejected', () => {
    const parsed = parseBlocks(text);
    expect(parsed.rowsRead).toBe(4);
    expect(() => checkRows(parsed, 'x.CSV')).not.toThrow();
  });

  it('that does not add up is a bug', () => {
    const parsed = parseBlocks(text);
    parsed.blocks[0]?.dates.pop();
    expect(() => checkRows(parsed, 'x.CSV')).toThrow(
      expect.objectContaining({ kind: 'bug', message: expect.stringContaining('4 rows read') }),
    );
  });
});
