import type { FeedName } from '../door/raw-key.ts';
import { CLICKSTREAM, type CuratedColumn, PRODUCTS, REVIEWS, TRANSACTIONS } from './columns.ts';
import typedClickstream from './typed-clickstream.sql';
import typedProducts from './typed-products.sql';
import typedReviews from './typed-reviews.sql';
import typedTransactions from './typed-transactions.sql';

/** How a feed is read, told apart and laid out (requirements 3.2, 3.3, 3.6 to 3.9). */
export interface Feed {
  name: FeedName;
  format: 'csv' | 'json';
  /** Every file has these columns; other ones are fine. */
  required: readonly string[];
  /** Columns that are read where a file has them. */
  optional: readonly string[];
  /** The view `typed` over the view `source`: the curated columns, `line`, `values` and `rule`, which is NULL for a good row. */
  typedSql: string;
  columns: readonly CuratedColumn[];
  /** Two rows with the same key are one, in SQL over the curated columns. */
  keySql: string;
  /** Which of them stays, in the order of files and lines. */
  winner: 'first' | 'last';
  /** What is rewritten as a whole when a row of it changes, as text. */
  unitSql: string;
  partitionBy: readonly string[];
  /** Rows are put in the order of partitions, for there are more of those than files may be open at a time. */
  isSorted: boolean;
}

const DAY_UNIT = `printf('%04d-%02d-%02d', year, month, day)`;

/** The four feeds by name. */
export const FEEDS: Readonly<Record<FeedName, Feed>> = {
  transactions: {
    name: 'transactions',
    format: 'csv',
    required: [
      'transaction_id',
      'customer_id',
      'product_id',
      'quantity',
      'price',
      'total_amount',
      'transaction_date',
      'status',
    ],
    optional: [],
    typedSql: typedTransactions,
    columns: TRANSACTIONS,
    keySql: 'transaction_id',
    winner: 'first',
    unitSql: DAY_UNIT,
    partitionBy: ['year', 'month', 'day'],
    isSorted: false,
  },
  products: {
    name: 'products',
    format: 'json',
    required: ['product_id', 'name', 'category', 'brand', 'price', 'stock'],
    optional: ['weight_kg', 'rating', 'review_count', 'is_active'],
    typedSql: typedProducts,
    columns: PRODUCTS,
    keySql: 'product_id',
    winner: 'last',
    unitSql: `'all'`,
    partitionBy: [],
    isSorted: false,
  },
  clickstream: {
    name: 'clickstream',
    format: 'json',
    required: ['session_id', 'customer_id', 'event_type', 'page', 'timestamp', 'device'],
    optional: ['browser', 'ip_address', 'user_agent'],
    typedSql: typedClickstream,
    columns: CLICKSTREAM,
    keySql: `concat_ws(chr(31), session_id, epoch_us("timestamp"), event_type, page)`,
    winner: 'first',
    unitSql: DAY_UNIT,
    partitionBy: ['year', 'month', 'day', 'hour'],
    isSorted: true,
  },
  reviews: {
    name: 'reviews',
    format: 'csv',
    required: ['review_id', 'product_id', 'customer_id', 'rating', 'review_text', 'review_date'],
    optional: ['verified_purchase', 'helpful_votes'],
    typedSql: typedReviews,
    columns: REVIEWS,
    keySql: 'review_id',
    winner: 'first',
    unitSql: `printf('%04d-%02d', year, month)`,
    partitionBy: ['year', 'month'],
    isSorted: false,
  },
};
