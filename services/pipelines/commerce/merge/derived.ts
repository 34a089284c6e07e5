import type { DatasetColumn } from '../../../core/dataset.ts';
import customer360 from './customer-360.sql';
import dailySummary from './daily-summary.sql';
import firstOrders from './first-orders.sql';
import productFacts from './product-facts.sql';
import productPerformance from './product-performance.sql';
import salesEnriched from './sales-enriched.sql';
import sessions from './sessions.sql';
import trafficDaily from './traffic-daily.sql';
import trafficHourly from './traffic-hourly.sql';
import type { PersonalTag } from '../../../stages/shape/protect.ts';
import type { FeedName } from '../door/raw-key.ts';

/** A table that merge makes of the curated feeds (requirements 3.7, 3.8, 3.10). */
export interface Derived {
  name: string;
  description: string;
  /** A SELECT over the views of the feeds, and over tables of this list that stand before it. */
  sql: string;
  /** The tables of this list that it reads. */
  after: readonly string[];
  /** How it is made a day at a time, where each of its days is made of that day of `transactions`. */
  byDay?: ByDay;
  partitionBy: readonly string[];
  /** The columns that tell two rows apart. */
  key: readonly string[];
  columns: readonly DatasetColumn[];
  /** The feeds that it is made of. */
  feeds: readonly FeedName[];
}

/** `sql` reads that day of `transactions`, and the tables, which are made of all days before. */
export interface ByDay {
  tables: Readonly<Record<string, string>>;
  sql: string;
}

const SALES_BY_DAY: ByDay = {
  tables: { first_orders: firstOrders, product_facts: productFacts },
  sql: salesEnriched,
};

/** The same as one SELECT. */
function wholeSql({ tables, sql }: ByDay): string {
  const named = Object.entries(tables).map(([name, made]) => `${name} AS (${made.trim()})`);
  return `WITH ${named.join(', ')} ${sql}`;
}

/** Columns that tell of a person, as they do in the feeds. */
const PERSONS: ReadonlySet<string> = new Set(['customer_id', 'session_id', 'session_key']);

/** A line a column: `name TYPE what it means`. */
function columnsOf(text: string): DatasetColumn[] {
  return text
    .trim()
    .split(/\s*\n\s*/)
    .map((line) => {
      const [name = '', type = '', ...words] = line.split(/\s+/);
      const tag: PersonalTag = PERSONS.has(name) ? 'person-id' : 'none';
      return { name, type: type as DatasetColumn['type'], description: words.join(' '), tag };
    });
}

/** In the order in which they are made. */
export const DERIVED: readonly Derived[] = [
  {
    name: 'sessions',
    description: 'Visits: events of one session without a pause of 30 minutes, at most 24 hours',
    sql: sessions,
    feeds: ['clickstream'],
    after: [],
    partitionBy: ['year', 'month', 'day'],
    key: ['session_key'],
    columns: columnsOf(`session_key VARCHAR session_id and session_seq
      session_id VARCHAR
      session_seq INTEGER from 1
      customer_id VARCHAR the first that is known
      device VARCHAR of the first event
      browser VARCHAR of the first event
      started_at TIMESTAMP
      ended_at TIMESTAMP
      duration_s BIGINT seconds
      event_count INTEGER
      page_views INTEGER
      product_views INTEGER
      add_to_carts INTEGER
      removes INTEGER
      checkouts INTEGER
      purchases INTEGER
      entry_page VARCHAR
      exit_page VARCHAR
      bounced BOOLEAN one event only
      converted BOOLEAN a purchase at least
      furthest_stage VARCHAR page_view < product_view < add_to_cart < checkout_start < purchase
      year INTEGER of started_at
      month INTEGER
      day INTEGER`),
  },
  {
    name: 'traffic_hourly',
    description: 'Sessions by the hour in which they began, overall and by device',
    sql: trafficHourly,
    feeds: ['clickstream'],
    after: ['sessions'],
    partitionBy: [],
    key: ['hour_start', 'device'],
    columns: columnsOf(`hour_start TIMESTAMP
      device VARCHAR all: of every device
      sessions BIGINT
      users BIGINT known customers, and sessions of others
      bounce_rate DOUBLE
      conversion_rate DOUBLE purchasing sessions by sessions
      cart_abandonment DOUBLE 1 - purchases by sessions with a cart
      mean_duration_s DOUBLE`),
  },
  {
    name: 'traffic_daily',
    description: 'Sessions by the day on which they began, overall and by device',
    sql: trafficDaily,
    feeds: ['clickstream'],
    after: ['sessions'],
    partitionBy: [],
    key: ['day', 'device'],
    columns: columnsOf(`day DATE
      device VARCHAR all: of every device
      sessions BIGINT
      users BIGINT known customers, and sessions of others
      bounce_rate DOUBLE
      conversion_rate DOUBLE purchasing sessions by sessions
      cart_abandonment DOUBLE 1 - purchases by sessions with a cart
      mean_duration_s DOUBLE`),
  },
  {
    name: 'sales_enriched',
    description:
      'Each transaction with its product, whether it is the first of its customer, and reviews',
    sql: wholeSql(SALES_BY_DAY),
    byDay: SALES_BY_DAY,
    feeds: ['transactions', 'products', 'reviews'],
    after: [],
    partitionBy: ['year', 'month', 'day'],
    key: ['transaction_id'],
    columns: columnsOf(`transaction_id VARCHAR
      customer_id VARCHAR
      product_id VARCHAR
      quantity INTEGER
      price DECIMAL(10,2)
      total_amount DECIMAL(10,2)
      transaction_date TIMESTAMP
      status VARCHAR
      revenue_category VARCHAR
      is_first_order BOOLEAN
      is_orphan BOOLEAN no such product
      product_name VARCHAR
      category VARCHAR
      brand VARCHAR
      department VARCHAR
      margin_rate DECIMAL(4,2)
      review_score DOUBLE mean rating of the product
      review_count BIGINT
      year INTEGER
      month INTEGER
      day INTEGER`),
  },
  {
    name: 'customer_360',
    description: 'Each customer: orders, spending, returns, visits, segment',
    sql: customer360,
    feeds: ['transactions', 'clickstream', 'reviews'],
    after: ['sessions'],
    partitionBy: [],
    key: ['customer_id'],
    columns: columnsOf(`customer_id VARCHAR
      orders BIGINT
      completed_orders BIGINT
      returned_orders BIGINT
      refunded_orders BIGINT
      lifetime_value DECIMAL(14,2) completed
      units BIGINT completed
      first_order_at TIMESTAMP
      last_order_at TIMESTAMP
      return_rate_pct DOUBLE
      sessions BIGINT
      last_seen_at TIMESTAMP
      reviews BIGINT
      ltv_segment VARCHAR`),
  },
  {
    name: 'product_performance',
    description: 'Each product: stock, price tier, sales, views, reviews',
    sql: productPerformance,
    feeds: ['transactions', 'products', 'clickstream', 'reviews'],
    after: [],
    partitionBy: [],
    key: ['product_id'],
    columns: columnsOf(`product_id VARCHAR
      name VARCHAR
      category VARCHAR
      brand VARCHAR
      department VARCHAR
      margin_rate DECIMAL(4,2)
      is_known_category BOOLEAN
      price DECIMAL(10,2)
      stock INTEGER
      inventory_value DECIMAL(20,2)
      stock_status VARCHAR out_of_stock 0, low below 20, normal below 200, else high
      price_tier VARCHAR thirds of the category
      revenue DECIMAL(14,2) completed
      units BIGINT completed
      orders BIGINT completed
      units_30d BIGINT
      revenue_30d DECIMAL(14,2)
      days_of_supply DOUBLE
      views BIGINT
      cart_adds BIGINT
      view_to_buy_rate DOUBLE
      mean_rating DOUBLE
      review_count BIGINT
      verified_review_count BIGINT reviews whose writer has bought it`),
  },
  {
    name: 'daily_summary',
    description: 'Each day: orders, revenue, customers, visits, transactions of unknown products',
    sql: dailySummary,
    feeds: ['transactions', 'products', 'clickstream', 'reviews'],
    after: ['sessions'],
    partitionBy: [],
    key: ['day'],
    columns: columnsOf(`day DATE
      orders BIGINT
      completed_orders BIGINT
      revenue DECIMAL(14,2) completed
      units BIGINT completed
      customers BIGINT
      orphan_orders BIGINT
      sessions BIGINT
      converted_sessions BIGINT
      reviews BIGINT`),
  },
];
