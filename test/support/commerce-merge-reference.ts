import {
  momentText,
  type ReferenceEvent,
  type ReferenceTransaction,
} from './commerce-feed-reference.ts';
import type { ReferenceProduct, ReferenceReview } from './commerce-item-reference.ts';
import {
  customerOf,
  quotient,
  type ReferenceSession,
  type Row,
  sum,
} from './commerce-visit-reference.ts';

/** Curated rows that the tables of merge are made of. */
export interface Curated {
  transactions: readonly ReferenceTransaction[];
  products: readonly ReferenceProduct[];
  events: readonly ReferenceEvent[];
  sessions: readonly ReferenceSession[];
  reviews: readonly ReferenceReview[];
}

const DEPARTMENTS: Readonly<Record<string, readonly [department: string, margin: string]>> = {
  Electronics: ['Technology', '0.18'],
  Clothing: ['Fashion', '0.45'],
  'Home & Garden': ['Home', '0.35'],
  'Sports & Outdoors': ['Leisure', '0.32'],
  Books: ['Media', '0.25'],
  'Toys & Games': ['Leisure', '0.38'],
  'Health & Beauty': ['Care', '0.42'],
  Automotive: ['Technology', '0.28'],
  'Office Supplies': ['Home', '0.30'],
  'Pet Supplies': ['Care', '0.33'],
};

/** Every transaction with its product, whether it is its customer's first, and what reviews say of the product. */
export function referenceSales({ transactions, products, reviews }: Curated): Row[] {
  return transactions.map((row) => {
    const product = products.find(({ product_id: id }) => id === row.product_id);
    const own = transactions.filter(({ customer_id: id }) => id === row.customer_id);
    const isFirst = own.every((other) => other === row || isBefore(row, other));
    const scores = reviews.filter(({ product_id: id }) => id === row.product_id);
    const { processing_date: _, processing_timestamp: __, ...kept } = row;
    const { transaction_hour: ___, day_of_week: ____, is_weekend: _____, ...sale } = kept;
    return {
      ...sale,
      is_first_order: String(isFirst),
      is_orphan: String(product === undefined),
      product_name: product?.name ?? '',
      category: product?.category ?? '',
      brand: product?.brand ?? '',
      department: product === undefined ? '' : departmentOf(product)[0],
      margin_rate: product === undefined ? '' : departmentOf(product)[1],
      review_score: quotient(sum(scores.map(({ rating }) => Number(rating))), scores.length, 2),
      review_count: String(scores.length),
    };
  });
}

function isBefore(a: ReferenceTransaction, b: ReferenceTransaction): boolean {
  const at = (row: ReferenceTransaction): number => Date.parse(`${row.transaction_date}Z`);
  return at(a) < at(b) || (at(a) === at(b) && a.transaction_id < b.transaction_id);
}

function departmentOf({ category }: ReferenceProduct): readonly [string, string] {
  return DEPARTMENTS[category] ?? ['Other', '0.30'];
}

/** Everybody who has bought, come or written. */
export function referenceCustomers({ transactions, sessions, reviews }: Curated): Row[] {
  const ids = new Set([
    ...transactions.map(({ customer_id: id }) => id),
    ...sessions.map(customerOf).filter((id) => id !== ''),
    ...reviews.map(({ customer_id: id }) => id),
  ]);
  return [...ids].toSorted().map((id) => {
    const own = transactions.filter((row) => row.customer_id === id);
    const visits = sessions.filter((one) => customerOf(one) === id);
    const of = (status: string): ReferenceTransaction[] =>
      own.filter((row) => row.status === status);
    const dates = own.map(({ transaction_date: date }) => date).toSorted();
    const seen = [...dates, ...visits.map((one) => momentText(one.ended_at))].toSorted();
    const spent = centsOf(of('completed'));
    return {
      customer_id: id,
      orders: String(own.length),
      completed_orders: String(of('completed').length),
      returned_orders: String(of('returned').length),
      refunded_orders: String(of('refunded').length),
      lifetime_value: money(spent),
      units: String(unitsOf(of('completed'))),
      first_order_at: dates[0] ?? '',
      last_order_at: dates.at(-1) ?? '',
      return_rate_pct: quotient(of('returned').length * 100, own.length, 2),
      sessions: String(visits.length),
      last_seen_at: seen.at(-1) ?? '',
      reviews: String(reviews.filter((row) => row.customer_id === id).length),
      ltv_segment:
        spent >= 100_000
          ? 'VIP'
          : spent >= 50_000
            ? 'High Value'
            : spent >= 10_000
              ? 'Medium Value'
              : 'Low Value',
    };
  });
}

/** Every product; `asOf` ends the 30 days. */
export function referencePerformance(curated: Curated, asOf: string): Row[] {
  const { transactions, products, events, reviews } = curated;
  const first = new Date(Date.parse(asOf) - 29 * 86_400_000).toISOString().slice(0, 10);
  return products.map((product) => {
    const { product_id: id, category } = product;
    const sold = transactions.filter((row) => row.product_id === id && row.status === 'completed');
    const recent = sold.filter(
      ({ transaction_date: date }) => date.slice(0, 10) >= first && date.slice(0, 10) <= asOf,
    );
    const clicks = events.filter(
      ({ page }) => page.split('/')[1] === 'product' && page.split('/')[2] === id,
    );
    const views = clicks.filter((one) => one.event_type === 'product_view').length;
    const written = reviews.filter((row) => row.product_id === id);
    const sales = transactions.filter((row) => row.product_id === id);
    const buyers = new Set(sales.map((row) => row.customer_id));
    const stock = Number(product.stock);
    return {
      product_id: id,
      name: product.name,
      category,
      brand: product.brand,
      department: departmentOf(product)[0],
      margin_rate: departmentOf(product)[1],
      is_known_category: String(Object.hasOwn(DEPARTMENTS, category)),
      price: product.price,
      stock: product.stock,
      inventory_value: money(cents(product.price) * stock),
      stock_status:
        stock === 0 ? 'out_of_stock' : stock < 20 ? 'low' : stock < 200 ? 'normal' : 'high',
      price_tier: tierOf(product, products),
      revenue: money(centsOf(sold)),
      units: String(unitsOf(sold)),
      orders: String(sold.length),
      units_30d: String(unitsOf(recent)),
      revenue_30d: money(centsOf(recent)),
      days_of_supply: quotient(stock * 30, unitsOf(recent), 1),
      views: String(views),
      cart_adds: String(clicks.filter((one) => one.event_type === 'add_to_cart').length),
      view_to_buy_rate: quotient(sold.length, views, 4),
      mean_rating: quotient(sum(written.map(({ rating }) => Number(rating))), written.length, 2),
      review_count: String(written.length),
      verified_review_count: String(written.filter((row) => buyers.has(row.customer_id)).length),
    };
  });
}

/** Thirds of the category by price; what is over goes to the cheaper thirds. */
function tierOf(product: ReferenceProduct, products: readonly ReferenceProduct[]): string {
  const own = products
    .filter(({ category }) => category === product.category)
    .toSorted((a, b) => cents(a.price) - cents(b.price) || (a.product_id < b.product_id ? -1 : 1));
  const base = Math.floor(own.length / 3);
  const place = own.indexOf(product);
  const cheap = base + (own.length % 3 > 0 ? 1 : 0);
  const middle = cheap + base + (own.length % 3 > 1 ? 1 : 0);
  return place < cheap ? 'budget' : place < middle ? 'standard' : 'premium';
}

/** Every day on which something was. */
export function referenceDays({ transactions, products, sessions, reviews }: Curated): Row[] {
  const known = new Set(products.map(({ product_id: id }) => id));
  const dayOf = (row: ReferenceTransaction): string => row.transaction_date.slice(0, 10);
  const began = (one: ReferenceSession): string => momentText(one.started_at).slice(0, 10);
  const days = new Set([
    ...transactions.map(dayOf),
    ...sessions.map(began),
    ...reviews.map((row) => row.review_date),
  ]);
  return [...days].toSorted().map((day) => {
    const own = transactions.filter((row) => dayOf(row) === day);
    const paid = own.filter(({ status }) => status === 'completed');
    const visits = sessions.filter((one) => began(one) === day);
    return {
      day,
      orders: String(own.length),
      completed_orders: String(paid.length),
      revenue: money(centsOf(paid)),
      units: String(unitsOf(paid)),
      customers: String(new Set(own.map((row) => row.customer_id)).size),
      orphan_orders: String(own.filter((row) => !known.has(row.product_id)).length),
      sessions: String(visits.length),
      converted_sessions: String(visits.filter(({ purchases }) => purchases > 0).length),
      reviews: String(reviews.filter((row) => row.review_date === day).length),
    };
  });
}

function unitsOf(rows: readonly ReferenceTransaction[]): number {
  return sum(rows.map(({ quantity }) => Number(quantity)));
}

function centsOf(rows: readonly ReferenceTransaction[]): number {
  return sum(rows.map(({ total_amount: total }) => cents(total)));
}

function cents(text: string): number {
  return Math.round(Number(text) * 100);
}

function money(value: number): string {
  return (value / 100).toFixed(2);
}
