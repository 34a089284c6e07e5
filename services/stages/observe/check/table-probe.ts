import { familyOf } from '../../../core/column-family.ts';
import { quoteIdentifier } from '../../../core/column.ts';
import { isShareWithin, shareText } from '../../../core/exact-share.ts';
import type { Check } from '../../../core/rule.ts';
import { countFinding, type Probe, type Target, wholeFinding } from './probe.ts';

type Of<K extends Check['kind']> = Extract<Check, { kind: K }>;

/** The columns are there in that order; others may stand between them. */
export function columnsProbe({ columns }: Of<'columns'>, target: Target): Probe {
  const names = target.columns.map(({ name }) => name);
  let at = 0;
  for (const name of names) if (name === columns[at]) at += 1;
  const isPassed = at === columns.length;
  return {
    subject: 'table',
    bound: columns.join(', '),
    judge: () => wholeFinding(isPassed, names.join(', ')),
  };
}

/** Each column is of its family. */
export function typesProbe({ types }: Of<'types'>, target: Target): Probe {
  const wanted = Object.entries(types);
  const typeOf = (column: string) =>
    target.columns.find(({ name }) => name === column)?.type ?? 'missing';
  const others = wanted.filter(([column, family]) => familyOf(typeOf(column)) !== family);
  const seen = others.map(([column]) => `${column} ${typeOf(column)}`).join(', ');
  return {
    subject: wanted.map(([column]) => column).join(', '),
    bound: wanted.map(([column, family]) => `${column} ${family}`).join(', '),
    judge: () => wholeFinding(others.length === 0, seen === '' ? 'as asked' : seen),
  };
}

/** Rows with a key seen before. A key with a NULL in it is none. */
export function uniqueProbe({ columns }: Of<'unique'>, target: Target): Probe {
  return {
    subject: columns.join(', '),
    bound: '0 repeated',
    statement: repeatsSql(columns, target),
    judge: ([repeats]) => countFinding(Number(repeats), 'repeated'),
  };
}

/** Rows with a key seen before ÷ rows. */
export function duplicateShareProbe(check: Of<'duplicate-share'>, target: Target): Probe {
  return {
    subject: check.columns.join(', '),
    bound: `≤ ${check.max}`,
    statement: repeatsSql(check.columns, target),
    judge: ([repeats], rowCount) => {
      const share = { part: Number(repeats), whole: rowCount };
      return wholeFinding(isShareWithin(share, check.max), shareText(share));
    },
  };
}

/** Null cells ÷ all cells of the columns. */
export function nullShareProbe({ columns, max }: Of<'null-share'>): Probe {
  return {
    subject: columns.join(', '),
    bound: `≤ ${max}`,
    aggregates: columns.map((column) => `count(${quoteIdentifier(column)})`),
    judge: (counts, rowCount) => {
      const whole = rowCount * columns.length;
      const share = {
        part: counts.reduce<number>((rest, one) => rest - Number(one), whole),
        whole,
      };
      return wholeFinding(isShareWithin(share, max), shareText(share));
    },
  };
}

/** The number of rows. */
export function rowCountProbe({ min, max }: Of<'row-count'>): Probe {
  const bounds = [
    ...(min === undefined ? [] : [`≥ ${min}`]),
    ...(max === undefined ? [] : [`≤ ${max}`]),
  ];
  return {
    subject: 'table',
    bound: bounds.length === 0 ? 'any' : bounds.join(' and '),
    judge: (_, rowCount) =>
      wholeFinding(
        rowCount >= (min ?? 0) && rowCount <= (max ?? Number.MAX_SAFE_INTEGER),
        `${rowCount} rows`,
      ),
  };
}

/** Rows whose value is not among those of the other table. */
export function referenceProbe({ column, table, key }: Of<'reference'>, target: Target): Probe {
  const own = quoteIdentifier(column);
  const inner = `SELECT ${own} ${target.from}`;
  const other = `SELECT 1 FROM ${quoteIdentifier(table)} AS master WHERE master.${quoteIdentifier(key)} = own.${own}`;
  return {
    subject: `${column} in ${table}`,
    bound: '0 orphaned',
    statement: `SELECT count(*) FROM (${inner}) AS own WHERE own.${own} IS NOT NULL AND NOT EXISTS (${other})`,
    judge: ([orphans]) => countFinding(Number(orphans), 'orphaned'),
  };
}

/** What the SQL counts. */
export function sqlProbe({ sql, bound }: Of<'sql'>): Probe {
  return {
    subject: 'table',
    bound,
    statement: sql,
    judge: ([failures]) =>
      countFinding(Number(failures), 'failing', Number(failures) === 0 ? 'as asked' : ''),
  };
}

/** Grouped, not `count(DISTINCT …)`: that sorts in PostgreSQL, and takes one column only in Redshift. */
function repeatsSql(columns: readonly string[], { from }: Target): string {
  const names = columns.map(quoteIdentifier);
  const groups = `SELECT ${names.join(', ')}, count(*) AS "rows of key" ${from} GROUP BY ${names.join(', ')}`;
  const isWhole = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  return `SELECT coalesce(sum("rows of key" - 1), 0) FROM (${groups}) AS keys WHERE ${isWhole}`;
}
