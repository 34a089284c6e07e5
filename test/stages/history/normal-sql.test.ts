import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSteady, normalSql } from '../../../services/stages/serve/history/normal-sql.ts';

describe('a query is told apart from others', () => {
  it.each([
    ['SELECT a FROM t', 'select  a\n\tfrom t ;\n'],
    ['SELECT a FROM t', '-- what\nSELECT /* which */ a FROM t -- where'],
    ['SELECT "A" FROM t WHERE b = \'X  y\'', 'Select "A" From t\nWhere b = \'X  y\';;'],
  ])('%j is %j', (one, other) => {
    expect(normalSql(other)).toBe(normalSql(one));
  });

  it.each([
    ["SELECT 'a b'", "SELECT 'a  b'"],
    ["SELECT 'a'", "SELECT 'A'"],
    ['SELECT "a"', 'SELECT "A"'],
    // The column of the answer is called as the query says it.
    ['SELECT 1 AS total', 'SELECT 1 AS Total'],
    ["SELECT '-- x'", "SELECT '--  x'"],
    ['SELECT a FROM t', 'SELECT a FROM t LIMIT 1'],
    ['SELECT 12', 'SELECT 1 2'],
    ['SELECT $$a  b$$', 'SELECT $$a b$$'],
    [String.raw`SELECT E'\'  a'`, String.raw`SELECT E'\' a'`],
  ])('%j is not %j', (one, other) => {
    expect(normalSql(other)).not.toBe(normalSql(one));
  });

  it('once normal, it stays as it is', () => {
    const piece = fc.constantFrom(
      'SELECT',
      ' ',
      '\n',
      "'",
      '"',
      '--',
      '/*',
      '*/',
      'a',
      ';',
      'é',
      '1',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const once = normalSql(pieces.join(''));
        expect(normalSql(once)).toBe(once);
      }),
    );
  });
});

describe('an answer may be given again', () => {
  it.each([
    ['SELECT count(*) FROM raw_data', true],
    ["SELECT * FROM t WHERE day = DATE '2026-01-31'", true],
    ["SELECT 'now' FROM t", true],
    ['SELECT now()', false],
    ['SELECT current_date - 1', false],
    ['SELECT * FROM t WHERE random() < 0.1', false],
    ['SELECT * FROM t USING SAMPLE 10', false],
    ['SELECT * FROM t TABLESAMPLE BERNOULLI (10)', false],
    ['EXPLAIN SELECT 1', false],
  ])('of %j: %s', (sql, isAllowed) => {
    expect(isSteady(sql)).toBe(isAllowed);
  });
});
