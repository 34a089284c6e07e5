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
  /** A SELECT over `source`: the curated columns, `line`, `values` and `rule`, which is NULL for a good row. */
  typedSql: string;
  columns: readonly CuratedColumn[];
  /** What a reject may show of a column: texts of this form. Any other text may be of another column, or of a person. */
  shown: Readonly<Record<string, string>>;
  /** The columns that tell two rows apart. */
  key: readonly string[];
  /** Two rows with the same key are one, in SQL over the curated columns. */
  keySql: string;
  /** Which of them stays, in the order of files and lines. */
  winner: 'first' | 'last';
  /** What is rewritten as a whole when a row of it changes: rows alike in the first of the columns of `partitionBy`. */
  unitBy: readonly string[];
  partitionBy: readonly string[];
}

const DAY = ['year', 'month', 'day'] as const;

/** Forms of texts that tell of nobody, as regular expressions. */
const FORM = {
  number: String.raw`[+-]?\d{1,7}(\.\d{1,6})?`,
  moment: String.raw`\d{1,4}[-/]\d{1,2}[-/]\d{1,4}([ T]\d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,9})?)?Z?)?`,
  product: String.raw`prod_\d{1,12}`,
} as const;

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
    shown: {
      transaction_id: String.raw`txn_\d{1,12}`,
      product_id: FORM.product,
      quantity: FORM.number,
      price: FORM.number,
      total_amount: FORM.number,
      transaction_date: FORM.moment,
      status: 'completed|returned|refunded',
    },
    key: ['transaction_id'],
    keySql: 'transaction_id',
    winner: 'first',
    unitBy: DAY,
    partitionBy: DAY,
  },
  products: {
    name: 'products',
    format: 'json',
    required: ['product_id', 'name', 'category', 'brand', 'price', 'stock'],
    optional: ['weight_kg', 'rating', 'review_count', 'is_active'],
    typedSql: typedProducts,
    columns: PRODUCTS,
    shown: { product_id: FORM.product, price: FORM.number, stock: FORM.number },
    key: ['product_id'],
    keySql: 'product_id',
    winner: 'last',
    unitBy: [],
    partitionBy: [],
  },
  clickstream: {
    name: 'clickstream',
    format: 'json',
    required: ['session_id', 'customer_id', 'event_type', 'page', 'timestamp', 'device'],
    optional: ['browser', 'ip_address', 'user_agent'],
    typedSql: typedClickstream,
    columns: CLICKSTREAM,
    shown: {
      event_type:
        'page_view|product_view|add_to_cart|remove_from_cart|checkout_start|purchase|search',
      timestamp: FORM.moment,
    },
    key: ['session_id', 'timestamp', 'event_type', 'page'],
    keySql: `concat_ws(chr(31), session_id, epoch_us("timestamp"), event_type, page)`,
    winner: 'first',
    unitBy: DAY,
    partitionBy: [...DAY, 'hour'],
  },
  reviews: {
    name: 'reviews',
    format: 'csv',
    required: ['review_id', 'product_id', 'customer_id', 'rating', 'review_text', 'review_date'],
    optional: ['verified_purchase', 'helpful_votes'],
    typedSql: typedReviews,
    columns: REVIEWS,
    shown: {
      review_id: String.raw`rev_\d{1,12}`,
      product_id: FORM.product,
      rating: FORM.number,
      review_date: FORM.moment,
      verified_purchase: '(?i)true|false|yes|no|[01]',
      helpful_votes: FORM.number,
    },
    key: ['review_id'],
    keySql: 'review_id',
    winner: 'first',
    unitBy: ['year', 'month'],
    partitionBy: ['year', 'month'],
  },
};
