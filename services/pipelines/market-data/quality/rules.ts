import type { Rule, Severity } from '../../../core/rule.ts';
import { FACT, SESSIONS, SYMBOL_TABLE } from '../warehouse/schema.ts';

/** What the rules compare with. */
export interface RuleContext {
  /** The session that has to be there, `YYYY-MM-DD`. */
  expected: string;
  /** The day of the run: no price is of a later one. */
  today: string;
  /** Moves are looked at from this day on; older ones were told when they came. */
  movesFrom: string;
  /** Whether a day without trade stops the run; thinly traded symbols have such days. */
  zeroVolume: Severity;
}

/** A close this far from that before, as a share, is worth a look: a split, or a mistake. */
const MOVE_SHARE_MAX = '0.5';

const PRICES = ['open_amt', 'high_amt', 'low_amt', 'close_amt'] as const;

/** The quality suite of requirements 2.7 on the fact table. */
export function marketRules(context: RuleContext): Rule[] {
  return [...rowRules(context), ...dateRules(context), ...calendarRules(context)];
}

/** What holds of each row by itself. */
function rowRules({ zeroVolume }: RuleContext): Rule[] {
  return [
    {
      name: 'null-check',
      summary: 'every price has open, high, low and close',
      severity: 'block',
      checks: PRICES.map((column) => ({ kind: 'not-null', column })),
    },
    {
      name: 'price-positive',
      summary: 'no price is zero or less',
      severity: 'block',
      checks: PRICES.map((column) => ({ kind: 'range', column, min: '0.0001' })),
    },
    {
      name: 'zero-volume-check',
      summary: 'shares were traded on every day',
      severity: zeroVolume,
      checks: [{ kind: 'range', column: 'volume_cnt', min: '1' }],
    },
    {
      name: 'price-order',
      summary: 'the high is the highest price of its day, and the low the lowest',
      severity: 'block',
      checks: [
        counting(`SELECT COUNT(*) FROM ${FACT.name}
          WHERE high_amt < open_amt OR high_amt < close_amt OR high_amt < low_amt
             OR low_amt > open_amt OR low_amt > close_amt`),
      ],
    },
    {
      name: 'unique-key',
      summary: 'one row for each symbol and day',
      severity: 'block',
      checks: [{ kind: 'unique', columns: ['symbol', 'price_date'] }],
    },
  ];
}

function dateRules({ expected, today }: RuleContext): Rule[] {
  return [
    {
      name: 'future-date-check',
      summary: 'no price is of a day after the run',
      severity: 'block',
      checks: [counting(`SELECT COUNT(*) FROM ${FACT.name} WHERE price_date > DATE '${today}'`)],
    },
    {
      name: 'freshness-check',
      summary: `the session of ${expected} is there`,
      severity: 'block',
      checks: [
        counting(
          `SELECT CASE WHEN COUNT(*) > 0 THEN 0 ELSE 1 END FROM ${FACT.name} WHERE price_date >= DATE '${expected}'`,
        ),
      ],
    },
    {
      name: 'symbol-freshness',
      summary: `every symbol that is traded has the session of ${expected}`,
      severity: 'warn',
      checks: [
        counting(
          `SELECT COUNT(*) FROM ${SYMBOL_TABLE.name} WHERE delisted_on IS NULL AND last_price_date < DATE '${expected}'`,
        ),
      ],
    },
    {
      name: 'session-over',
      summary: `sessions before that of ${expected} are as they were when they were over`,
      severity: 'warn',
      checks: [
        counting(
          `SELECT COUNT(*) FROM ${FACT.name} WHERE NOT is_final AND price_date < DATE '${expected}'`,
        ),
      ],
    },
  ];
}

/** What holds along the trading calendar. */
function calendarRules({ movesFrom }: RuleContext): Rule[] {
  return [
    {
      name: 'session-gap',
      summary: 'no session is missing between the first and the last day of a symbol',
      severity: 'warn',
      checks: [
        counting(`SELECT
          (SELECT COUNT(*) FROM ${SYMBOL_TABLE.name} d JOIN ${SESSIONS.name} s
             ON s.session_date >= d.first_price_date AND s.session_date <= d.last_price_date)
          - (SELECT COUNT(*) FROM ${FACT.name} f JOIN ${SESSIONS.name} s ON s.session_date = f.price_date)`),
      ],
    },
    {
      name: 'session-day',
      summary: 'every price is of a day on which the exchanges were open',
      severity: 'warn',
      checks: [
        counting(`SELECT COUNT(*) FROM ${FACT.name} f
          LEFT JOIN ${SESSIONS.name} s ON s.session_date = f.price_date
          WHERE s.session_date IS NULL AND f.price_date >= DATE '1990-01-01'`),
      ],
    },
    {
      name: 'daily-move',
      summary: `no close since ${movesFrom} is more than 50 % away from that before`,
      severity: 'warn',
      checks: [
        counting(`SELECT COUNT(*) FROM (
          SELECT price_date, close_amt, LAG(close_amt) OVER (PARTITION BY symbol ORDER BY price_date) AS close_before
          FROM ${FACT.name} WHERE price_date >= DATE '${movesFrom}') moves
          WHERE ABS(close_amt - close_before) > ${MOVE_SHARE_MAX} * close_before`),
      ],
    },
  ];
}

function counting(sql: string): { kind: 'sql'; sql: string; bound: string } {
  return { kind: 'sql', sql, bound: '0' };
}
