import {
  between,
  type CommerceSampleOptions,
  customer,
  DAY_MS,
  dayText,
  momentIn,
  padded,
  product,
  push,
  type Random,
  secondText,
} from './commerce-draw.ts';
import { clicksOf, reviewsOf } from './commerce-visits.ts';
import { randomBySeed, weighted } from './random.ts';

/** Raw objects by key below `raw/`; the same options give the same bytes. */
export type CommerceSample = ReadonlyMap<string, Uint8Array>;

const STATUSES = weighted([
  ['completed', 7],
  ['returned', 1],
  ['refunded', 1],
]);
const CATEGORIES = [
  'Electronics',
  'Clothing',
  'Home & Garden',
  'Sports & Outdoors',
  'Books',
  'Toys & Games',
  'Health & Beauty',
  'Automotive',
  'Office Supplies',
  'Pet Supplies',
] as const;
const PRICES: Readonly<Record<string, readonly [number, number]>> = {
  Electronics: [19.99, 299.99],
  Clothing: [9.99, 99.99],
  Books: [5.99, 39.99],
};

/** The four feeds of requirements 3.19, one file a day of each, with a few of every flaw that the rules know. */
export function makeCommerceSample(options: CommerceSampleOptions): CommerceSample {
  const files = new Map<string, Uint8Array>();
  const put = (
    feed: string,
    days: ReadonlyMap<number, string[]>,
    name: (day: string) => string,
    header: string,
  ): void => {
    for (const [dayMs, rows] of [...days].toSorted(([a], [b]) => a - b)) {
      const day = dayText(dayMs);
      files.set(
        `raw/${feed}/date=${day}/${name(day)}`,
        Buffer.from(`${header}${rows.join('\n')}\n`),
      );
    }
  };
  const csv = (feed: string) => (day: string) => `${feed}-${day}.csv`;
  const json = (feed: string) => (day: string) => `${feed}-${day}.json`;
  put('transactions', transactionsOf(options), csv('transactions'), TRANSACTION_HEADER);
  put('products', productsOf(options), json('products'), '');
  put('clickstream', clicksOf(options), json('clickstream'), '');
  put('reviews', reviewsOf(options), csv('reviews'), REVIEW_HEADER);
  return files;
}

const TRANSACTION_HEADER =
  'transaction_id,customer_id,product_id,quantity,price,total_amount,transaction_date,status\n';
const REVIEW_HEADER =
  'review_id,product_id,customer_id,rating,review_text,review_date,verified_purchase,helpful_votes\n';

function transactionsOf(options: CommerceSampleOptions): Map<number, string[]> {
  const random = randomBySeed(options.seed);
  const days = new Map<number, string[]>();
  for (let at = 0; at < options.transactions; at += 1) {
    const moment = momentIn(options, random);
    const quantity = 1 + Math.floor(random() * 5);
    const price = random() < 0.9 ? between(random, 9.99, 99.99) : between(random, 100, 999.99);
    const draft = {
      id: `txn_${padded(at + 1, 9)}`,
      customer: customer(random, options),
      product: product(random, options),
      quantity: String(quantity),
      price: price.toFixed(2),
      total: ((quantity * Math.round(price * 100)) / 100).toFixed(2),
      date: secondText(moment),
      status: STATUSES(random()),
    };
    if (options.hasDefects !== false) spoilTransaction(draft, at, random);
    const { id, customer: who, product: what, total, date, status } = draft;
    push(
      days,
      moment,
      `${id},${who},${what},${draft.quantity},${draft.price},${total},${date},${status}`,
    );
  }
  return days;
}

interface TransactionDraft {
  id: string;
  customer: string;
  product: string;
  quantity: string;
  price: string;
  total: string;
  date: string;
  status: string;
}

/** Every 97th row, each with another flaw or oddity. */
function spoilTransaction(draft: TransactionDraft, at: number, random: Random): void {
  if (at % 97 !== 13) return;
  const spoilers: readonly (() => void)[] = [
    () => (draft.total = ''),
    () => (draft.total = (Number(draft.total) + 5).toFixed(2)),
    () => (draft.id = `txn_${padded(1 + Math.floor(random() * Math.max(1, at)), 9)}`),
    () => (draft.quantity = random() < 0.5 ? '0' : '-2'),
    () => (draft.price = '-1.00'),
    () => (draft.customer = ''),
    () => (draft.product = ' '),
    () => (draft.date = `${draft.date.slice(0, 5)}02-30 10:00:00`),
    () => (draft.date = `2099-01-01 00:00:00`),
    () => (draft.date = draft.date.slice(0, 10)),
    () => (draft.date = `${draft.date.replace(' ', 'T')}.250Z`),
    () => (draft.status = ` ${draft.status.toUpperCase()} `),
    () => (draft.status = 'pending'),
    () => (draft.quantity = '2.7'),
    () => (draft.price = 'n/a'),
    () => (draft.id = ''),
    () => (draft.product = 'prod_999999'),
  ];
  spoilers[Math.floor(at / 97) % spoilers.length]?.();
}

function productsOf(options: CommerceSampleOptions): Map<number, string[]> {
  const random = randomBySeed(options.seed + 1);
  const days = new Map<number, string[]>();
  const last = Date.parse(`${options.lastDay}T00:00:00Z`);
  const first = last - (options.days - 1) * DAY_MS;
  for (let at = 1; at <= options.products; at += 1) {
    const category = CATEGORIES[at % CATEGORIES.length] ?? 'Books';
    const [low, high] = PRICES[category] ?? [4.99, 149.99];
    const stock = Math.floor(random() * 501);
    const item = {
      product_id: `prod_${padded(at, 6)}`,
      name: `${category} item ${at}`,
      category,
      brand: `Brand ${1 + (at % 17)}`,
      price: Number(between(random, low, high).toFixed(2)),
      stock,
      weight_kg: Number(between(random, 0.05, 20).toFixed(2)),
      rating: Number(between(random, 3, 5).toFixed(1)),
      review_count: Math.floor(random() * 500),
      is_active: stock > 0,
    };
    push(days, first, JSON.stringify(item));
    // The price of some changes later: the newest file wins.
    if (at % 10 === 0 && last > first)
      push(days, last, JSON.stringify({ ...item, price: Number((item.price * 1.1).toFixed(2)) }));
  }
  if (options.hasDefects !== false) {
    // Among the first hundred it would have the whole file refused.
    if (options.products >= 100) push(days, first, '{"product_id":"prod_broken","name":');
    push(
      days,
      first,
      JSON.stringify({
        product_id: 'prod_free',
        name: 'Free',
        category: 'Books',
        brand: 'B',
        price: 0,
        stock: 1,
      }),
    );
    push(
      days,
      first,
      JSON.stringify({
        product_id: 'prod_odd',
        name: 'Odd',
        category: 'Unheard of',
        brand: 'B',
        price: 5,
        stock: 3,
      }),
    );
    push(
      days,
      first,
      JSON.stringify({
        product_id: 'prod_less',
        name: 'Less',
        category: 'Books',
        brand: 'B',
        price: 5,
        stock: -1,
      }),
    );
  }
  return days;
}
