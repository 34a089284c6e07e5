import { PipelineError } from '../../core/error.ts';
import { type Parameters, wholeParameter } from '../../core/parameter.ts';
import type { Check, Rule } from '../../core/rule.ts';
import type { ParameterSpec } from '../../ports/step.ts';

/** What the rules of finance allow (requirements 4.2). */
export interface Thresholds {
  rowsMin: number;
  /** Shares from 0 to 1. */
  nullShareMax: number;
  duplicateShareMax: number;
}

/** Whether a blocking rule that does not hold ends the run, or is only told (requirements 4.6). */
export type QualityMode = 'block' | 'warn';

/** The parameters by which the thresholds are configuration. */
export const QUALITY_PARAMETERS: readonly ParameterSpec[] = [
  { name: 'min-rows', description: 'Fewest rows that a day may have', default: '100' },
  { name: 'max-null-share', description: 'Largest share of empty cells', default: '0.05' },
  { name: 'max-duplicate-share', description: 'Largest share of repeated ids', default: '0.01' },
  {
    name: 'quality-mode',
    description: 'block: a rule that does not hold ends the run before the load; warn: it is told',
    default: 'block',
  },
];

/** The thresholds as given; `config-invalid` for what is no count or share. */
export function thresholdsOf(parameters: Parameters): Thresholds {
  return {
    rowsMin: wholeParameter(parameters, 'min-rows', 0),
    nullShareMax: share(parameters, 'max-null-share'),
    duplicateShareMax: share(parameters, 'max-duplicate-share'),
  };
}

/** The mode as given; `config-invalid` for another word. */
export function qualityModeOf(parameters: Parameters): QualityMode {
  const mode = parameters['quality-mode'] ?? '';
  if (mode === 'block' || mode === 'warn') return mode;
  throw new PipelineError('config-invalid', `parameter quality-mode="${mode}" cannot be`, {
    hint: 'give block or warn',
  });
}

function share(parameters: Parameters, name: string): number {
  const text = parameters[name] ?? '';
  if (/^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/.test(text)) return Number(text);
  throw new PipelineError('config-invalid', `parameter ${name}="${text}" cannot be`, {
    hint: 'give a share from 0 to 1, for example 0.05',
  });
}

/** The columns of a source of transactions (requirements 4.3). */
export const SOURCE_COLUMNS = [
  'transaction_id',
  'customer_id',
  'transaction_date',
  'amount',
  'merchant_id',
  'category',
  'status',
  'payment_method',
] as const;

/** The ten columns of requirements 4.5 step 9, in that order. */
export const CHECKED_COLUMNS = [...SOURCE_COLUMNS, 'risk_score', 'risk_level'] as const;

export const STATUSES = ['completed', 'pending', 'failed'] as const;
export const RISK_LEVELS = ['low', 'medium', 'high', 'critical'] as const;

const AMOUNT_RANGE: Check = { kind: 'range', column: 'amount', min: '0.01', max: '1000000.00' };
const KNOWN_STATUS: Check = { kind: 'one-of', column: 'status', values: STATUSES };
const UNIQUE_ID: Check = { kind: 'unique', columns: ['transaction_id'] };

/**
 * What is asked of the transactions before any row is refused (requirements 4.6). The table is the one whose cells
 * already have their types, so that a date or amount that could not be read is an empty cell there.
 */
export function inFlightRules({ rowsMin, nullShareMax, duplicateShareMax }: Thresholds): Rule[] {
  return [
    rule('inflight-rows', 'the sources bring enough rows', {
      kind: 'row-count',
      min: rowsMin,
    }),
    rule('inflight-nulls', 'few cells are empty or unreadable', {
      kind: 'null-share',
      columns: SOURCE_COLUMNS,
      max: nullShareMax,
    }),
    rule('inflight-repeats', 'few transaction ids are repeated', {
      kind: 'duplicate-share',
      columns: ['transaction_id'],
      max: duplicateShareMax,
    }),
    rule('inflight-types', 'every column holds the kind of value that it should', {
      kind: 'types',
      types: {
        transaction_id: 'text',
        customer_id: 'text',
        transaction_date: 'moment',
        amount: 'decimal',
        merchant_id: 'text',
        category: 'text',
        status: 'text',
        payment_method: 'text',
      },
    }),
  ];
}

/** The nine rules of requirements 4.7, eleven checks, asked of the clean transactions before they are loaded. */
export function nineRules({ rowsMin }: Pick<Thresholds, 'rowsMin'>, logicalDate: string): Rule[] {
  return [
    rule('columns-in-order', 'the ten columns are there, in order', {
      kind: 'columns',
      columns: CHECKED_COLUMNS,
    }),
    rule(
      'required-not-null',
      'id, customer and amount are never empty',
      { kind: 'not-null', column: 'transaction_id' },
      { kind: 'not-null', column: 'customer_id' },
      { kind: 'not-null', column: 'amount' },
    ),
    rule('transaction-id-unique', 'no transaction is there twice', UNIQUE_ID),
    rule('amount-in-range', 'amounts lie between 0.01 and 1,000,000.00', AMOUNT_RANGE),
    rule('status-known', 'the status is one of three', KNOWN_STATUS),
    rule('risk-level-known', 'the risk level is one of four', {
      kind: 'one-of',
      column: 'risk_level',
      values: RISK_LEVELS,
    }),
    rule('risk-score-in-range', 'the risk score lies between 0 and 100', {
      kind: 'range',
      column: 'risk_score',
      min: '0',
      max: '100',
    }),
    rule('date-not-in-future', 'no transaction is dated after the logical date', {
      kind: 'not-after',
      column: 'transaction_date',
      moment: endOf(logicalDate),
    }),
    rule('rows-enough', 'enough clean rows are left', { kind: 'row-count', min: rowsMin }),
  ];
}

/**
 * The eight checks of requirements 4.9, asked of `fact_transactions` after a load. `missingSql` is one SELECT of how many
 * rows of this run are neither there nor held, whatever the calendar says: a run that had nothing to load lacks nothing.
 * Ask with `where: "processed_at <= …"` the logical date: a day that is loaded again must not be judged
 * by the rows of later days.
 */
export function postLoadRules({
  logicalDate,
  missingSql,
}: {
  logicalDate: string;
  missingSql: string;
}): Rule[] {
  return [
    rule('loaded-rows', 'every row of this run is in the warehouse', {
      kind: 'sql',
      sql: missingSql,
      bound: 'every row of this run, in place or held',
    }),
    rule('loaded-amount-not-null', 'no amount is empty', { kind: 'not-null', column: 'amount' }),
    rule('loaded-amount-positive', 'every amount is above zero', {
      kind: 'range',
      column: 'amount',
      min: '0.01',
    }),
    rule('loaded-id-unique', 'no transaction is there twice', UNIQUE_ID),
    rule('loaded-customer-known', 'every transaction has its customer', {
      kind: 'reference',
      column: 'customer_id',
      table: 'dim_customers',
      key: 'customer_id',
    }),
    rule('loaded-date-not-in-future', 'no transaction is dated after the logical date', {
      kind: 'not-after',
      column: 'transaction_date',
      moment: endOf(logicalDate),
    }),
    rule('loaded-status-known', 'the status is one of three', KNOWN_STATUS),
    rule('loaded-amount-in-range', 'amounts lie between 0.01 and 1,000,000.00', AMOUNT_RANGE),
  ];
}

/** The last moment of the logical date: "now" of every rule about dates, so that no rule reads a clock. */
function endOf(logicalDate: string): string {
  return `${logicalDate} 23:59:59.999999`;
}

function rule(name: string, summary: string, ...checks: Check[]): Rule {
  return { name, summary, severity: 'block', checks };
}
