import {
  type CommerceSampleOptions,
  customer,
  dayText,
  endOf,
  momentIn,
  padded,
  product,
  push,
  pushAt,
} from './commerce-draw.ts';
import { randomBySeed, weighted } from './random.ts';

const TYPES = weighted([
  ['page_view', 4],
  ['product_view', 3],
  ['add_to_cart', 2],
  ['remove_from_cart', 1],
  ['checkout_start', 1],
  ['purchase', 1],
]);
const DEVICES = weighted([
  ['desktop', 50],
  ['mobile', 40],
  ['tablet', 10],
]);
const BROWSERS = weighted([
  ['Chrome', 60],
  ['Safari', 20],
  ['Firefox', 12],
  ['Edge', 8],
]);
const RATINGS = weighted([
  ['1', 5],
  ['2', 5],
  ['3', 10],
  ['4', 30],
  ['5', 50],
]);
const REVIEW_TEXTS = [
  'Great product!',
  'As described, "good" value',
  'Broke after a week',
  'Would buy again, fast delivery',
  '',
] as const;

/** A broken record among so many at the beginning of a file has the whole file refused. */
const RECORDS_LOOKED_AT = 100;

/** Click events by day. */
export function clicksOf(options: CommerceSampleOptions): Map<number, string[]> {
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
      const page =
        at === 0
          ? '/'
          : type === 'page_view'
            ? '/category'
            : `/product/${product(random, options)}`;
      const event = {
        ...base,
        event_type: type,
        page,
        timestamp: new Date(moment).toISOString().slice(0, 19),
        ...who,
      };
      const rows = spoilClick(event, made, options);
      for (const row of rows) {
        // A broken one goes to the end of its file.
        pushAt(days, moment, row.endsWith('}') ? moment : Infinity, row);
      }
      const pause = random() < 0.02 ? 2400 : 5 + Math.floor(random() * 116);
      moment = Math.min(moment + pause * 1000, endOf(options) - 1000);
    }
  }
  return new Map(
    [...days].map(([day, rows]) => {
      const sorted = rows.toSorted(([a], [b]) => a - b).map(([, row]) => row);
      const isLate = (row: string, at: number): boolean =>
        row.endsWith('}') || at >= RECORDS_LOOKED_AT;
      return [day, sorted.filter(isLate)];
    }),
  );
}

/** Every 211th event, each with another flaw; repeated events too. */
function spoilClick(
  event: Record<string, unknown>,
  at: number,
  options: CommerceSampleOptions,
): string[] {
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

/** Reviews by day. */
export function reviewsOf(options: CommerceSampleOptions): Map<number, string[]> {
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
