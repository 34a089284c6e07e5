import { decimal } from './commerce-cell-reference.ts';

/** One curated transaction, as text; written row by row from requirements 3.6, without SQL. */
export interface ReferenceTransaction {
  transaction_id: string;
  customer_id: string;
  product_id: string;
  quantity: string;
  price: string;
  total_amount: string;
  transaction_date: string;
  status: string;
  processing_timestamp: string;
  processing_date: string;
  revenue_category: string;
  transaction_hour: string;
  day_of_week: string;
  is_weekend: string;
  year: string;
  month: string;
  day: string;
}

export interface Reference<Row> {
  rows: Row[];
  /** By rule. */
  rejects: Record<string, number>;
  rowsIn: number;
}

const DAY_MS = 86_400_000;

/** Files by key, in any order: they are taken in the order of keys. */
export type Files = ReadonlyMap<string, Uint8Array>;

export function filesOf(files: Files, feed: string): [day: string, text: string][] {
  return [...files]
    .filter(([key]) => key.startsWith(`raw/${feed}/`))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, bytes]) => [
      /date=([^/]+)/.exec(key)?.[1] ?? '',
      Buffer.from(bytes).toString('utf8'),
    ]);
}

/** The eleven steps of requirements 3.6 for every row, one after the other. */
export function referenceTransactions(files: Files): Reference<ReferenceTransaction> {
  const found: Reference<ReferenceTransaction> = { rows: [], rejects: {}, rowsIn: 0 };
  const seen = new Set<string>();
  for (const [day, text] of filesOf(files, 'transactions')) {
    const [header = '', ...lines] = text.trimEnd().split('\n');
    const names = header.split(',');
    for (const line of lines) {
      found.rowsIn += 1;
      const cells = line.split(',');
      const raw = Object.fromEntries(names.map((name, at) => [name, (cells[at] ?? '').trim()]));
      const made = transactionOf(raw, day);
      const rule =
        typeof made === 'string' ? made : seen.has(made.transaction_id) ? 'duplicate' : null;
      if (rule !== null) found.rejects[rule] = (found.rejects[rule] ?? 0) + 1;
      else if (typeof made !== 'string') {
        seen.add(made.transaction_id);
        found.rows.push(made);
      }
    }
  }
  return found;
}

function transactionOf(raw: Record<string, string>, day: string): ReferenceTransaction | string {
  const quantity = /^[+-]?\d{1,9}(\.0+)?$/.test(raw['quantity'] ?? '')
    ? Number(raw['quantity'])
    : null;
  const price = cents(raw['price'] ?? '');
  const given = cents(raw['total_amount'] ?? '');
  if (raw['transaction_id'] === '') return 'transaction-id-missing';
  if (raw['customer_id'] === '') return 'customer-id-missing';
  if (raw['product_id'] === '') return 'product-id-missing';
  if (quantity === null || quantity <= 0) return 'quantity-invalid';
  if (price === null || price <= 0) return 'price-invalid';
  const product = quantity * price;
  const total = given === null || Math.abs(given - product) > 1 ? product : given;
  if (total <= 0 || total >= 1e10) return 'total-invalid';
  const at = momentOf(raw['transaction_date'] ?? '');
  if (at === null) return 'date-unreadable';
  if (at >= Date.parse(`${day}T00:00:00Z`) + DAY_MS) return 'date-future';
  const date = new Date(at);
  const weekday = date.getUTCDay() + 1;
  return {
    transaction_id: raw['transaction_id'] ?? '',
    customer_id: raw['customer_id'] ?? '',
    product_id: raw['product_id'] ?? '',
    quantity: String(quantity),
    price: (price / 100).toFixed(2),
    total_amount: (total / 100).toFixed(2),
    transaction_date: momentText(at),
    status: (raw['status'] ?? '').toLowerCase(),
    processing_timestamp: `${day} 00:00:00`,
    processing_date: day,
    revenue_category: total >= 10_000 ? 'high' : total >= 5_000 ? 'medium' : 'low',
    transaction_hour: String(date.getUTCHours()),
    day_of_week: String(weekday),
    is_weekend: String(weekday === 1 || weekday === 7),
    year: String(date.getUTCFullYear()),
    month: String(date.getUTCMonth() + 1),
    day: String(date.getUTCDate()),
  };
}

/** Whole cents of a plain decimal, rounded where it has more places; null for anything else. */
function cents(text: string): number | null {
  const found = decimal(text, 2, 8);
  return found === null ? null : Math.round(Number(found) * 100);
}

export function momentOf(text: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2}):(\d{2})(\.\d{1,3})?Z?)?$/.exec(
    text,
  );
  if (match === null) return null;
  const [, y, mo, d, h = '0', mi = '0', s = '0', fraction = '0'] = match;
  const at = Date.UTC(
    Number(y),
    Number(mo) - 1,
    Number(d),
    Number(h),
    Number(mi),
    Number(s),
    Number(fraction) * 1000,
  );
  const isReal =
    Number(y) >= 1900 &&
    new Date(at).getUTCDate() === Number(d) &&
    Number(h) < 24 &&
    Number(mi) < 60 &&
    Number(s) < 60;
  return isReal ? at : null;
}

/** As the engine prints a moment: without a fraction where there is none, without zeros at its end. */
export function momentText(at: number): string {
  return new Date(at)
    .toISOString()
    .replace('T', ' ')
    .replace('Z', '')
    .replace(/\.?0+$/, (end) => (end.startsWith('.') ? '' : end.replace(/0+$/, '')));
}

export interface ReferenceEvent {
  session_id: string;
  customer_id: string;
  event_type: string;
  page: string;
  at: number;
  device: string;
  browser: string;
  /** Without its last octet, or all but its first three groups. */
  ip_address: string;
}

const TYPES = new Set([
  'page_view',
  'product_view',
  'add_to_cart',
  'remove_from_cart',
  'checkout_start',
  'purchase',
  'search',
]);

/** Good events, each once, in the order of files and lines; those without a session id need the hash of the product. */
export function referenceEvents(
  files: Files,
  visitor: (ip: string, agent: string) => string,
): Reference<ReferenceEvent> {
  const found: Reference<ReferenceEvent> = { rows: [], rejects: {}, rowsIn: 0 };
  const seen = new Set<string>();
  for (const [day, text] of filesOf(files, 'clickstream')) {
    for (const line of text.split('\n')) {
      if (line.trim() === '') continue;
      found.rowsIn += 1;
      const made = eventOf(line, day, visitor);
      const key =
        typeof made === 'string'
          ? ''
          : [made.session_id, made.at, made.event_type, made.page].join('|');
      const rule = typeof made === 'string' ? made : seen.has(key) ? 'duplicate' : null;
      if (rule !== null) found.rejects[rule] = (found.rejects[rule] ?? 0) + 1;
      else if (typeof made !== 'string') {
        seen.add(key);
        found.rows.push(made);
      }
    }
  }
  return found;
}

function eventOf(
  line: string,
  day: string,
  visitor: (ip: string, agent: string) => string,
): ReferenceEvent | string {
  let raw: Record<string, string | null>;
  try {
    raw = JSON.parse(line) as Record<string, string | null>;
  } catch {
    return 'json-unreadable';
  }
  const text = (name: string): string => (raw[name] ?? '').trim();
  const [session, customer] = [text('session_id'), text('customer_id')];
  const isKnown = ['session_id', 'customer_id', 'ip_address', 'user_agent'].some(
    (name) => text(name) !== '',
  );
  if (!isKnown) return 'session-missing';
  const type = text('event_type').toLowerCase();
  if (!TYPES.has(type)) return 'event-type-unknown';
  const page = text('page').replace(/[?#].*$/, '');
  if (page === '') return 'page-missing';
  const at = momentOf(text('timestamp'));
  if (at === null) return 'timestamp-unreadable';
  if (at >= Date.parse(`${day}T00:00:00Z`) + DAY_MS) return 'timestamp-future';
  const device = text('device').toLowerCase() || 'unknown';
  if (!['desktop', 'mobile', 'tablet', 'unknown'].includes(device)) return 'device-unknown';
  const derived =
    customer === ''
      ? `visitor:${visitor(text('ip_address'), text('user_agent'))}`
      : `customer:${customer}`;
  return {
    session_id: session === '' ? derived : session,
    customer_id: customer,
    event_type: type,
    page,
    at,
    device,
    browser: text('browser') || 'unknown',
    ip_address: maskedAddress(text('ip_address')),
  };
}

function maskedAddress(address: string): string {
  if (address.includes(':')) return `${address.split(':').slice(0, 3).join(':')}::`;
  return address === '' ? '' : `${address.split('.').slice(0, 3).join('.')}.0`;
}
