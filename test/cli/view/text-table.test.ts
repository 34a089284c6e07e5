import { describe, expect, it } from 'vitest';

import { formatSummary } from '../../../services/cli/summary/summary.ts';
import {
  formatResult,
  formatTable,
  toCsv,
  toJsonRows,
} from '../../../services/cli/view/text-table.ts';
import { fitMiddle, fitText, textWidth } from '../../../services/cli/view/text-width.ts';
import { humaneBytes, humaneCount, humaneDuration } from '../../../services/core/humane.ts';
import type { Cell, QueryResult } from '../../../services/ports/query-engine.ts';

const WIDE = { widthMax: 80 };

const result = (types: string[], ...rows: Cell[][]): QueryResult => ({
  columns: types.map((type, at) => ({ name: `c${at}`, type })),
  rows,
});

describe('formatTable', () => {
  it('aligns text to the left and numbers to the right', () => {
    const columns = [
      { name: 'metric', align: 'left' as const },
      { name: 'rows', align: 'right' as const },
    ];
    expect(
      formatTable(
        columns,
        [
          ['Mkt-RF', '1,189'],
          ['SMB', '9'],
        ],
        WIDE,
      ),
    ).toBe(['metric   rows', '──────  ─────', 'Mkt-RF  1,189', 'SMB         9', ''].join('\n'));
  });

  it('counts columns of the terminal, not characters', () => {
    const lines = formatTable(
      [
        { name: 'a', align: 'left' },
        { name: 'b', align: 'left' },
      ],
      [
        ['大小', 'x'],
        ['🚢', 'x'],
        ['e\u0301', 'x'],
      ],
      WIDE,
    ).split('\n');
    expect(lines.slice(2, 5).map((line) => textWidth(line.slice(0, line.indexOf('x'))))).toEqual([
      6, 6, 6,
    ]);
  });

  it('never cuts a column that is to be kept: the others make room as far as they can', () => {
    const name = 'n'.repeat(30);
    const columns = [
      { name: 'run', align: 'left' as const, isKept: true },
      { name: 'error', align: 'left' as const },
    ];
    const rowOf = (widthMax: number) =>
      formatTable(columns, [[name, 'e'.repeat(60)]], { widthMax }).split('\n')[2];
    expect(rowOf(50)).toBe(`${name}  ${'e'.repeat(17)}…`);
    expect(rowOf(20)).toBe(`${name}  eeeee…`);
  });

  it('cuts the widest columns first and stays within its width', () => {
    const columns = ['a', 'b', 'c'].map((name) => ({ name, align: 'left' as const }));
    const text = formatTable(columns, [['short', 'x'.repeat(60), 'y'.repeat(40)]], {
      widthMax: 50,
    });
    const [, , row = ''] = text.split('\n');
    for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(50);
    expect(row).toMatch(/^short {2}x{10,}… {2}y{10,}…$/);
  });

  it('keeps cells recognisable when there is no room at all', () => {
    const columns = ['a', 'b'].map((name) => ({ name, align: 'left' as const }));
    expect(formatTable(columns, [['abcdefghij', 'klmnopqrst']], { widthMax: 3 })).toContain(
      'abcde…  klmno…',
    );
  });

  it('lets no cell steer the terminal', () => {
    const text = formatTable([{ name: 'a\u001b[2J', align: 'left' }], [['b\r\nc\u009b1m']], WIDE);
    expect(text.split('\n')).toHaveLength(4);
    expect(text).toContain('a\\u001b[2J');
    expect(text).toContain('b\\r\\nc\\u009b1m');
  });
});

describe('formatResult', () => {
  it('puts numbers right, also decimals that come as text, and shows NULL apart from empty', () => {
    const text = formatResult(
      result(['VARCHAR', 'DECIMAL(18,2)'], ['', '1.50'], [null, '10.00']),
      WIDE,
    );
    expect(text.split('\n').slice(2, 4)).toEqual(['     1.50', '∅   10.00']);
  });
});

describe('toCsv', () => {
  it('quotes what RFC 4180 wants quoted and ends lines with CRLF', async () => {
    const csv = await toCsv(result(['VARCHAR', 'VARCHAR'], ['a,b', 'say "x"'], ['l1\nl2', 'r\r']));
    expect(csv).toBe('c0,c1\r\n"a,b","say ""x"""\r\n"l1\nl2","r\r"\r\n');
  });

  it.each(['=1+1', '+1', '-1', '@x', '\tx', '\rx'])('disarms the text %j', async (text) => {
    expect(await toCsv(result(['VARCHAR'], [text]))).toContain(`'${text}`);
  });

  it('never touches a number', async () => {
    const csv = await toCsv(
      result(
        ['DOUBLE', 'BIGINT', 'DECIMAL(38,2)'],
        [-0.5, '-9007199254740993', '-1.00'],
        [null, 1e21, null],
      ),
    );
    expect(csv).toBe('c0,c1,c2\r\n-0.5,-9007199254740993,-1.00\r\n,1e+21,\r\n');
  });

  it('leaves dates and words with a dash inside alone', async () => {
    expect(await toCsv(result(['DATE', 'VARCHAR'], ['2026-11-21', 'Mkt-RF']))).toBe(
      'c0,c1\r\n2026-11-21,Mkt-RF\r\n',
    );
  });
});

describe('toJsonRows', () => {
  it('gives one object a row and loses no column to an equal name', () => {
    const columns = ['a', 'a', 'b'].map((name) => ({ name, type: 'INTEGER' }));
    expect(toJsonRows({ columns, rows: [[1, 2, null]] })).toEqual([{ a: 1, a_2: 2, b: null }]);
  });
});

describe('formatSummary', () => {
  it('aligns facts and next commands', () => {
    const text = formatSummary(
      {
        title: 'fama-french: succeeded',
        facts: [
          ['rows', '49,740'],
          ['time', '2.9 s'],
        ],
        next: [{ command: 'argosy status', about: 'what ran' }],
      },
      WIDE,
    );
    expect(text).toBe(
      'fama-french: succeeded\n  rows  49,740\n  time  2.9 s\n\nnext:\n  argosy status  # what ran\n',
    );
  });
});

describe('humane numbers', () => {
  it.each([
    [humaneCount(49_740), '49,740'],
    [humaneCount(0), '0'],
    [humaneBytes(0), '0 B'],
    [humaneBytes(999), '999 B'],
    [humaneBytes(999_999), '1.0 MB'],
    [humaneBytes(1_234_567), '1.2 MB'],
    [humaneBytes(123_456_789), '123 MB'],
    [humaneBytes(5e15), '5000 TB'],
    [humaneDuration(-3), '0 ms'],
    [humaneDuration(999.4), '999 ms'],
    [humaneDuration(999.6), '1.0 s'],
    [humaneDuration(2_940), '2.9 s'],
    [humaneDuration(59_949), '59.9 s'],
    [humaneDuration(59_999), '1m 00s'],
    [humaneDuration(65_000), '1m 05s'],
    [humaneDuration(3_599_600), '1h 00m'],
    [humaneDuration(7_380_000), '2h 03m'],
  ])('writes %s as expected', (actual, expected) => expect(actual).toBe(expected));
});

describe('fitText', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['大大大', 4, '大…'],
    ['abc', 0, ''],
    ['abc', 1, '…'],
  ])('fits %s into %i columns', (text, width, fitted) => {
    expect(fitText(text, width)).toBe(fitted);
  });
});

describe('fitMiddle', () => {
  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdefgh', 6, 'abc…gh'],
    ['大大大大', 5, '大…大'],
    ['abc', 1, '…'],
  ])('fits %s into %i columns', (text, width, fitted) => {
    expect(fitMiddle(text, width)).toBe(fitted);
  });

  it('cuts the names of a table so that those with the same beginning stay apart', () => {
    const head = [
      { name: 'name', align: 'left' as const, isCutInside: true },
      { name: 'rows', align: 'right' as const, isKept: true },
    ];
    const rows = ['x', 'y'].map((end) => [`${'long_'.repeat(30)}${end}`, '1']);
    const lines = formatTable(head, rows, { widthMax: 40 }).trimEnd().split('\n');
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(40);
    expect(new Set(lines).size).toBe(4);
  });
});
