import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CELL_BYTES_MAX } from '../../../services/stages/shape/profile/feed.ts';
import type { Profile } from '../../../services/stages/shape/profile/profile.ts';
import { profileStream } from '../../../services/stages/shape/profile/profile-stream.ts';

async function profileOf(content: string | Uint8Array): Promise<Profile> {
  const bytes = Buffer.from(content);
  return profileStream(
    (async function* () {
      for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
    })(),
  );
}

const column = ({ columns }: Profile, name: string) => columns.find((one) => one.name === name)!;
const codes = ({ warnings }: Profile) => warnings.map(({ code }) => code);
const EMPTY = 'CSV file is empty or has no data rows';

describe('the six failure cases of requirements 5.8', () => {
  it('an empty file is an error', async () => {
    expect(await profileOf('')).toMatchObject({ status: 'error', error_message: EMPTY });
  });

  it.each(['1,2,3\n4,5,6\n', 'John,30,75000.50,2024-01-15\nJane,25,60000,2024-02-01\n'])(
    'a file without header row is an error: %j',
    async (text) => {
      const profile = await profileOf(text);
      expect(profile).toMatchObject({
        status: 'error',
        error_message: expect.stringMatching(/^no header row: line 1/),
      });
    },
  );

  it.each([
    'name,age,city\nJohn,25\nJane,30,Paris,extra,more\nBob\n',
    'a,b\n1,2,3\n4,5,6\n7,8\n',
    'name,age\n"John,25\nJane,30\n',
    Uint8Array.from([0, 1, 2, 255, 10, 0, 3, 10]),
  ])('a malformed file is an error: %j', async (content) => {
    const profile = await profileOf(content);
    expect(profile.status).toBe('error');
    expect(profile.error_message).toMatch(/^CSV parsing failed: /);
  });

  it('a file with one column succeeds, with a warning', async () => {
    const profile = await profileOf('value\n1\n2\n3\n');
    expect([profile.status, profile.row_count, codes(profile)]).toEqual([
      'success',
      3,
      ['single_column'],
    ]);
  });

  it('a file whose cells are all missing succeeds, and says so', async () => {
    const profile = await profileOf('a,b\n,\n,\n');
    expect(profile.status).toBe('success');
    expect(profile.columns.map(({ type, blanks }) => [type, blanks])).toEqual([
      ['string', 2],
      ['string', 2],
    ]);
    expect(profile.flaws.blank_rows).toEqual({ count: 2, lines: [2, 3] });
  });

  it('a field of 100 KB succeeds', async () => {
    const profile = await profileOf(`id,text\n1,${'x'.repeat(100_000)}\n`);
    expect(profile.status).toBe('success');
    expect(column(profile, 'text')).toMatchObject({ type: 'string', bytes_max: 100_000 });
  });
});

describe('the samples of requirements 5.5', () => {
  it('ten rows with a bad age, a bad date and a blank salary keep their types', async () => {
    const rows = Array.from({ length: 10 }, (_, at) =>
      [
        `Person ${at}`,
        at === 3 ? 'invalid' : 25 + at,
        at === 5 ? '' : at === 0 ? '85000.75' : 65_000 + at,
        at === 7 ? 'invalid_date' : `2020-01-${10 + at}`,
        'Sales',
      ].join(','),
    );
    const profile = await profileOf(['name,age,salary,join_date,department', ...rows].join('\n'));
    expect(column(profile, 'age')).toMatchObject({
      type: 'int',
      invalid: 1,
      invalid_percentage: 10,
      invalid_examples: [{ line: 5, value: 'invalid' }],
      numbers: { count: 9 },
    });
    expect(column(profile, 'salary')).toMatchObject({
      type: 'float',
      blanks: 1,
      blank_percentage: 10,
      numbers: { min: 65_001, max: 85_000.75, count: 9 },
    });
    expect(column(profile, 'join_date')).toMatchObject({
      type: 'date',
      date_format: 'YYYY-MM-DD',
      invalid: 1,
      dates: { first: '2020-01-10', last: '2020-01-19' },
    });
  });

  it('the quantities 10, 5 and a blank have the mean 7.5 and one third missing', async () => {
    const profile = await profileOf('item,quantity\na,10\nb,5\nc,\n');
    expect(column(profile, 'quantity')).toMatchObject({
      type: 'int',
      blank_percentage: 33.33,
      numbers: { min: 5, max: 10, avg: 7.5, count: 2 },
    });
  });
});

describe('numbers', () => {
  const typeOf = async (cells: string[]) => {
    const profile = await profileOf(`id,v\n${cells.map((cell) => `x,${cell}`).join('\n')}\n`);
    return column(profile, 'v');
  };

  it('whole numbers beyond 2^53 stay exact', async () => {
    const v = await typeOf(['9007199254740993', '-9007199254740995', '1']);
    expect(v).toMatchObject({
      type: 'int',
      numbers: { min: '-9007199254740995', max: '9007199254740993', avg: -1 / 3 },
    });
  });

  it('the sum of many decimals is exact', async () => {
    const v = await typeOf(Array.from({ length: 1_000 }, () => '0.1'));
    expect(v.numbers?.avg).toBe(0.1);
  });

  it.each(['NaN', 'nan', 'inf', '-Infinity', '1e400', '1_000', '0x10', '1 000', '١٢'])(
    '%s is no number',
    async (cell) => {
      expect(await typeOf([cell, cell])).toMatchObject({ type: 'string', numbers: null });
    },
  );

  it.each([
    ['1e3', 1000],
    ['-.5', -0.5],
    ['5.', 5],
    ['+7.25', 7.25],
    ['1e-400', 0],
  ])('%s is the number %d', async (cell, value) => {
    expect(await typeOf([cell])).toMatchObject({ type: 'float', numbers: { min: value } });
  });

  it('ZIP codes are identifiers', async () => {
    const v = await typeOf(['08123', '10001', '90210']);
    expect(v).toMatchObject({ type: 'string', identifier_like: true, cells: { zero_led: 1 } });
  });

  it('one needless zero among two hundred numbers is an invalid cell', async () => {
    const v = await typeOf(['007', ...Array.from({ length: 199 }, (_, at) => String(at + 1))]);
    expect(v).toMatchObject({ type: 'int', identifier_like: false, invalid: 1 });
  });

  it.each([
    [9, 1, 'int'],
    [8, 2, 'int'],
    [7, 3, 'string'],
    [90, 10, 'int'],
    [89, 11, 'string'],
    [3, 1, 'int'],
    [2, 1, 'string'],
  ])('%i numbers among %i words make a column of type %s', async (good, bad, type) => {
    const cells = [
      ...Array.from({ length: good }, (_, at) => String(at + 1)),
      ...Array.from({ length: bad }, () => 'word'),
    ];
    expect((await typeOf(cells)).type).toBe(type);
  });
});

describe('days', () => {
  const typeOf = async (cells: string[]) => {
    const profile = await profileOf(`id,d\n${cells.map((cell) => `x,${cell}`).join('\n')}\n`);
    return column(profile, 'd');
  };

  it.each([
    ['2024-02-29', 'YYYY-MM-DD'],
    ['2024/12/31', 'YYYY/MM/DD'],
    ['12/31/2024', 'MM/DD/YYYY'],
    ['31/12/2024', 'DD/MM/YYYY'],
  ])('%s is a day as %s', async (cell, format) => {
    expect(await typeOf([cell])).toMatchObject({ type: 'date', date_format: format });
  });

  it.each(['2023-02-29', '31/02/2024', '2024-13-01', '2024-00-10', '0000-01-01', '2024-1-5'])(
    '%s is none',
    async (cell) => {
      expect((await typeOf([cell])).type).toBe('string');
    },
  );

  it('days that fit both orders are taken month first, and flagged', async () => {
    expect(await typeOf(['01/02/2024', '03/04/2024'])).toMatchObject({
      date_format: 'MM/DD/YYYY',
      ambiguous_date_order: true,
    });
  });

  it('one day above 12 settles the order', async () => {
    expect(await typeOf(['01/02/2024', '03/04/2024', '25/04/2024'])).toMatchObject({
      date_format: 'DD/MM/YYYY',
      ambiguous_date_order: false,
      invalid: 0,
    });
  });
});

describe('how a file is written', () => {
  const TEXT = 'name,größe\nZoë,1\nJosé,2\n';

  it.each([
    ['UTF-8', Buffer.from(TEXT), 'utf-8', false],
    ['UTF-8 with BOM', Buffer.from(`\ufeff${TEXT}`), 'utf-8', true],
    ['UTF-16LE with BOM', Buffer.from(`\ufeff${TEXT}`, 'utf16le'), 'utf-16le', true],
    ['UTF-16BE with BOM', Buffer.from(`\ufeff${TEXT}`, 'utf16le').swap16(), 'utf-16be', true],
    ['UTF-16LE without BOM', Buffer.from(TEXT, 'utf16le'), 'utf-16le', false],
    ['Latin-1', Buffer.from(TEXT, 'latin1'), 'latin-1', false],
  ])('%s is found out and read', async (_, bytes, encoding, hasBom) => {
    const profile = await profileOf(bytes);
    expect(profile.dialect).toMatchObject({ encoding, has_bom: hasBom });
    expect(profile.columns.map(({ name }) => name)).toEqual(['name', 'größe']);
    expect(column(profile, 'name').examples[0]).toEqual({ line: 2, value: 'Zoë' });
  });

  it('a few bad bytes in UTF-8 are flagged with their line, and the rest stays UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('a,b\né,é\n'),
      Buffer.from([0xff]),
      Buffer.from(',1\n'),
    ]);
    const profile = await profileOf(bytes);
    expect(profile.dialect.encoding).toBe('utf-8');
    expect(profile.flaws.invalid_utf8).toEqual({ count: 1, lines: [3] });
  });

  it.each([
    [',', ','],
    [';', ';'],
    ['\t', '\t'],
    ['|', '|'],
  ])('the delimiter %j is found out', async (_, delimiter) => {
    const text = ['a;b', 'c', 'd'].map((one) => `"${one}"`).join(delimiter);
    const profile = await profileOf(
      `${text}\n${`1,5${delimiter}x${delimiter}2\n`.replace('1,5', '"1,5"').repeat(5)}`,
    );
    expect([profile.dialect.delimiter, profile.column_count]).toEqual([delimiter, 3]);
  });

  it('decimal commas do not pass for delimiters', async () => {
    const profile = await profileOf('x;y\n1,5;2,5\n3,5;4,5\n');
    expect([profile.dialect.delimiter, profile.column_count]).toEqual([';', 2]);
  });

  it('single quotes are found out', async () => {
    const profile = await profileOf(`a,b\n'x, y',1\n'z',2\n`);
    expect([profile.dialect.quote, profile.row_count, profile.flaws]).toEqual(["'", 2, {}]);
  });

  it.each([
    ["a lone quote in a cell's text", `'Dear all,',7\n`],
    [
      'line ends within quotes, beyond the first 64 KiB',
      `'one\ntwo, three\nfour',7\n`.repeat(4_000),
    ],
  ])('single quotes are found out in spite of %s', async (_, row) => {
    const rows = row.split("'").length > 10 ? 4_000 : 1;
    const profile = await profileOf(`a,b\n${"'x, 1',1\n".repeat(20)}${row}`);
    expect([profile.dialect.quote, profile.row_count]).toEqual(["'", 20 + rows]);
  });

  it.each(['; ', ' | ', '\t'])(
    'one column of sentences with %j in them is one column',
    async (mark) => {
      const profile = await profileOf(`text\n${`foo${mark}bar\n`.repeat(20)}`);
      expect([profile.status, profile.column_count, profile.row_count]).toEqual(['success', 1, 20]);
    },
  );

  it('what Windows has in place of control codes is read as Windows has it', async () => {
    const bytes = Buffer.from('a,b\n\x93q\x94,\x80 5\nna\xefve,1\n', 'latin1');
    const profile = await profileOf(bytes);
    expect(column(profile, 'a').examples.map(({ value }) => value)).toEqual(['“q”', 'naïve']);
    expect(column(profile, 'b').examples[0]?.value ?? '€ 5').toBe('€ 5');
  });

  it('bytes with more NULs than rows are no text', async () => {
    const profile = await profileOf(Buffer.from(`PNG,x\n${'\0\0,\0\n'.repeat(9)}`));
    expect(profile.error_message).toMatch(/^CSV parsing failed: 27 NUL bytes in 9 rows/);
  });

  it.each([
    ['\n', 'lf'],
    ['\r\n', 'crlf'],
    ['\r', 'cr'],
  ])('line ends %j are stated', async (newline, name) => {
    const profile = await profileOf(['a,b', '1,2', '3,4', ''].join(newline));
    expect([profile.dialect.newline, profile.row_count, profile.flaws]).toEqual([name, 2, {}]);
  });

  it('mixed line ends are read, and stated', async () => {
    const profile = await profileOf('a,b\r\n1,2\n3,4\r\n');
    expect([profile.dialect.newline, profile.row_count, codes(profile)]).toEqual([
      'mixed',
      2,
      ['mixed_newlines'],
    ]);
  });

  it('gzip is unpacked', async () => {
    const profile = await profileOf(gzipSync('a,b\n1,2\n'));
    expect([profile.status, profile.row_count, profile.dialect.compression]).toEqual([
      'success',
      1,
      'gzip',
    ]);
  });

  it('gzip that is cut short is an error that keeps the rows read so far', async () => {
    const rows = Array.from({ length: 50_000 }, (_, at) => `${at},${Math.imul(at, 2654435761)}`);
    const packed = gzipSync(`a,b\n${rows.join('\n')}\n`);
    const profile = await profileOf(packed.subarray(0, packed.length - 1_000));
    expect(profile.error_message).toBe('CSV parsing failed: the gzip data is damaged or cut short');
    expect(profile.row_count).toBeGreaterThan(10_000);
  });
});

describe('headers', () => {
  it('repeated names are numbered and blank ones named by place', async () => {
    const profile = await profileOf('a,,a,a_2, a \n1,2,3,4,5\n');
    expect(profile.columns.map(({ name }) => name)).toEqual(['a', 'column_2', 'a_3', 'a_2', 'a_4']);
    expect(codes(profile)).toEqual(expect.arrayContaining(['blank_header', 'duplicate_header']));
  });

  it('a blank one leaves its neighbours their own names', async () => {
    const profile = await profileOf('a,,column_2\n1,2,3\n');
    expect(profile.columns.map(({ name }) => name)).toEqual(['a', 'column_2_2', 'column_2']);
  });

  it('years as names of columns are names', async () => {
    const profile = await profileOf('country,2019,2020\nA,1,2\nB,3,4\n');
    expect(profile.status).toBe('success');
    expect(codes(profile)).toEqual(['header_like_data']);
  });

  it('a name that is special in JavaScript is a name', async () => {
    const profile = await profileOf('__proto__,constructor\n1,2\n');
    expect(profile.columns.map(({ name }) => name)).toEqual(['__proto__', 'constructor']);
  });

  it('ten thousand columns are read', async () => {
    const names = Array.from({ length: 10_000 }, (_, at) => `c${at}`);
    const profile = await profileOf(`${names.join(',')}\n${names.map((_, at) => at).join(',')}\n`);
    expect([profile.status, profile.column_count]).toEqual(['success', 10_000]);
  });

  it('more columns than can be are refused', async () => {
    const profile = await profileOf(`${'a,'.repeat(20_000)}a\n1\n`);
    expect(profile.error_message).toMatch(/more than 20000 columns/);
  });
});

describe('rows', () => {
  it('short and long rows are counted and located', async () => {
    const profile = await profileOf('a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3\n1,2,3\n');
    expect(profile.status).toBe('success');
    expect(profile.flaws).toEqual({
      short_rows: { count: 1, lines: [3] },
      extra_fields: { count: 1, lines: [4] },
    });
    expect(profile.row_widths).toEqual({ 2: 1, 3: 3, 4: 1 });
    expect(column(profile, 'c').blanks).toBe(1);
  });

  it('the line of a row after a quoted line end is the one an editor shows', async () => {
    const profile = await profileOf('a,b\n"x\ny",1\n2\n');
    expect(profile.flaws.short_rows).toEqual({ count: 1, lines: [4] });
  });

  it('blank lines are no rows, and located', async () => {
    const profile = await profileOf('a,b\n1,2\n\n3,4\n');
    expect([profile.row_count, profile.flaws.blank_lines]).toEqual([2, { count: 1, lines: [3] }]);
  });

  it('a repeated header is located', async () => {
    const profile = await profileOf('a,b\n1,2\na,b\n3,4\n');
    expect(profile.flaws.repeated_header).toEqual({ count: 1, lines: [3] });
  });

  it('a second header under other names is located', async () => {
    const rows = Array.from({ length: 10 }, (_, at) => `${at},2024-01-${10 + at}`).join('\n');
    const profile = await profileOf(`n,day\n${rows}\nx,y\n${rows}\n`);
    const warning = profile.warnings.find(({ code }) => code === 'rows_unlike_columns');
    expect(warning?.lines).toEqual([12]);
  });

  it('NUL bytes among the data are located', async () => {
    const profile = await profileOf('a,b\n1,2\n1,\u00002\n3,4\n');
    expect(profile.flaws.nul_bytes).toEqual({ count: 1, lines: [3] });
  });

  it('a last row without line end counts', async () => {
    expect((await profileOf('a,b\n1,2\n3,')).row_count).toBe(2);
  });

  it('a cell of 10 MB is read, whatever the pieces it comes in', async () => {
    const profile = await profileOf(`a,b\n"${'line\n'.repeat(2_000_000)}",2\n3\n`);
    expect([profile.status, profile.row_count]).toEqual(['success', 2]);
    expect(profile.flaws.short_rows).toEqual({ count: 1, lines: [2_000_003] });
  });

  it('a cell beyond the limit is refused with the line where it begins', async () => {
    const profile = await profileOf(`a,b\n1,2\n"${'x'.repeat(CELL_BYTES_MAX + 100_000)}`);
    expect(profile.error_message).toMatch(/the cell that begins on line 3 has more than/);
    expect(profile.row_count).toBe(1);
  });
});
