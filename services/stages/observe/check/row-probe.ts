import { mayBeMoment, mayBeNaN, mayBeNumber } from '../../../core/column-family.ts';
import { quoteIdentifier, quoteText } from '../../../core/column.ts';
import { PipelineError } from '../../../core/error.ts';
import type { Check } from '../../../core/rule.ts';
import type { Cell } from '../../../ports/query-engine.ts';
import { countFinding, type Probe, type Target, wholeFinding } from './probe.ts';

type Of<K extends Check['kind']> = Extract<Check, { kind: K }>;

const DECIMAL = /^-?\d+(?:\.\d+)?$/;
const MOMENT = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)?$/;

/** Counts the rows whose cell is NULL. */
export function notNullProbe({ column }: Of<'not-null'>): Probe {
  return counting({
    subject: column,
    noun: 'null',
    bound: '0 null',
    breaks: `${quoteIdentifier(column)} IS NULL`,
  });
}

/** Counts the rows whose text is none of the values. */
export function oneOfProbe({ column, values }: Of<'one-of'>): Probe {
  const text = `CAST(${quoteIdentifier(column)} AS VARCHAR)`;
  const list = values.map(quoteText).join(', ');
  const breaks = values.length === 0 ? `${text} IS NOT NULL` : `${text} NOT IN (${list})`;
  return counting({ subject: column, noun: 'other', bound: `one of ${values.join(', ')}`, breaks });
}

/** Counts the rows whose text the pattern does not match from end to end. */
export function matchesProbe({ column, pattern }: Of<'matches'>): Probe {
  const breaks = `NOT (CAST(${quoteIdentifier(column)} AS VARCHAR) ~ ${quoteText(`^(?:${pattern})$`)})`;
  return counting({ subject: column, noun: 'other', bound: `like ${pattern}`, breaks });
}

/** Counts the rows outside the range, and tells the range that is there. */
export function rangeProbe({ column, min, max }: Of<'range'>, target: Target): Probe {
  const name = quoteIdentifier(column);
  const conditions = [
    // What is no number sorts above all numbers, so a least value alone would let it pass.
    ...(mayBeNaN(typeOf(column, target)) ? [`${name} <> 'NaN'`] : []),
    ...(min === undefined ? [] : [`${name} >= ${number(min)}`]),
    ...(max === undefined ? [] : [`${name} <= ${number(max)}`]),
  ];
  const breaks = conditions.length === 0 ? 'FALSE' : `NOT (${conditions.join(' AND ')})`;
  const probe: Probe = {
    subject: column,
    bound: boundsText(min, max),
    aggregates: [countIf(breaks), textOf(`min(${name})`), textOf(`max(${name})`)],
    judge: ([count, least, most]) =>
      countFinding(Number(count), '', rangeText(least ?? null, most ?? null)),
  };
  return fitting(probe, { target, column, isFit: mayBeNumber, wanted: 'a number' });
}

/** Counts the rows later than the moment, and tells the latest that is there. */
export function notAfterProbe({ column, moment }: Of<'not-after'>, target: Target): Probe {
  if (!MOMENT.test(moment)) throw new PipelineError('bug', `check: "${moment}" is no moment`);
  const name = quoteIdentifier(column);
  const probe: Probe = {
    subject: column,
    bound: `≤ ${moment}`,
    aggregates: [
      countIf(`${name} > CAST(${quoteText(moment)} AS TIMESTAMP)`),
      textOf(`max(${name})`),
    ],
    judge: ([count, latest]) => countFinding(Number(count), '', String(latest ?? 'no value')),
  };
  return fitting(probe, { target, column, isFit: mayBeMoment, wanted: 'a date or moment' });
}

function counting(of: { subject: string; noun: string; bound: string; breaks: string }): Probe {
  return {
    subject: of.subject,
    bound: of.bound,
    aggregates: [countIf(of.breaks)],
    judge: ([count]) => countFinding(Number(count), of.noun),
  };
}

/** A column that cannot be compared fails its check, rather than ending the run with an error of the engine. */
function fitting(
  probe: Probe,
  of: { target: Target; column: string; isFit(type: string): boolean; wanted: string },
): Probe {
  const type = typeOf(of.column, of.target);
  if (of.isFit(type)) return probe;
  const { subject, bound } = probe;
  return { subject, bound, judge: () => wholeFinding(false, `${type} is not ${of.wanted}`) };
}

function typeOf(column: string, { columns }: Target): string {
  return columns.find(({ name }) => name === column)?.type ?? '';
}

/** Not `FILTER`, which Redshift does not have. */
function countIf(condition: string): string {
  return `count(CASE WHEN ${condition} THEN 1 END)`;
}

function textOf(expression: string): string {
  return `CAST(${expression} AS VARCHAR)`;
}

function number(text: string): string {
  if (DECIMAL.test(text)) return `(${text})`;
  throw new PipelineError('bug', `check: "${text}" is no decimal number`);
}

function boundsText(min: string | undefined, max: string | undefined): string {
  if (min !== undefined && max !== undefined) return `${min}..${max}`;
  if (min !== undefined) return `≥ ${min}`;
  return max === undefined ? 'any' : `≤ ${max}`;
}

function rangeText(least: Cell, most: Cell): string {
  return least === null || most === null ? 'no value' : `${String(least)}..${String(most)}`;
}
