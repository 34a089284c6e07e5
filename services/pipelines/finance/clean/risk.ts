import { quoteText } from '../../../core/column.ts';

/** The levels that a score may have (requirements 4.7, rule 6). */
export type RiskLevel = 'low' | 'medium' | 'high' | 'critical';

/** What a transaction's risk is made of: points that add up, a cap, and the bands of scores and amounts. */
export interface RiskTable {
  /** Stamped on every row that is scored with it. */
  version: string;
  /** Points of every threshold that the amount lies above; decimal texts. */
  amounts: readonly { above: string; points: number }[];
  statuses: readonly { status: string; points: number }[];
  /** Days of the week, 0 = Monday. */
  weekdays: readonly { days: readonly number[]; points: number }[];
  /** Hours of the day in UTC, both inclusive. */
  hours: readonly { from: number; to: number; points: number }[];
  /** No score is higher; the sum before it is kept as `risk_score_raw`. */
  scoreMax: number;
  /** Upper bounds, inclusive, rising; the last one is `scoreMax`. */
  levels: readonly { upTo: number; level: RiskLevel }[];
  /** Upper bounds, inclusive, rising, as decimal texts; null has none and is the last. */
  amountCategories: readonly { upTo: string | null; category: string }[];
}

/** Weights and bands of requirements 4.5, steps 6 to 8. Whoever changes a number changes the version with it. */
export const RISK_TABLE: RiskTable = {
  version: '1',
  amounts: [
    { above: '5000.00', points: 30 },
    { above: '10000.00', points: 40 },
  ],
  statuses: [{ status: 'failed', points: 50 }],
  weekdays: [{ days: [5, 6], points: 10 }],
  hours: [{ from: 0, to: 5, points: 20 }],
  scoreMax: 100,
  levels: [
    { upTo: 20, level: 'low' },
    { upTo: 50, level: 'medium' },
    { upTo: 80, level: 'high' },
    { upTo: 100, level: 'critical' },
  ],
  amountCategories: [
    { upTo: '50.00', category: 'small' },
    { upTo: '200.00', category: 'medium' },
    { upTo: '500.00', category: 'large' },
    { upTo: '1000.00', category: 'very_large' },
    { upTo: null, category: 'exceptional' },
  ],
};

/**
 * The table as macros of the query engine: `risk_points(amount, status, weekday, hour)`, `risk_capped(points)`,
 * `risk_level_of(score)`, `amount_category_of(amount)` and `risk_version()`. All comparisons are of exact decimals.
 */
export function riskSql(table: RiskTable): string {
  return [
    `CREATE OR REPLACE MACRO risk_points(amount, status, weekday, hour) AS ${pointsSql(table)};`,
    `CREATE OR REPLACE MACRO risk_capped(points) AS least(points, ${table.scoreMax});`,
    `CREATE OR REPLACE MACRO risk_level_of(score) AS CASE ${table.levels
      .map(({ upTo, level }) => `WHEN score <= ${upTo} THEN ${quoteText(level)}`)
      .join(' ')} END;`,
    `CREATE OR REPLACE MACRO amount_category_of(amount) AS CASE ${table.amountCategories
      .map(({ upTo, category }) =>
        upTo === null
          ? `ELSE ${quoteText(category)}`
          : `WHEN amount <= ${decimalSql(upTo)} THEN ${quoteText(category)}`,
      )
      .join(' ')} END;`,
    `CREATE OR REPLACE MACRO risk_version() AS ${quoteText(table.version)};`,
  ].join('\n');
}

function pointsSql({ amounts, statuses, weekdays, hours }: RiskTable): string {
  const terms = [
    ...amounts.map(({ above, points }) => when(`amount > ${decimalSql(above)}`, points)),
    ...statuses.map(({ status, points }) => when(`status = ${quoteText(status)}`, points)),
    ...weekdays.map(({ days, points }) => when(`weekday IN (${days.join(', ')})`, points)),
    ...hours.map(({ from, to, points }) => when(`hour BETWEEN ${from} AND ${to}`, points)),
  ];
  return `(${['0', ...terms].join(' + ')})`;
}

function when(condition: string, points: number): string {
  return `CASE WHEN ${condition} THEN ${points} ELSE 0 END`;
}

function decimalSql(text: string): string {
  return `CAST(${quoteText(text)} AS DECIMAL(18, 2))`;
}
