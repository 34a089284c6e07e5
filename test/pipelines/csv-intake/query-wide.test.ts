import { afterAll, beforeAll, expect, it } from 'vitest';
import { type IntakeSql, intakeSql } from '../../support/intake-sql.ts';
import { describeLong } from '../../support/require-component.ts';

let bench: IntakeSql;

beforeAll(async () => {
  bench = await intakeSql();
});

afterAll(() => bench.remove());

const WIDTH = 10_000;

/** A line of WIDTH cells whose first ones are given. */
function lineOf(first: readonly string[], rest: (at: number) => string): string {
  const cells = Array.from({ length: WIDTH }, (_, at) => first[at] ?? rest(at));
  return `${cells.join(',')}\n`;
}

describeLong('a file of ten thousand columns', () => {
  it('is a table of their types', { timeout: 60_000 }, async () => {
    const head = lineOf(['day', 'x', 'text', 'code'], (at) => `n${at}`);
    const rows = [
      lineOf(['31/01/2024', '1.5', ' a', '007'], String),
      lineOf(['', '-2e3', '"b, ""c"""', '008'], (at) => String(at * 2)),
      '01/02/2024,0.1\n',
      lineOf(['02/02/2024', '+.5', ' ', '12'], () => ''),
    ];
    await bench.upload('wide.csv', head + rows.join(''));
    await bench.run();
    const found = await bench.ask('SELECT * FROM csv_intake.wide');
    expect(found.map((row) => row.length)).toEqual(rows.map(() => WIDTH));
    expect(found.map((row) => [...row.slice(0, 4), row[WIDTH - 1]])).toEqual([
      ['2024-01-31', 1.5, ' a', '007', 9999],
      [null, -2000, 'b, "c"', '008', 19_998],
      ['2024-02-01', 0.1, null, null, null],
      ['2024-02-02', 0.5, null, '12', null],
    ]);
  });
});

it('more than a batch of wide rows stay in their order', { timeout: 60_000 }, async () => {
  const places = Array.from({ length: 1_000 }, (_, at) => at);
  const rows = Array.from({ length: 450 }, (_, row) => places.map((at) => row + at).join(','));
  await bench.upload('long.csv', `n${places.join(',n')}\n${rows.join('\n')}\n`);
  await bench.run();
  const found = await bench.ask('SELECT n0, n999 FROM csv_intake.long');
  expect(found).toEqual(rows.map((_, row) => [row, row + 999]));
});
