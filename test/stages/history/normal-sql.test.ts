import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSteady, normalSql } from '../../../services/stages/serve/history/normal-sql.ts';
import { openOwnEngine } from '../../support/pipeline.ts';

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
    // A note ends at either kind of line end.
    ['SELECT a FROM t --x\rWHERE 1=0', 'SELECT a FROM t --x WHERE 1=0'],
    ['SELECT a FROM t --x\rWHERE 1=0', 'SELECT a FROM t'],
    ["SELECT 'a' 'b'", "SELECT 'a'\n'b'"],
    ["SELECT 'a' /*\n*/ 'b'", "SELECT 'a' -- x\n 'b'"],
    ['SELECT 1 AS group', 'SELECT 1 AS Group'],
    ['SELECT 1 AS /* x */ group', 'SELECT 1 AS /* x */ GROUP'],
    ['SELECT t.select FROM t', 'SELECT t.Select FROM t'],
    ["SELECT 1 /* /* */ ' */ , 'a  b' --'", "SELECT 1 /* /* */ ' */ , 'a b' --'"],
    ['SELECT $é$a  b$é$', 'SELECT $é$a b$é$'],
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
    ['SELECT current_query()', false],
    ['SELECT current_setting($1)', false],
    ["SELECT 1 /* /* */ ' */ , random() --'", false],
    ['SELECT * FROM current_data', true],
    ['SELECT * FROM current_transactions', true],
    ["SELECT 'a'\n'b' -- it's\n, random() -- '", false],
    ["-- x\nEXPLAIN SELECT 'a'\n'b'", false],
  ])('of %j: %s', (sql, isAllowed) => {
    expect(isSteady(sql)).toBe(isAllowed);
  });

  it('of no function that the engine itself calls unsteady', async () => {
    const engine = await openOwnEngine([]);
    const { rows } = await engine.query(`SELECT DISTINCT function_name FROM duckdb_functions()
      WHERE stability <> 'CONSISTENT' AND function_name <> 'error'`);
    await engine.close();
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter(([name]) => isSteady(`SELECT ${String(name)}()`))).toEqual([]);
  });
});
