import { PipelineError } from '../../../core/error.ts';
import { type Parameters, wholeParameter } from '../../../core/parameter.ts';
import type { Check, Rule } from '../../../core/rule.ts';
import type { ParameterSpec } from '../../../ports/step.ts';
import type { FeedName } from '../door/raw-key.ts';
import { NEW_FILES } from './new-files.ts';

/** Thresholds of the quality gate (requirements 3.11). */
export interface Thresholds {
  minTransactions: number;
  minProducts: number;
  maxNullShare: number;
  /** Rows of one day of new files that break a rule. */
  maxRejectShare: number;
  freshnessHours: number;
  /** Standard deviations from the mean of the 30 days before. */
  anomalyDeviations: number;
}

/** Of the gate, and of the door: a run that cannot end well should not begin. */
export const THRESHOLD_PARAMETERS: readonly ParameterSpec[] = [
  { name: 'min-transactions', description: 'Fewest transactions', default: '100' },
  { name: 'min-products', description: 'Fewest products', default: '10' },
  {
    name: 'max-null-share',
    description: 'Largest share of empty cells of a column',
    default: '0.01',
  },
  {
    name: 'max-reject-share',
    description: 'Largest share of rows that break a rule, of a day of new files',
    default: '0.05',
  },
  {
    name: 'freshness-hours',
    description: 'Greatest age of the newest transaction, in hours',
    default: '48',
  },
  {
    name: 'anomaly-deviations',
    description: 'Standard deviations at which a day is odd',
    default: '3',
  },
];

/** The workflow parameters of the gate. */
export const GATE_PARAMETERS: readonly ParameterSpec[] = [
  ...THRESHOLD_PARAMETERS,
  { name: 'strict', description: 'true: every feed has to be there', default: 'false' },
  { name: 'recheck', description: 'true: nothing is shown after it', default: 'false' },
];

/** The thresholds among the parameters; `config-invalid` for one that is no number in its range. */
export function thresholdsOf(parameters: Parameters): Thresholds {
  return {
    minTransactions: wholeParameter(parameters, 'min-transactions', 0),
    minProducts: wholeParameter(parameters, 'min-products', 0),
    maxNullShare: shareParameter(parameters, 'max-null-share'),
    maxRejectShare: shareParameter(parameters, 'max-reject-share'),
    freshnessHours: wholeParameter(parameters, 'freshness-hours', 1),
    anomalyDeviations: wholeParameter(parameters, 'anomaly-deviations', 1),
  };
}

function shareParameter(parameters: Parameters, name: string): number {
  const text = parameters[name] ?? '';
  if (/^(?:0|0?\.\d+|0\.\d+|1(?:\.0+)?)$/.test(text)) return Number(text);
  throw new PipelineError('config-invalid', `parameter ${name}="${text}" cannot be`, {
    hint: 'give a share from 0 to 1, for example 0.01',
  });
}

/** The rules of one feed as of the end of a logical date. */
export function rulesOf(
  feed: FeedName,
  thresholds: Thresholds,
  logicalDate: string,
): readonly Rule[] {
  const request = { ...thresholds, logicalDate };
  return [...RULES[feed](request), ...rejects(feed, request)];
}

type Request = Thresholds & { logicalDate: string };

const RULES: Readonly<Record<FeedName, (request: Request) => readonly Rule[]>> = {
  transactions: (request) => [
    rowCount('transactions', request.minTransactions),
    nulls(['transaction_id', 'customer_id', 'product_id', 'total_amount'], request, 'transactions'),
    unique('transactions', ['transaction_id']),
    fresh('transactions', 'transaction_date', request, 'block'),
    block('transactions-range', 'quantities and amounts are above 0', [
      { kind: 'range', column: 'quantity', min: '1' },
      { kind: 'range', column: 'price', min: '0.01' },
      { kind: 'range', column: 'total_amount', min: '0.01' },
    ]),
    warn('transactions-status', 'every status is a known one', [
      { kind: 'one-of', column: 'status', values: ['completed', 'returned', 'refunded'] },
    ]),
    warn('transactions-product', 'every transaction is of a known product', [
      { kind: 'reference', column: 'product_id', table: 'products', key: 'product_id' },
    ]),
    anomaly(
      'transactions-revenue',
      'revenue',
      `sum(total_amount) FILTER (WHERE status = 'completed')`,
      request,
    ),
    anomaly('transactions-orders', 'orders', 'count(*)', request),
    anomaly('transactions-customers', 'customers', 'count(DISTINCT customer_id)', request),
  ],
  products: (request) => [
    rowCount('products', request.minProducts),
    nulls(['product_id', 'name', 'category', 'price'], request, 'products'),
    unique('products', ['product_id']),
    block('products-range', 'prices are above 0, stock and ratings are possible', [
      { kind: 'range', column: 'price', min: '0.01' },
      { kind: 'range', column: 'stock', min: '0' },
      { kind: 'range', column: 'rating', min: '0', max: '5' },
    ]),
  ],
  clickstream: (request) => [
    rowCount('clickstream', 1),
    nulls(['session_id', 'event_type', 'page', 'timestamp'], request, 'clickstream'),
    unique('clickstream', ['session_id', 'timestamp', 'event_type', 'page']),
    fresh('clickstream', 'timestamp', request, 'warn'),
  ],
  reviews: (request) => [
    rowCount('reviews', 1),
    nulls(['review_id', 'product_id', 'customer_id', 'rating'], request, 'reviews'),
    unique('reviews', ['review_id']),
    fresh('reviews', 'review_date', request, 'warn'),
    block('reviews-range', 'ratings are 1 to 5, votes 0 or more', [
      { kind: 'range', column: 'rating', min: '1', max: '5' },
      { kind: 'range', column: 'helpful_votes', min: '0' },
    ]),
    warn('reviews-product', 'every review is of a known product', [
      { kind: 'reference', column: 'product_id', table: 'products', key: 'product_id' },
    ]),
  ],
};

function block(name: string, summary: string, checks: readonly Check[]): Rule {
  return { name, summary, severity: 'block', checks };
}

function warn(name: string, summary: string, checks: readonly Check[]): Rule {
  return { name, summary, severity: 'warn', checks };
}

function rowCount(feed: FeedName, min: number): Rule {
  return block(`${feed}-rows`, 'there are enough rows', [{ kind: 'row-count', min }]);
}

/** One check a column, for they count one by one. */
function nulls(columns: readonly string[], { maxNullShare: max }: Request, feed: FeedName): Rule {
  return block(
    `${feed}-nulls`,
    'required columns are filled',
    columns.map((column) => ({ kind: 'null-share' as const, columns: [column], max })),
  );
}

function unique(feed: FeedName, columns: readonly string[]): Rule {
  return block(`${feed}-unique`, 'no row is there twice', [{ kind: 'unique', columns }]);
}

function fresh(feed: FeedName, column: string, request: Request, severity: Rule['severity']): Rule {
  const { freshnessHours: hours, logicalDate } = request;
  const end = `TIMESTAMP '${logicalDate} 00:00:00' + INTERVAL 1 DAY`;
  // What is dated later says nothing of that day.
  const sql = `SELECT CASE WHEN max("${column}") FILTER ("${column}" < ${end}) >= ${end} - INTERVAL ${hours} HOUR
    THEN 0 ELSE 1 END FROM ${feed}`;
  return {
    name: `${feed}-fresh`,
    summary: `the newest row is at most ${hours} hours old at the end of the day`,
    severity,
    checks: [{ kind: 'sql', sql, bound: `at most ${hours} hours` }],
  };
}

/** Of fewer rows a share says little. */
const REJECTS_ALLOWED = 10;
/** What a shop aims at (requirements 3.11: invalid below 0.1 %). */
const REJECT_SHARE_AIM = 0.001;

/** A source that has changed its form makes rejects, and the tables of what is left look well. */
function rejects(feed: FeedName, { maxRejectShare: max }: Request): readonly Rule[] {
  const own = `FROM ${NEW_FILES} WHERE feed = '${feed}'`;
  const days = `SELECT coalesce(sum(bad), 0) FROM (SELECT sum(rejected) AS bad, sum(rows_in) AS n ${own} GROUP BY day)
    WHERE bad > greatest(${REJECTS_ALLOWED}, ${max} * n)`;
  const all = `SELECT CASE WHEN sum(rejected) > ${REJECT_SHARE_AIM} * sum(rows_in) THEN sum(rejected) ELSE 0 END ${own}`;
  const aim = `${REJECT_SHARE_AIM * 100} %`;
  const bound = `at most ${Number((max * 100).toFixed(4))} % of the rows of a day, or ${REJECTS_ALLOWED} rows`;
  return [
    block(`${feed}-rejects`, 'few rows of a day of new files break a rule', [
      { kind: 'sql', sql: days, bound },
    ]),
    warn(`${feed}-rejects-aim`, `at most ${aim} of the rows of new files break a rule`, [
      { kind: 'sql', sql: `SELECT coalesce((${all}), 0)`, bound: `at most ${aim} of the rows` },
    ]),
  ];
}

/** The last day of the data against the 30 days before; with fewer than 7 of those there is nothing to compare with. */
function anomaly(name: string, what: string, figure: string, request: Request): Rule {
  const sql = `WITH days AS (
      SELECT CAST(transaction_date AS DATE) AS day, CAST(coalesce(${figure}, 0) AS DOUBLE) AS figure FROM transactions
      WHERE transaction_date < TIMESTAMP '${request.logicalDate} 00:00:00' + INTERVAL 1 DAY GROUP BY 1
    ), last AS (SELECT max(day) AS day FROM days), before AS (
      SELECT avg(figure) AS mean, stddev_samp(figure) AS deviation, count(*) AS n
      FROM days, last WHERE days.day < last.day AND days.day >= last.day - INTERVAL 30 DAY
    )
    SELECT count(*) FROM days JOIN last USING (day), before
    WHERE n >= 7 AND abs(figure - mean) > ${request.anomalyDeviations} * deviation`;
  return warn(
    name,
    `${what} of the last day are within ${request.anomalyDeviations} deviations of 30 days`,
    [{ kind: 'sql', sql, bound: '0 odd days' }],
  );
}
