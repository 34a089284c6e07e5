import type { ShopClick, ShopRows, ShopTransaction } from './commerce-rows.ts';

/** The named queries of requirements 3.13 once more, row by row and in whole numbers: slow, and with nothing of the SQL. */
export const REFERENCE: Readonly<
  Record<string, (rows: ShopRows, asOf: string) => (string | number | null)[][]>
> = {
  top_products: topProducts,
  customer_ltv: customerLtv,
  conversion_funnel: conversionFunnel,
  daily_kpis: dailyKpis,
  revenue_by_category: revenueByCategory,
  current_kpis: currentKpis,
};

const STAGES = ['page_view', 'product_view', 'add_to_cart', 'checkout_start', 'purchase'] as const;

function dayBefore(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - count * 86_400_000).toISOString().slice(0, 10);
}

/** The rows of the days from `dayCount - 1` before `asOf` up to it. */
function within<T>(rows: readonly T[], when: (row: T) => string, asOf: string, dayCount: number) {
  const first = dayBefore(asOf, dayCount - 1);
  return rows.filter((row) => when(row).slice(0, 10) >= first && when(row).slice(0, 10) <= asOf);
}

function groups<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) found.set(key(row), [...(found.get(key(row)) ?? []), row]);
  return found;
}

const dated = (row: ShopTransaction): string => row.transaction_date;
const completed = (rows: readonly ShopTransaction[]) =>
  rows.filter(({ status }) => status === 'completed');
const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const spent = (rows: readonly ShopTransaction[]): number =>
  sum(completed(rows).map((row) => row.total_amount));
const distinct = (values: readonly string[]): number => new Set(values).size;

/** part × scale ÷ whole, half away from zero, with so many digits behind the point; null where whole is 0. */
function share(part: number, whole: number, scale: number, digits = 2): string | null {
  if (whole === 0) return null;
  const top = BigInt(part) * BigInt(scale);
  const size = top < 0n ? -top : top;
  const bottom = BigInt(whole);
  const rounded = size / bottom + ((size % bottom) * 2n >= bottom ? 1n : 0n);
  return point(top < 0n ? -rounded : rounded, digits);
}

function point(value: bigint | number, digits = 2): string {
  const negative = Number(value) < 0;
  const text = String(value)
    .replace('-', '')
    .padStart(digits + 1, '0');
  const cut = text.length - digits;
  return `${negative ? '-' : ''}${text.slice(0, cut)}${digits === 0 ? '' : '.'}${text.slice(cut)}`;
}

function topProducts({ transactions, products }: ShopRows, asOf: string) {
  const sold = groups(completed(within(transactions, dated, asOf, 30)), ({ product_id: id }) => id);
  const rows = products.flatMap((product) => {
    const own = sold.get(product.product_id);
    return own === undefined ? [] : [{ product, own, revenue: spent(own) }];
  });
  rows.sort(
    (a, b) => b.revenue - a.revenue || (a.product.product_id < b.product.product_id ? -1 : 1),
  );
  return rows
    .slice(0, 20)
    .map(({ product, own, revenue }) => [
      product.product_id,
      product.name,
      product.category,
      product.brand,
      sum(own.map(({ quantity }) => quantity)),
      point(revenue),
      distinct(own.map((row) => row.transaction_id)),
      distinct(own.map((row) => row.customer_id)),
      share(revenue, own.length, 1),
      product.rating === null ? null : `${product.rating}0`,
    ]);
}

function customerLtv({ transactions }: ShopRows, asOf: string) {
  const before = transactions.filter((row) => row.transaction_date.slice(0, 10) <= asOf);
  const customers = [...groups(before, (row) => row.customer_id).values()].map((own) => {
    const ltv = spent(own);
    const bought = completed(own).length;
    const days = own.map((row) => Date.parse(row.transaction_date.slice(0, 10)) / 86_400_000);
    return {
      value:
        ltv >= 100_000
          ? 'VIP'
          : ltv >= 50_000
            ? 'High Value'
            : ltv >= 10_000
              ? 'Medium Value'
              : 'Low Value',
      often:
        own.length >= 10
          ? 'Frequent'
          : own.length >= 5
            ? 'Regular'
            : own.length >= 2
              ? 'Occasional'
              : 'One-time',
      ltv,
      orders: own.length,
      micros: bought === 0 ? null : Number(share(ltv, bought, 10_000, 0)),
      tenure: Math.max(...days) - Math.min(...days),
      returnRate: Number(
        share(own.filter(({ status }) => status === 'returned').length, own.length, 10_000, 0),
      ),
    };
  });
  const segments = [...groups(customers, ({ value, often }) => `${value}|${often}`)].map(
    ([key, own]) => {
      const micros = own.map((one) => one.micros).filter((one) => one !== null);
      const total = sum(own.map(({ ltv }) => ltv));
      const row = [
        ...key.split('|'),
        own.length,
        share(total, own.length, 1),
        share(sum(own.map(({ orders }) => orders)), own.length, 10, 1),
        share(sum(micros), micros.length * 10_000, 1),
        Number(share(sum(own.map(({ tenure }) => tenure)), own.length, 1, 0)),
        share(sum(own.map(({ returnRate }) => returnRate)), own.length, 1),
        point(total),
      ];
      return { total, key, row };
    },
  );
  return segments
    .toSorted((a, b) => b.total - a.total || (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);
}

function conversionFunnel({ clicks }: ShopRows, asOf: string) {
  const days = groups(
    within(clicks, (row) => row.timestamp, asOf, 7),
    (row) => row.timestamp.slice(0, 10),
  );
  return [...days]
    .toSorted(([a], [b]) => (a < b ? 1 : -1))
    .map(([day, own]) => {
      const counts = STAGES.map((stage) => sessionsWith(own, stage));
      const steps = [1, 2, 3, 4];
      return [
        day,
        ...counts,
        ...steps.map((at) => share(counts[at]!, counts[at - 1]!, 10_000)),
        share(counts[4]!, counts[0]!, 10_000),
        ...steps.map((at) => counts[at - 1]! - counts[at]!),
      ];
    });
}

function sessionsWith(clicks: readonly ShopClick[], event: string): number {
  return distinct(clicks.filter((row) => row.event_type === event).map((row) => row.session_id));
}

function dailyKpis({ transactions }: ShopRows, asOf: string) {
  const days = groups(within(transactions, dated, asOf, 90), (row) =>
    row.transaction_date.slice(0, 10),
  );
  return [...days]
    .toSorted(([a], [b]) => (a < b ? 1 : -1))
    .map(([day, own]) => {
      const count = (holds: (row: ShopTransaction) => boolean) => own.filter(holds).length;
      const paid = completed(own);
      const returned = count(({ status }) => status === 'returned');
      const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
      const hour = (row: ShopTransaction) => Number(row.transaction_date.slice(11, 13));
      return [
        day,
        own.length,
        paid.length,
        returned,
        count(({ status }) => status === 'refunded'),
        distinct(own.map((row) => row.customer_id)),
        distinct(paid.map((row) => row.customer_id)),
        point(spent(own)),
        share(spent(own), paid.length, 1),
        sum(paid.map(({ quantity }) => quantity)),
        distinct(own.map((row) => row.product_id)),
        share(returned, own.length, 10_000),
        weekday === 0 || weekday === 6 ? own.length : 0,
        count((row) => hour(row) >= 9 && hour(row) <= 17),
        count((row) => row.total_amount >= 10_000),
        count((row) => row.total_amount >= 5000 && row.total_amount < 10_000),
        count((row) => row.total_amount < 5000),
      ];
    });
}

function revenueByCategory({ transactions, products }: ShopRows, asOf: string) {
  const categories = new Map(products.map((one) => [one.product_id, one.category]));
  const sold = completed(within(transactions, dated, asOf, 30));
  const total = spent(sold);
  return [...groups(sold, (row) => categories.get(row.product_id) ?? '(no product)')]
    .map(([category, own]) => ({ category, own, revenue: spent(own) }))
    .toSorted((a, b) => b.revenue - a.revenue || (a.category < b.category ? -1 : 1))
    .map(({ category, own, revenue }) => [
      category,
      point(revenue),
      own.length,
      sum(own.map(({ quantity }) => quantity)),
      share(revenue, total, 10_000),
    ]);
}

function currentKpis({ transactions, clicks }: ShopRows, asOf: string) {
  const period = (day: string) => {
    const own = within(transactions, dated, day, 30);
    const seen = within(clicks, (row) => row.timestamp, day, 30);
    const sessions = distinct(seen.map((row) => row.session_id));
    return [
      point(spent(own)),
      point(own.length * 100),
      share(spent(own), completed(own).length, 1),
      share(sessionsWith(seen, 'purchase'), sessions, 10_000),
    ];
  };
  const [now, before] = [period(asOf), period(dayBefore(asOf, 30))];
  const cents = (text: string): number => Math.round(Number(text) * 100);
  return ['total_revenue', 'total_orders', 'avg_order_value', 'conversion_rate_pct'].map(
    (kpi, at) => {
      const [value, previous] = [now[at] ?? null, before[at] ?? null];
      const change =
        value === null || previous === null
          ? null
          : share(cents(value) - cents(previous), cents(previous), 10_000);
      return [kpi, value, previous, change];
    },
  );
}
