import { quoteIdentifier } from '../../core/column.ts';
import { PipelineError } from '../../core/error.ts';
import type { Check, CheckResult, QualityReport, Rule, RuleVerdict } from '../../core/rule.ts';
import type { Cell, QueryResult } from '../../ports/query-engine.ts';
import { type Probe, type Target, wholeFinding } from './check/probe.ts';
import {
  matchesProbe,
  notAfterProbe,
  notNullProbe,
  oneOfProbe,
  rangeProbe,
} from './check/row-probe.ts';
import {
  columnsProbe,
  duplicateShareProbe,
  nullShareProbe,
  referenceProbe,
  rowCountProbe,
  sqlProbe,
  typesProbe,
  uniqueProbe,
} from './check/table-probe.ts';

/** Whatever answers SQL: the query engine, a warehouse, or a transaction of one. */
export interface Queryable {
  query(sql: string, values?: readonly Cell[]): Promise<QueryResult>;
}

export interface CheckRequest {
  /** The table or view, by its bare name. */
  table: string;
  /** What the report calls it. */
  dataset: string;
  rules: readonly Rule[];
  /** ISO moment for the report, from the clock port; no rule reads it. */
  evaluatedAt: string;
  /** A condition of ours, in SQL: only rows that meet it are looked at. */
  where?: string;
  /** Bound to `$1`, `$2` … of `where` and of checks that are SQL. */
  parameters?: readonly Cell[];
}

/**
 * Looks at one table by its rules (core/rule.ts) and says what came of each check, in the order of the list. All that
 * can be counted in one pass is; keys and references take a statement each. A column that is missing or of a type that
 * cannot be compared fails its check and ends nothing. The same rows give the same verdicts on every engine.
 */
export async function checkTable(db: Queryable, request: CheckRequest): Promise<QualityReport> {
  const table = quoteIdentifier(request.table);
  const { columns } = await db.query(`SELECT * FROM ${table} LIMIT 0`);
  const where = request.where === undefined ? '' : ` WHERE (${request.where})`;
  const target = { columns, from: `FROM ${table}${where}` };
  const probes = request.rules.map(({ checks }) => checks.map((one) => probeOf(one, target)));
  const ask = await askAll(db, { request, target, probes: probes.flat() });
  const rules = request.rules.map((rule, at) => verdictOf(rule, probes[at] ?? [], ask));
  return reportOf(request, rules, ask.rowCount);
}

interface Answers {
  rowCount: number;
  cellOf: (expression: string) => Cell;
}

async function askAll(
  db: Queryable,
  of: { request: CheckRequest; target: Target; probes: readonly Probe[] },
): Promise<Answers> {
  const values = of.request.parameters ?? [];
  const answers = new Map<string, Cell>();
  const aggregates = new Set(of.probes.flatMap(({ aggregates: own = [] }) => own));
  const list = ['count(*)', ...aggregates];
  const bound = boundValues(of.request.where ?? '', values);
  const { rows } = await db.query(`SELECT ${list.join(', ')} ${of.target.from}`, bound);
  for (const [at, expression] of list.entries()) answers.set(expression, rows[0]?.[at] ?? null);
  for (const { statement } of of.probes) {
    if (statement === undefined || answers.has(statement)) continue;
    const found = await db.query(statement, boundValues(statement, values));
    answers.set(statement, numberOf(found, statement));
  }
  return {
    rowCount: Number(answers.get('count(*)')),
    cellOf: (expression) => answers.get(expression) ?? null,
  };
}

/** As many values as the SQL has places for: a server refuses more. */
function boundValues(sql: string, values: readonly Cell[]): readonly Cell[] {
  const outsideNames = sql.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'/g, '');
  const places = [...outsideNames.matchAll(/\$(\d+)/g)].map(([, place]) => Number(place));
  return values.slice(0, Math.max(0, ...places));
}

function numberOf({ rows }: QueryResult, sql: string): Cell {
  const cell = rows[0]?.[0] ?? null;
  if (rows.length === 1 && cell !== null && Number.isFinite(Number(cell))) return cell;
  throw new PipelineError('bug', `check: no single number came of: ${sql}`);
}

function verdictOf(rule: Rule, probes: readonly Probe[], answers: Answers): RuleVerdict {
  const checks = rule.checks.map(({ kind }, at): CheckResult => {
    const probe = probes[at]!;
    const { subject, bound, aggregates = [], statement } = probe;
    const asked = statement === undefined ? aggregates : [...aggregates, statement];
    const finding = probe.judge(asked.map(answers.cellOf), answers.rowCount);
    return { kind, subject, bound, ...finding };
  });
  const isPassed = checks.every((check) => check.isPassed);
  return { rule: rule.name, summary: rule.summary, severity: rule.severity, isPassed, checks };
}

function reportOf(
  { dataset, evaluatedAt }: CheckRequest,
  rules: readonly RuleVerdict[],
  rowCount: number,
): QualityReport {
  const checks = rules.flatMap((rule) => rule.checks);
  const passedCount = checks.filter((check) => check.isPassed).length;
  const scorePercent =
    checks.length === 0 ? 100 : Math.round((passedCount / checks.length) * 10_000) / 100;
  return {
    dataset,
    evaluatedAt,
    rowCount,
    checkCount: checks.length,
    passedCount,
    scorePercent,
    rules,
  };
}

function probeOf(check: Check, target: Target): Probe {
  const probe = probeOfKind(check, target);
  const there = new Set(target.columns.map(({ name }) => name));
  const missing = columnsOf(check).filter((column) => !there.has(column));
  if (missing.length === 0) return probe;
  const { subject, bound } = probe;
  return {
    subject,
    bound,
    judge: () => wholeFinding(false, `no column ${missing.join(', ')}`),
  };
}

function probeOfKind(check: Check, target: Target): Probe {
  switch (check.kind) {
    case 'columns':
      return columnsProbe(check, target);
    case 'types':
      return typesProbe(check, target);
    case 'not-null':
      return notNullProbe(check);
    case 'unique':
      return uniqueProbe(check, target);
    case 'range':
      return rangeProbe(check, target);
    case 'one-of':
      return oneOfProbe(check);
    case 'matches':
      return matchesProbe(check);
    case 'not-after':
      return notAfterProbe(check, target);
    case 'row-count':
      return rowCountProbe(check);
    case 'null-share':
      return nullShareProbe(check);
    case 'duplicate-share':
      return duplicateShareProbe(check, target);
    case 'reference':
      return referenceProbe(check, target);
    default:
      return sqlProbe(check);
  }
}

/** The columns that a check cannot do without. */
function columnsOf(check: Check): readonly string[] {
  if (check.kind === 'unique' || check.kind === 'null-share' || check.kind === 'duplicate-share')
    return check.columns;
  return 'column' in check ? [check.column] : [];
}
