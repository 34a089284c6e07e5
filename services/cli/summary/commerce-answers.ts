import { humaneCount } from '../../core/humane.ts';
import {
  type Answers,
  numberOf,
  type Row,
  textOf,
} from '../../pipelines/commerce/report/answers.ts';
import { formatTable, type TableColumn } from '../view/text-table.ts';

/** A column of a short table: its head, and the text of a row's cell. */
type Show = readonly [head: string, text: (row: Row) => string, align?: 'left'];

interface Short {
  query: string;
  about: string;
  rowsMax: number;
  columns: readonly Show[];
}

const words = (head: string, name: string): Show => [head, (row) => textOf(row, name), 'left'];
const count = (head: string, name: string): Show => [head, (row) => counted(row, name)];
const money = (head: string, name: string): Show => [head, (row) => moneyOf(row, name)];
const percent = (head: string, name: string): Show => [head, (row) => percentOf(row, name)];

/** What of each answer goes below a run of the sample: a few rows and columns, narrow enough for 80 letters. */
const SHORT: readonly Short[] = [
  {
    query: 'current_kpis',
    about: '30 days beside the 30 before',
    rowsMax: 4,
    columns: [
      words('kpi', 'kpi'),
      ['value', (row) => figureOf(row, 'value')],
      ['before', (row) => figureOf(row, 'previous')],
      percent('change', 'change_pct'),
    ],
  },
  {
    query: 'top_products',
    about: 'of 30 days, by revenue',
    rowsMax: 3,
    columns: [
      words('product', 'product_name'),
      words('category', 'category'),
      count('units', 'total_quantity_sold'),
      money('revenue', 'total_revenue'),
    ],
  },
  {
    query: 'customer_ltv',
    about: 'all customers, by what they have spent and how often they buy',
    rowsMax: 3,
    columns: [
      words('segment', 'customer_segment'),
      words('buys', 'purchase_frequency'),
      count('customers', 'customer_count'),
      money('mean spend', 'avg_ltv'),
      money('revenue', 'total_segment_revenue'),
    ],
  },
  {
    query: 'conversion_funnel',
    about: 'sessions by stage, newest days',
    rowsMax: 3,
    columns: [
      words('day', 'date'),
      count('page', 'page_view_sessions'),
      count('product', 'product_view_sessions'),
      count('cart', 'add_to_cart_sessions'),
      count('checkout', 'checkout_sessions'),
      count('bought', 'purchase_sessions'),
      percent('overall', 'overall_conversion_rate_pct'),
    ],
  },
  {
    query: 'daily_kpis',
    about: 'newest days',
    rowsMax: 3,
    columns: [
      words('day', 'date'),
      count('orders', 'total_orders'),
      count('customers', 'unique_customers'),
      money('revenue', 'revenue'),
      money('mean order', 'avg_order_value'),
      percent('returned', 'return_rate_pct'),
    ],
  },
  {
    query: 'revenue_by_category',
    about: 'of 30 days',
    rowsMax: 3,
    columns: [
      words('category', 'category'),
      count('orders', 'orders'),
      money('revenue', 'revenue'),
      percent('share', 'revenue_share_pct'),
    ],
  },
];

/** The first rows of each named query as short tables with their names; `asOf` is the day that they were asked for. */
export function answersText(answers: Answers, asOf: string, widthMax: number): string {
  const blocks = SHORT.map(({ query, about, rowsMax, columns }) => {
    const rows = answers.get(query) ?? [];
    const left = rows.length - rowsMax;
    const more = left > 0 ? `  … and ${humaneCount(left)} more rows\n` : '';
    const heads = columns.map(([name, , align]): TableColumn => ({
      name,
      align: align ?? 'right',
    }));
    const cells = rows.slice(0, rowsMax).map((row) => columns.map(([, show]) => show(row)));
    return `${query}: ${about}\n${indented(formatTable(heads, cells, { widthMax: widthMax - 2 }))}${more}`;
  });
  return `named queries as of ${asOf}:\n\n${blocks.join('\n')}`;
}

function indented(table: string): string {
  return table.replace(/^(?=.)/gm, '  ');
}

function counted(row: Row, name: string): string {
  return humaneCount(numberOf(row, name));
}

/** `1,234,567.80`, from a decimal that is exact as it is written. */
function moneyOf(row: Row, name: string): string {
  return textOf(row, name).replace(/\B(?=(?:\d{3})+(?!\d)(?=\.|$))/g, ',');
}

/** Orders are whole, rates are of a hundred, the others are amounts. */
function figureOf(row: Row, name: string): string {
  const kpi = textOf(row, 'kpi');
  if (kpi === 'total_orders') return counted(row, name);
  return kpi === 'conversion_rate_pct' ? percentOf(row, name) : moneyOf(row, name);
}

function percentOf(row: Row, name: string): string {
  const shown = textOf(row, name);
  return shown === '-' ? shown : `${shown} %`;
}
