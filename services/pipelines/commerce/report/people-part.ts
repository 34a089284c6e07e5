import { humaneCount } from '../../../core/humane.ts';
import type { Section } from '../../../stages/observe/page/page.ts';
import { table } from '../../../stages/observe/page/table.ts';
import { doughnutPlot } from '../../../stages/observe/plot/doughnut.ts';
import { rowPlot } from '../../../stages/observe/plot/rows.ts';
import { type Answers, numberOf, textOf } from './answers.ts';
import { money } from './sales-part.ts';

const STAGES: readonly [column: string, label: string][] = [
  ['page_view_sessions', 'Page view'],
  ['product_view_sessions', 'Product view'],
  ['add_to_cart_sessions', 'Add to cart'],
  ['checkout_sessions', 'Checkout'],
  ['purchase_sessions', 'Purchase'],
];

export function funnelSection(answers: Answers): Section {
  const days = answers.get('conversion_funnel') ?? [];
  const bars = STAGES.map(([column, label]) => ({
    label,
    value: days.reduce((sum, row) => sum + numberOf(row, column), 0),
  }));
  return {
    id: 'funnel',
    title: 'Conversion funnel',
    lead: 'Sessions of 7 days that came to each stage. A session that goes on past midnight counts on both days; one that skips a stage is missing in it.',
    body: [
      rowPlot({
        id: 'stages',
        title: 'Sessions by stage',
        description: 'Sessions that came to each stage; shares are of those with a page view.',
        by: 'stage',
        unit: 'sessions',
        whole: bars[0]?.value ?? 0,
        bars: days.length === 0 ? [] : bars,
        text: humaneCount,
      }),
      table({
        caption: 'Sessions by day, in percent of the stage before',
        columns: [
          { name: 'day', kind: 'short' },
          { name: 'page view', kind: 'number' },
          { name: 'product %', kind: 'number' },
          { name: 'cart %', kind: 'number' },
          { name: 'checkout %', kind: 'number' },
          { name: 'purchase %', kind: 'number' },
          { name: 'overall %', kind: 'number' },
        ],
        rows: days.map((row) => [
          textOf(row, 'date'),
          humaneCount(numberOf(row, 'page_view_sessions')),
          textOf(row, 'page_to_product_rate_pct'),
          textOf(row, 'product_to_cart_rate_pct'),
          textOf(row, 'cart_to_checkout_rate_pct'),
          textOf(row, 'checkout_to_purchase_rate_pct'),
          textOf(row, 'overall_conversion_rate_pct'),
        ]),
      }),
    ],
  };
}

const SEGMENTS = ['VIP', 'High Value', 'Medium Value', 'Low Value'] as const;

export function customersSection(answers: Answers): Section {
  const rows = answers.get('customer_ltv') ?? [];
  return {
    id: 'customers',
    title: 'Customers',
    lead: 'All customers so far, by what they have spent on completed orders: from 1,000 VIP, from 500 high, from 100 medium value.',
    body: [
      doughnutPlot({
        id: 'segments',
        title: 'Customers by segment',
        description: 'How many customers each segment has.',
        unit: 'customers',
        parts: SEGMENTS.map((segment) => ({
          label: segment,
          value: rows
            .filter((row) => row['customer_segment'] === segment)
            .reduce((sum, row) => sum + numberOf(row, 'customer_count'), 0),
        })),
      }),
      table({
        caption: 'Segments by value and by how often they buy',
        columns: [
          { name: 'segment', kind: 'short' },
          { name: 'buys', kind: 'short' },
          { name: 'customers', kind: 'number' },
          { name: 'mean value', kind: 'number' },
          { name: 'mean orders', kind: 'number' },
          { name: 'returns %', kind: 'number' },
          { name: 'revenue', kind: 'number' },
        ],
        rows: rows.map((row) => [
          textOf(row, 'customer_segment'),
          textOf(row, 'purchase_frequency'),
          humaneCount(numberOf(row, 'customer_count')),
          money(numberOf(row, 'avg_ltv')),
          textOf(row, 'avg_orders'),
          textOf(row, 'avg_return_rate_pct'),
          money(numberOf(row, 'total_segment_revenue')),
        ]),
      }),
    ],
  };
}
