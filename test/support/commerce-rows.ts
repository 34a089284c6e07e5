import { randomBySeed, weighted } from '../../services/sample/random.ts';

/** Curated rows as a shop would have them, with what is odd among it: orphans, unknown states, sessions that skip stages. */
export interface ShopRows {
  transactions: ShopTransaction[];
  products: ShopProduct[];
  clicks: ShopClick[];
  reviews: ShopReview[];
}

export interface ShopTransaction {
  transaction_id: string;
  customer_id: string;
  product_id: string;
  quantity: number;
  /** In cents. */
  price: number;
  total_amount: number;
  /** `YYYY-MM-DD HH:MM:SS`, UTC. */
  transaction_date: string;
  status: string;
}

export interface ShopProduct {
  product_id: string;
  name: string;
  category: string;
  brand: string;
  price: number;
  stock: number;
  is_active: boolean;
  rating: string | null;
}

export interface ShopClick {
  session_id: string;
  customer_id: string | null;
  event_type: string;
  page: string;
  timestamp: string;
  device: string;
  browser: string;
}

export interface ShopReview {
  review_id: string;
  product_id: string;
  customer_id: string;
  rating: number;
  review_text: string | null;
  review_date: string;
  verified_purchase: boolean;
  helpful_votes: number;
}

const STATUS = weighted([
  ['completed', 70],
  ['returned', 12],
  ['refunded', 10],
  ['on hold', 2],
]);
const EVENT = weighted([
  ['page_view', 4],
  ['product_view', 3],
  ['add_to_cart', 2],
  ['remove_from_cart', 1],
  ['checkout_start', 1],
  ['purchase', 1],
  ['search', 1],
]);
const CATEGORIES = ['Electronics', 'Books', 'Clothing', 'Garden & "Home"', 'Toys', 'Other'];

/** Rows of the days that end with `lastDay`, by seed: always the same. */
export function shopRows(options: {
  seed: number;
  lastDay: string;
  dayCount: number;
  transactions: number;
  sessions: number;
}): ShopRows {
  const random = randomBySeed(options.seed);
  const end = Date.parse(`${options.lastDay}T23:59:59Z`);
  const whole = (below: number): number => Math.floor(random() * below);
  const moment = (): string => stamp(end - whole(options.dayCount * 86_400) * 1000);
  const transactions = Array.from({ length: options.transactions }, (_, at) => {
    const quantity = 1 + whole(5);
    const price = random() < 0.9 ? 999 + whole(9000) : 10_000 + whole(90_000);
    return {
      transaction_id: `txn_${String(at).padStart(9, '0')}`,
      // Squared, so that some buy often and many once.
      customer_id: `cust_${String(Math.floor(random() ** 2 * 400)).padStart(6, '0')}`,
      product_id: `prod_${String(whole(48)).padStart(6, '0')}`,
      quantity,
      price,
      total_amount: quantity * price,
      transaction_date: moment(),
      status: STATUS(random()),
    };
  });
  // Those from 40 on are orphans of the transactions; the last one is sold by nobody.
  const products = [...Array.from({ length: 40 }, (_, at) => at), 999].map((at) => ({
    product_id: `prod_${String(at).padStart(6, '0')}`,
    name: at === 3 ? 'Mug "<b>Tom & Jerry</b>", large' : `Product ${at}`,
    category: CATEGORIES[at % CATEGORIES.length]!,
    brand: `Brand ${at % 7}`,
    price: 1000 + at,
    stock: whole(400),
    is_active: at % 9 !== 0,
    rating: at % 6 === 0 ? null : (3 + (at % 20) / 10).toFixed(1),
  }));
  return { transactions, products, clicks: clicksOf(options, random), reviews: reviewsOf(random) };
}

function clicksOf(
  { lastDay, dayCount, sessions }: { lastDay: string; dayCount: number; sessions: number },
  random: () => number,
): ShopClick[] {
  const end = Date.parse(`${lastDay}T23:59:59Z`);
  return Array.from({ length: sessions }, (_, session) => {
    let at = end - Math.floor(random() * dayCount * 86_400) * 1000;
    const customer = random() < 0.3 ? null : `cust_${String(session % 400).padStart(6, '0')}`;
    return Array.from({ length: 1 + Math.floor(random() * 9) }, (__, event) => {
      // Some of the sessions go on past midnight, and are seen on both days.
      at = Math.min(end, at + Math.floor(random() * 1200) * 1000);
      const product = String(Math.floor(random() * 48)).padStart(6, '0');
      return {
        session_id: `sess_${String(session).padStart(9, '0')}`,
        customer_id: customer,
        event_type: event === 0 && random() < 0.8 ? 'page_view' : EVENT(random()),
        page: event === 0 ? '/' : `/product/prod_${product}`,
        timestamp: stamp(at),
        device: ['desktop', 'mobile', 'tablet'][session % 3]!,
        browser: 'Chrome',
      };
    });
  }).flat();
}

function reviewsOf(random: () => number): ShopReview[] {
  return Array.from({ length: 50 }, (_, at) => ({
    review_id: `rev_${String(at).padStart(9, '0')}`,
    product_id: `prod_${String(at % 40).padStart(6, '0')}`,
    customer_id: `cust_${String(at).padStart(6, '0')}`,
    rating: 1 + Math.floor(random() * 5),
    review_text: 'Great product!',
    review_date: '2026-11-01',
    verified_purchase: at % 5 !== 0,
    helpful_votes: at % 11,
  }));
}

function stamp(moment: number): string {
  return new Date(moment).toISOString().slice(0, 19).replace('T', ' ');
}
