import { PipelineError } from '../../../core/error.ts';
import { nearest } from '../../../core/nearest.ts';
import type { QueryEngine, QueryResult } from '../../../ports/query-engine.ts';
import arithmeticSql from './named/arithmetic.sql';
import conversionFunnelSql from './named/conversion-funnel.sql';
import currentKpisSql from './named/current-kpis.sql';
import customerLtvSql from './named/customer-ltv.sql';
import dailyKpisSql from './named/daily-kpis.sql';
import revenueByCategorySql from './named/revenue-by-category.sql';
import topProductsSql from './named/top-products.sql';

/** A question that is asked often (requirements 3.13): SQL over the curated tables, `$1` is the day as of which. */
export interface NamedQuery {
  name: string;
  summary: string;
  sql: string;
  /** How many days it looks back on, that of `as_of` among them; null for all days. */
  dayCount: number | null;
}

/** The named queries of commerce. "Last 30 days" are the day of `as_of` and the 29 before it. */
export const NAMED: readonly NamedQuery[] = [
  {
    name: 'top_products',
    summary: 'the 20 products that earned most in 30 days',
    sql: topProductsSql,
    dayCount: 30,
  },
  {
    name: 'customer_ltv',
    summary: 'customers by what they have spent and how often they buy',
    sql: customerLtvSql,
    dayCount: null,
  },
  {
    name: 'conversion_funnel',
    summary: 'sessions by stage, with rates and drop-offs, a row a day of 7',
    sql: conversionFunnelSql,
    dayCount: 7,
  },
  {
    name: 'daily_kpis',
    summary: 'orders, customers and revenue, a row a day of 90',
    sql: dailyKpisSql,
    dayCount: 90,
  },
  {
    name: 'revenue_by_category',
    summary: 'revenue of 30 days by category, with shares',
    sql: revenueByCategorySql,
    dayCount: 30,
  },
  {
    name: 'current_kpis',
    summary: 'the four figures of the dashboard, beside those of the 30 days before',
    sql: currentKpisSql,
    dayCount: 60,
  },
];

/** The named query; `config-invalid` with the nearest name when there is none. */
export function findNamed(name: string): NamedQuery {
  const found = NAMED.find((one) => one.name === name);
  if (found) return found;
  const names = NAMED.map((one) => one.name);
  const near = nearest(name, names);
  throw new PipelineError('config-invalid', `there is no named query "${name}"`, {
    hint: `${near === undefined ? '' : `did you mean ${near}? `}Known: ${names.join(', ')}`,
  });
}

/** Makes the engine ready for named queries, once. */
export async function prepareNamed(engine: QueryEngine): Promise<void> {
  await engine.run(arithmeticSql);
}

/** The answer as of a day, `YYYY-MM-DD`, from an engine with the curated tables in its schema. */
export async function askNamed(
  engine: QueryEngine,
  query: NamedQuery,
  asOf: string,
): Promise<QueryResult> {
  return engine.query(query.sql, [asOf]);
}
