import { humaneCount } from '../../../core/humane.ts';
import type { Content } from '../../../stages/observe/page/html.ts';
import type { Section } from '../../../stages/observe/page/page.ts';
import { table } from '../../../stages/observe/page/table.ts';
import { changeText, tiles } from '../../../stages/observe/page/tiles.ts';
import { figures } from '../../../stages/observe/plot/figure.ts';
import { linePlot } from '../../../stages/observe/plot/line.ts';
import { rowPlot } from '../../../stages/observe/plot/rows.ts';
import { type Answers, numberOf, type Row, textOf } from './answers.ts';

const DAYS_SHOWN = 30;
const PRODUCTS_SHOWN = 10;

/** An amount of money with commas and two digits; the feeds do not say in which currency. */
export function money(value: number): string {
  return value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** An amount that fits a tile of a phone: whole, and in millions where it is large. */
function wholeMoney(value: number): string {
  return value >= 1e7 ? `${(value / 1e6).toFixed(1)}M` : humaneCount(Math.round(value));
}

const KPIS: readonly [kpi: string, label: string, text: (value: number) => string][] = [
  ['total_revenue', 'Total revenue', wholeMoney],
  ['total_orders', 'Total orders', humaneCount],
  ['avg_order_value', 'Average order value', money],
  ['conversion_rate_pct', 'Conversion rate', (value) => `${value.toFixed(2)} %`],
];

/** The four figures of requirements 3.14, each with its change. */
export function openingOf(answers: Answers): Content {
  const rows = answers.get('current_kpis') ?? [];
  return tiles(
    KPIS.map(([kpi, label, text]) => {
      const row = rows.find((one) => one['kpi'] === kpi);
      const value = row?.['value'] ?? null;
      const previous = row?.['previous'] ?? null;
      if (value === null) return { label, value: '-', note: 'nothing to count' };
      const note = previous === null ? 'nothing before' : change(value, previous, text);
      return { label, value: text(Number(value)), note };
    }),
  );
}

function change(
  value: NonNullable<Row[string]>,
  previous: NonNullable<Row[string]>,
  text: (value: number) => string,
): Content {
  return changeText(Number(value), Number(previous), text);
}

export function revenueSection(answers: Answers, asOf: string): Section {
  const byDay = new Map(
    (answers.get('daily_kpis') ?? []).map((row) => [textOf(row, 'date'), row] as const),
  );
  const labels = daysUntil(asOf);
  const values = labels.map((day) => {
    const row = byDay.get(day);
    return row === undefined ? null : numberOf(row, 'revenue');
  });
  const isEmpty = values.every((value) => value === null);
  return {
    id: 'revenue',
    title: 'Revenue',
    lead: 'Completed orders by day; a gap where a day has no orders.',
    body: linePlot({
      id: 'revenue-by-day',
      title: 'Revenue of 30 days',
      description: `Revenue of completed orders, day by day to ${asOf}.`,
      by: 'day',
      labels: isEmpty ? [] : labels,
      series: isEmpty ? [] : [{ name: 'revenue', values }],
      text: money,
    }),
  };
}

function daysUntil(asOf: string): string[] {
  const last = Date.parse(`${asOf}T00:00:00Z`);
  return Array.from({ length: DAYS_SHOWN }, (_, at) =>
    new Date(last - (DAYS_SHOWN - 1 - at) * 86_400_000).toISOString().slice(0, 10),
  );
}

export function productsSection(answers: Answers): Section {
  const products = (answers.get('top_products') ?? []).slice(0, PRODUCTS_SHOWN);
  const categories = answers.get('revenue_by_category') ?? [];
  const whole = categories.reduce((sum, row) => sum + numberOf(row, 'revenue'), 0);
  return {
    id: 'products',
    title: 'Products',
    lead: 'Completed orders of 30 days. Shares are of all revenue of that time.',
    body: [
      figures(
        rowPlot({
          id: 'top-products',
          title: 'Top 10 products',
          description: 'The products that earned most, with their revenue.',
          by: 'product',
          unit: 'revenue',
          whole,
          bars: products.map((row) => ({
            label: textOf(row, 'product_name'),
            value: numberOf(row, 'total_revenue'),
          })),
          text: money,
        }),
        rowPlot({
          id: 'categories',
          title: 'Revenue by category',
          description: 'Revenue of each category, and its share.',
          by: 'category',
          unit: 'revenue',
          bars: categories.map((row) => ({
            label: textOf(row, 'category'),
            value: numberOf(row, 'revenue'),
          })),
          text: money,
        }),
      ),
      table({
        caption: 'Top 10 products',
        columns: [
          { name: 'product' },
          { name: 'category' },
          { name: 'units', kind: 'number' },
          { name: 'orders', kind: 'number' },
          { name: 'customers', kind: 'number' },
          { name: 'mean order', kind: 'number' },
          { name: 'rating', kind: 'number' },
        ],
        rows: products.map((row) => [
          textOf(row, 'product_name'),
          textOf(row, 'category'),
          humaneCount(numberOf(row, 'total_quantity_sold')),
          humaneCount(numberOf(row, 'number_of_orders')),
          humaneCount(numberOf(row, 'unique_customers')),
          money(numberOf(row, 'avg_order_value')),
          textOf(row, 'avg_product_rating'),
        ]),
      }),
    ],
  };
}
