import { randomBySeed, weighted } from './random.ts';

export interface CommerceSampleOptions {
  seed: number;
  transactions: number;
  products: number;
  events: number;
  reviews: number;
  customers: number;
  /** The last day on which anything happens, `YYYY-MM-DD`; days reach back from it. */
  lastDay: string;
  days: number;
  /** False for feeds without any flaw. */
  hasDefects?: boolean;
}

/** Raw objects by key below `raw/`; the same options give the same bytes. */
export type CommerceSample = ReadonlyMap<string, Uint8Array>;

const DAY_MS = 86_400_000;
const STATUSES = weighted([['completed', 7], ['returned', 1], ['refunded', 1]]);
const TYPES = weighted([
  ['page_view', 4],
  ['product_view', 3],
  ['add_to_cart', 2],
  ['remove_from_cart', 1],
  ['checkout_start', 1],
  ['purchase', 1],
]);
const DEVICES = weighted([['desktop', 50], ['mobile', 40], ['tablet', 10]]);
const BROWSERS = weighted([['Chrome', 60], ['Safari', 20], ['Firefox', 12], ['Edge', 8]]);
const RATINGS = weighted([['1', 5], ['2', 5], ['3', 10], ['4', 30], ['5', 50]]);
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
const REVIEW_TEXTS = [
  'Great product!',
  'As described, "good" value',
  'Broke after a week',
  'Would buy again, fast delivery',
  '',
] as const;

type Random = () => number;

/** The four feeds of requirements 3.19, one file a day of each, with a few of every flaw that the rules know. */
export function makeCommerceSample(options: CommerceSampleOptions): CommerceSample {
  const files = new Map<string, Uint8Array>();
  const put = (feed: string, days: ReadonlyMap<number, string[]>, name: (day: string) => string, header: string): void => {
    for (const [dayMs, rows] of [...days].toSorted(([a], [b]) => a - b)) {
      const day = dayText(dayMs);
      files.set(`raw/${feed}/date=${day}/${name(day)}`, Buffer.from(`${header}${rows.join('\n')}\n`));
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
    push(days, moment, `${id},${who},${what},${draft.quantity},${draft.price},${total},${date},${status}`);
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
    push(days, first, JSON.stringify({ product_id: 'prod_free', name: 'Free', category: 'Books', brand: 'B', price: 0, stock: 1 }));
    push(days, first, JSON.stringify({ product_id: 'prod_odd', name: 'Odd', category: 'Unheard of', brand: 'B', price: 5, stock: 3 }));
    push(days, first, JSON.stringify({ product_id: 'prod_less', name: 'Less', category: 'Books', brand: 'B', price: 5, stock: -1 }));
  }
  return days;
}

function clicksOf(options: CommerceSampleOptions): Map<number, string[]> {
  const random = randomBySeed(options.seed + 2);
  const days = new Map<number, [number, string][]>();
  let made = 0;
  for (let session = 1; made < options.events; session += 1) {
    const base = {
      session_id: `sess_${padded(session, 9)}` as string | null,
      customer_id: random() < 0.3 ? null : customer(random, options),
    };
    const who = {
      device: DEVICES(random()),
      browser: BROWSERS(random()),
      ip_address: `203.0.113.${Math.floor(random() * 256)}`,
      user_agent: 'Mozilla/5.0',
    };
    if (options.hasDefects !== false && session % 53 === 7) base.session_id = null;
    const events = 3 + Math.floor(random() * 18);
    let moment = momentIn(options, random);
    for (let at = 0; at < events && made < options.events; at += 1, made += 1) {
      const type = at === 0 ? 'page_view' : TYPES(random());
      const page = at === 0 ? '/' : type === 'page_view' ? '/category' : `/product/${product(random, options)}`;
      const event = { ...base, event_type: type, page, timestamp: new Date(moment).toISOString().slice(0, 19), ...who };
      const rows = spoilClick(event, made, options);
      for (const row of rows) {
        // A broken one among the first hundred of a file would have the whole file refused.
        pushAt(days, moment, row.endsWith('}') ? moment : Infinity, row);
      }
      const pause = random() < 0.02 ? 2400 : 5 + Math.floor(random() * 116);
      moment = Math.min(moment + pause * 1000, endOf(options) - 1000);
    }
  }
  return new Map(
    [...days].map(([day, rows]) => [day, rows.toSorted(([a], [b]) => a - b).map(([, row]) => row)]),
  );
}

/** Every 211th event, each with another flaw; repeated events too. */
function spoilClick(event: Record<string, unknown>, at: number, options: CommerceSampleOptions): string[] {
  const text = JSON.stringify(event);
  if (options.hasDefects === false || at % 211 !== 5) return [text];
  const kinds: readonly (() => string[])[] = [
    () => [text, text],
    () => [JSON.stringify({ ...event, event_type: 'teleport' })],
    () => [JSON.stringify({ ...event, timestamp: 'yesterday' })],
    () => [JSON.stringify({ ...event, timestamp: `${String(event['timestamp'])}.500Z` })],
    () => [JSON.stringify({ ...event, page: '' })],
    () => [JSON.stringify({ ...event, page: `${String(event['page'])}?mail=someone@example.com` })],
    () => [JSON.stringify({ ...event, ip_address: '2001:db8:85a3::8a2e:370:7334' })],
    () => [text.slice(0, 30)],
  ];
  return kinds[Math.floor(at / 211) % kinds.length]?.() ?? [text];
}

function reviewsOf(options: CommerceSampleOptions): Map<number, string[]> {
  const random = randomBySeed(options.seed + 3);
  const days = new Map<number, string[]>();
  for (let at = 0; at < options.reviews; at += 1) {
    const moment = momentIn(options, random);
    const rating = RATINGS(random());
    const helpful = Math.floor(random() * (Number(rating) >= 4 ? 51 : 11));
    const text = REVIEW_TEXTS[Math.floor(random() * REVIEW_TEXTS.length)] ?? '';
    const row = [
      `rev_${padded(at + 1, 9)}`,
      product(random, options),
      customer(random, options),
      rating,
      text === '' ? '' : `"${text.replaceAll('"', '""')}"`,
      dayText(moment),
      random() < 0.8 ? 'True' : 'False',
      String(helpful),
    ];
    if (options.hasDefects !== false) spoilReview(row, at);
    push(days, moment, row.join(','));
  }
  return days;
}

function spoilReview(row: string[], at: number): void {
  if (at % 61 !== 3) return;
  const kinds: readonly (readonly [column: number, text: string])[] = [
    [0, 'rev_000000001'],
    [3, '6'],
    [3, '4.5'],
    [5, '2099-01-01'],
    [6, 'maybe'],
    [7, '-3'],
    [4, '"Call me: +49 170 1234567, me@example.com"'],
    [2, ''],
  ];
  const [column, text] = kinds[Math.floor(at / 61) % kinds.length] ?? [0, ''];
  row[column] = text;
}

function endOf({ lastDay }: CommerceSampleOptions): number {
  return Date.parse(`${lastDay}T00:00:00Z`) + DAY_MS;
}

/** Some second of the sample's days. */
function momentIn(options: CommerceSampleOptions, random: Random): number {
  return endOf(options) - 1000 * (1 + Math.floor(random() * options.days * 86_400));
}

function push(days: Map<number, string[]>, moment: number, row: string): void {
  const day = Math.floor(moment / DAY_MS) * DAY_MS;
  const rows = days.get(day);
  if (rows === undefined) days.set(day, [row]);
  else rows.push(row);
}

function pushAt(days: Map<number, [number, string][]>, dayOf: number, moment: number, row: string): void {
  const day = Math.floor(dayOf / DAY_MS) * DAY_MS;
  const rows = days.get(day);
  if (rows === undefined) days.set(day, [[moment, row]]);
  else rows.push([moment, row]);
}

function between(random: Random, low: number, high: number): number {
  return Math.round((low + random() * (high - low)) * 100) / 100;
}

function customer(random: Random, { customers }: CommerceSampleOptions): string {
  return `cust_${padded(1 + Math.floor(random() * customers), 6)}`;
}

function product(random: Random, { products }: CommerceSampleOptions): string {
  return `prod_${padded(1 + Math.floor(random() * products), 6)}`;
}

function padded(number: number, length: number): string {
  return String(number).padStart(length, '0');
}

function dayText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function secondText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
