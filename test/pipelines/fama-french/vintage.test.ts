import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../../services/core/error.ts';
import {
  csvName,
  dateInText,
  ingestionDate,
  linkDate,
  vintageOf,
  yearOfUrl,
  zipKey,
} from '../../../services/pipelines/fama-french/vintage.ts';

describe('a text names year and month', () => {
  it.each([
    ['6_Portfolios_2x3_CSV_201707.zip', 2017, 7],
    ['6_Portfolios_2x3_CSV_2017-12.zip', 2017, 12],
    ['x_20200229.zip', 2020, 2],
    ['CSV (July 2017)', 2017, 7],
    ['2018 (January)', 2018, 1],
    ['csv sept 2019', 2019, 9],
    ['Dec. 1999', 1999, 12],
    ['6_Portfolios_2x3_CSV_2019.zip', 2019, null],
    ['2017_10_Industry_Portfolios.zip', 2017, null],
    ['201713.zip', null, null],
    ['6_Portfolios_2x3.zip', null, null],
    ['march', null, 3],
    ['marching', null, null],
    ['dismay', null, null],
    ['120170755', null, null],
  ])('%s: %s, %s', (text, year, month) => {
    expect(dateInText(text)).toEqual({ year, month });
  });
});

describe('a link names its vintage', () => {
  it.each([
    ['decoded', 'http://h/ftp/6%20Portfolios%202x3%20CSV%20201801.zip', 'CSV', 2018, 1],
    ['not by its port', 'http://h:2019/ftp/x_CSV_201707.zip', 'CSV', 2017, 7],
    ['not by its host', 'http://mirror2019.example/ftp/x_201707.zip', 'CSV', 2017, 7],
    ['not by its query', 'http://h/x_201707.zip?v=202001', 'CSV', 2017, 7],
    ['by its file name first', 'http://h/2024/05/x_201707.zip', 'CSV May 2023', 2017, 7],
    ['by its label when the file name has no month', 'http://h/x_2017.zip', 'CSV (May)', 2017, 5],
    ['by its label before its folders', 'http://h/2024/x.zip', 'CSV May 2023', 2023, 5],
    ['by its folders in the end', 'http://h/2017-03/x.zip', 'CSV', 2017, 3],
    ['with a stray percent sign', 'http://h/100%/x%20201801%.zip', 'CSV', 2018, 1],
    ['by year alone', 'http://h/x_2019.zip', 'CSV', 2019, null],
    ['not at all', 'http://h/x.zip', 'CSV', null, null],
  ])('%s', (_name, url, label, year, month) => {
    expect(linkDate({ url, label })).toEqual({ year, month });
  });

  it('or the first line of its CSV does, or it is July', () => {
    const firstLine = 'This file was created by X using the 202412 CRSP database.';
    const url = 'http://h/x_2019.zip';
    expect(vintageOf({ url: 'http://h/x_201801.zip', firstLine })).toEqual({
      year: 2018,
      month: 1,
    });
    expect(vintageOf({ url, firstLine })).toEqual({ year: 2024, month: 12 });
    expect(vintageOf({ url, firstLine: 'no tag' })).toEqual({ year: 2019, month: 7 });
    expect(vintageOf({ firstLine })).toEqual({ year: 2024, month: 12 });
    expect(vintageOf({ url: 'http://h/x.zip' })).toBeNull();
    expect(vintageOf({ firstLine: 'using the 202413 CRSP database' })).toBeNull();
  });
});

describe('the name of a CSV', () => {
  it.each([
    [{ year: 2017, month: 7 }, '6_Portfolios_2x3.CSV', 'july17_6_Portfolios_2x3.CSV'],
    [{ year: 2009, month: 1 }, 'x.csv', 'january09_x.CSV'],
    [{ year: 1999, month: 12 }, 'a/b\\c.Csv', 'december99_c.CSV'],
    [{ year: 2020, month: 2 }, 'a\nb\u0000.CSV', 'february20_a_b_.CSV'],
  ])('%j %j is %s', (vintage, original, name) => {
    expect(csvName(vintage, original)).toBe(name);
  });

  it('is bounded', () => {
    expect(csvName({ year: 2020, month: 2 }, `${'x'.repeat(900)}.csv`).length).toBeLessThan(160);
  });

  it.each(['日'.repeat(110), 'x'.repeat(79) + '\u{1F6A2}\u{1F6A2}', 'a\ud800b', '*?[x]'])(
    '%j comes to a key of at most 96 bytes that a query engine takes as it is',
    (stem) => {
      const name = csvName({ year: 2020, month: 2 }, `${stem}.csv`);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(96);
      expect(name).not.toMatch(/[*?[\]\p{Surrogate}]/u);
    },
  );

  it('keeps long names apart that differ at their ends only', () => {
    const name = (end: string) => csvName({ year: 2020, month: 2 }, `${'x'.repeat(100)}${end}.csv`);
    expect(name('a')).not.toBe(name('b'));
  });

  it.each([
    { year: 1926, month: 7 },
    { year: 2051, month: 1 },
    { year: 2020, month: 13 },
  ])('refuses %j, which two digits cannot tell', (vintage) => {
    expect(() => csvName(vintage, 'x.csv')).toThrow(PipelineError);
  });

  it('gives back the last day of its month', () => {
    for (let at = 1951 * 12; at <= 2050 * 12 + 11; at++) {
      const vintage = { year: Math.floor(at / 12), month: (at % 12) + 1 };
      const date = ingestionDate(csvName(vintage, 'x.csv')) ?? '';
      const next = new Date(Date.parse(`${date}T00:00:00Z`) + 86_400_000).toISOString();
      expect(date.slice(0, 7)).toBe(`${vintage.year}-${String(vintage.month).padStart(2, '0')}`);
      expect(next.slice(8, 10)).toBe('01');
    }
  });

  it.each([
    ['july17_6_Portfolios_2x3.CSV', '2017-07-31'],
    ['february20_x.CSV', '2020-02-29'],
    ['December51_x', '1951-12-31'],
    ['december50_x', '2050-12-31'],
    ['x_july17_y.CSV', null],
    ['dismay17_x.CSV', null],
    ['may2017_x.CSV', null],
    ['jul17_x.CSV', null],
    ['july_x.CSV', null],
    ['', null],
  ])('%j is of %s', (name, date) => {
    expect(ingestionDate(name)).toBe(date);
  });
});

describe('the key of a ZIP', () => {
  const url = 'http://h/ftp/6_Portfolios_2x3_CSV_201707.zip';

  it('holds year, logical date and the MD5 of the URL, and no time', () => {
    expect(zipKey({ url, logicalDate: '2026-11-21' })).toBe(
      'raw_data/fama_french_6portfolios_2017_20261121_151911bc.zip',
    );
  });

  it('says unknown when the URL names no year', () => {
    expect(yearOfUrl('http://h/x.zip')).toBeNull();
    expect(zipKey({ url: 'http://h/x.zip', logicalDate: '2026-11-21' })).toMatch(
      /_unknown_20261121_[0-9a-f]{8}\.zip$/,
    );
  });
});
