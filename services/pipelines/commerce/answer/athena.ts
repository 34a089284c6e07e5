import { athenaQuery } from '../../../stages/serve/ddl/athena-query.ts';
import { nextPlace, tokensOf } from '../../../stages/serve/ddl/tokens.ts';
import type { NamedQuery } from './named.ts';
import macros from './named/arithmetic.athena.sql';

/** Tables by days of which a named query looks at some. */
const DAILY = ['transactions', 'clickstream'] as const;

/**
 * A named query as of a day in the SQL of Athena and Trino, to be asked in the schema of the curated tables. What it
 * looks back on is said in months too, by which the tables are laid out there, so that no others are read.
 */
export function namedForAthena({ sql, dayCount }: NamedQuery, asOf: string): string {
  const query = athenaQuery(sql, { macros, values: [asOf] });
  return dayCount === null ? query : withMonths(query, monthsBack(asOf, dayCount));
}

/** The tables under their own names with these months alone, before whatever the query begins with. */
function withMonths(query: string, months: readonly string[]): string {
  const kept = months.map((month) => {
    const [year = '', number = ''] = month.split('-');
    return `(year = ${Number(year)} AND month = ${Number(number)})`;
  });
  const views = DAILY.map(
    (table) => `${table} AS (\n  SELECT * FROM ${table} WHERE ${kept.join(' OR ')}\n)`,
  );
  const tokens = tokensOf(query);
  const first = nextPlace(tokens, 0);
  const hasWith = tokens[first]?.toUpperCase() === 'WITH';
  const rest = tokens.slice(hasWith ? first + 1 : first).join('');
  return `WITH ${views.join(', ')}${hasWith ? ',' : '\n'}${rest}`;
}

/** The months of so many days that end with this one, `YYYY-MM`, the oldest first. */
function monthsBack(asOf: string, dayCount: number): string[] {
  const last = Date.parse(`${asOf}T00:00:00Z`);
  const days = Array.from({ length: dayCount }, (_, at) => last - at * 86_400_000);
  const months = days.map((day) => new Date(day).toISOString().slice(0, 7));
  return [...new Set(months)].toReversed();
}
