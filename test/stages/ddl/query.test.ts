import { describe, expect, it } from 'vitest';
import { NAMED } from '../../../services/pipelines/commerce/answer/named.ts';
import { dartmouthDb } from '../../../services/pipelines/fama-french/database.ts';
import { financeDb } from '../../../services/pipelines/finance/database.ts';
import { athenaQuery } from '../../../services/stages/serve/ddl/athena-query.ts';
import { expandMacros } from '../../../services/stages/serve/ddl/macro.ts';

const MACROS = `
-- Comments are passed over.
CREATE MACRO twice(n) AS n + n;
CREATE MACRO share(part, whole) AS twice(part) / nullif(whole, 0);`;

describe('macros written out', () => {
  it.each([
    ['SELECT twice(a)', 'SELECT ((a) + (a))'],
    ['SELECT TWICE ( a )', 'SELECT ((a) + (a))'],
    ['SELECT twice(f(a, b))', 'SELECT ((f(a, b)) + (f(a, b)))'],
    ['SELECT twice(twice(a))', 'SELECT ((((a) + (a))) + (((a) + (a))))'],
    ['SELECT share(n, count(*))', 'SELECT ((((n)) + ((n))) / nullif((count(*)), 0))'],
    [
      `SELECT 'twice(a)', "twice"(a), twice -- twice(a)`,
      `SELECT 'twice(a)', "twice"(a), twice -- twice(a)`,
    ],
    ['SELECT share(n, part)', 'SELECT ((((n)) + ((n))) / nullif((part), 0))'],
  ])('%s', (sql, written) => {
    expect(expandMacros(sql, MACROS)).toBe(written);
  });

  it('with another number of arguments are a bug', () => {
    expect(() => expandMacros('SELECT share(a)', MACROS)).toThrow('share takes 2 arguments');
  });
});

describe('a shipped query for Athena', () => {
  it('has values in place of $1, and no word on whether a WITH is kept', () => {
    const sql = `WITH a AS NOT MATERIALIZED (SELECT '$1', $1, $2), b AS MATERIALIZED (SELECT 1) SELECT NOT x`;
    expect(athenaQuery(sql, { values: [`o'clock`, 7] })).toBe(
      `WITH a AS (SELECT '$1', 'o''clock', 7), b AS  (SELECT 1) SELECT NOT x`.replace(
        'AS (',
        'AS  (',
      ),
    );
  });

  it('without a value for $1 is a bug', () => {
    expect(() => athenaQuery('SELECT $1')).toThrow('no value for $1');
  });
});

/** What DuckDB alone understands (docs/catalogue.md). */
const OWN_WORDS = [
  /\bQUALIFY\b/i,
  /\bGROUP BY ALL\b/i,
  /\bORDER BY ALL\b/i,
  /\b(?:EXCLUDE|REPLACE)\s*\(/i,
  /\bHUGEINT\b/i,
  /\/\//,
  /::/,
  /\bINTERVAL\s+\d/i,
  /\bFILTER\s*\((?!\s*WHERE\b)/i,
  /^\s*FROM\b/i,
  /[[{]/,
];

describe('the SQL of every shipped view and named query', () => {
  const views = [...dartmouthDb.datasets, ...financeDb.datasets].flatMap(({ name, sql }) =>
    sql === undefined ? [] : [{ name, sql }],
  );
  it.each([...views, ...NAMED].map(({ name, sql }) => [name, sql] as const))(
    '%s has no word of DuckDB alone',
    (_, sql) => {
      const bare = sql
        .replaceAll(/--[^\n]*|'[^']*'/g, "''")
        .replaceAll("INTERVAL ''", `INTERVAL 'n'`);
      for (const word of OWN_WORDS) expect(bare).not.toMatch(word);
    },
  );
});
