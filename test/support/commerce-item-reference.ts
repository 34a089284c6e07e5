import { decimal, whole, yesNo } from './commerce-cell-reference.ts';
import { filesOf, type Files, momentOf, type Reference } from './commerce-feed-reference.ts';

/** One curated product, as texts, '' for NULL; row by row from requirements 3.7, without SQL. */
export interface ReferenceProduct {
  product_id: string;
  name: string;
  category: string;
  brand: string;
  price: string;
  stock: string;
  weight_kg: string;
  rating: string;
  review_count: string;
  is_active: string;
}

/** One curated review (requirements 3.9). */
export interface ReferenceReview {
  review_id: string;
  product_id: string;
  customer_id: string;
  rating: string;
  review_text: string;
  review_date: string;
  verified_purchase: string;
  helpful_votes: string;
  year: string;
  month: string;
}

/** Good products, the newest file's row of each id; rows that a newer one replaces are rejects too. */
export function referenceProducts(files: Files): Reference<ReferenceProduct> {
  const rejects: Record<string, number> = {};
  const refuse = (rule: string): void => void (rejects[rule] = (rejects[rule] ?? 0) + 1);
  const newest = new Map<string, ReferenceProduct>();
  let rowsIn = 0;
  for (const [, text] of filesOf(files, 'products')) {
    for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
      rowsIn += 1;
      const made = productOf(line);
      if (typeof made === 'string') refuse(made);
      else {
        if (newest.has(made.product_id)) refuse('superseded');
        newest.set(made.product_id, made);
      }
    }
  }
  return { rows: [...newest.values()], rejects, rowsIn };
}

function productOf(line: string): ReferenceProduct | string {
  let raw: Readonly<Record<string, string | number | boolean | null>>;
  try {
    raw = JSON.parse(line) as typeof raw;
  } catch {
    return 'json-unreadable';
  }
  const text = (name: string): string => String(raw[name] ?? '').trim();
  const price = decimal(text('price'), 2, 8);
  const stock = whole(text('stock'));
  const rating = decimal(text('rating'), 1, 1);
  for (const name of ['product_id', 'name', 'category', 'brand'])
    if (text(name) === '') return `${name.replace('_', '-')}-missing`;
  if (price === null || Number(price) <= 0) return 'price-invalid';
  if (stock === null || stock < 0) return 'stock-invalid';
  const isActive = yesNo(text('is_active')) ?? stock > 0;
  const isRated = rating !== null && Number(rating) >= 0 && Number(rating) <= 5;
  return {
    product_id: text('product_id'),
    name: text('name'),
    category: text('category'),
    brand: text('brand'),
    price,
    stock: String(stock),
    weight_kg: decimal(text('weight_kg'), 2, 3) ?? '',
    rating: isRated ? rating : '',
    review_count: String(whole(text('review_count')) ?? ''),
    is_active: String(isActive),
  };
}

/** Good reviews, the first of each id in the order of files and lines. */
export function referenceReviews(files: Files): Reference<ReferenceReview> {
  const rejects: Record<string, number> = {};
  const rows = new Map<string, ReferenceReview>();
  let rowsIn = 0;
  for (const [day, text] of filesOf(files, 'reviews')) {
    const [names = [], ...lines] = cellsOf(text);
    for (const cells of lines) {
      rowsIn += 1;
      const raw = Object.fromEntries(names.map((name, at) => [name, (cells[at] ?? '').trim()]));
      const made = reviewOf(raw, day);
      const rule = typeof made === 'string' ? made : rows.has(made.review_id) ? 'duplicate' : null;
      if (rule !== null) rejects[rule] = (rejects[rule] ?? 0) + 1;
      else if (typeof made !== 'string') rows.set(made.review_id, made);
    }
  }
  return { rows: [...rows.values()], rejects, rowsIn };
}

function reviewOf(raw: Record<string, string>, day: string): ReferenceReview | string {
  const text = (name: string): string => raw[name] ?? '';
  for (const name of ['review_id', 'product_id', 'customer_id'])
    if (text(name) === '') return `${name.replace('_', '-')}-missing`;
  const rating = whole(text('rating'));
  if (rating === null || rating < 1 || rating > 5) return 'rating-invalid';
  const at = momentOf(text('review_date'));
  if (at === null) return 'date-unreadable';
  const date = new Date(at).toISOString().slice(0, 10);
  if (date > day) return 'date-future';
  const verified = text('verified_purchase') === '' ? false : yesNo(text('verified_purchase'));
  if (verified === null) return 'verified-purchase-unreadable';
  const votes = text('helpful_votes') === '' ? 0 : whole(text('helpful_votes'));
  if (votes === null || votes < 0) return 'helpful-votes-invalid';
  return {
    review_id: text('review_id'),
    product_id: text('product_id'),
    customer_id: text('customer_id'),
    rating: String(rating),
    review_text: masked(text('review_text')),
    review_date: date,
    verified_purchase: String(verified),
    helpful_votes: String(votes),
    year: String(Number(date.slice(0, 4))),
    month: String(Number(date.slice(5, 7))),
  };
}

/** Word by word: what holds an @ and a point, and runs of nine digits and more with what people write between them. */
function masked(text: string): string {
  const words = text.split(/([\s,;:()<>"']+)/);
  const mailless = words.map((word) => (/^[^@]+@[^@]+\.[^@]+$/.test(word) ? '***' : word)).join('');
  return mailless.replace(/\+?\d[\d ()./-]{7,}\d/g, '***');
}

/** Records of a CSV, a character at a time. */
function cellsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else isQuoted = false;
    } else if (letter === '"') isQuoted = true;
    else if (letter === ',' || letter === '\n') {
      row.push(cell);
      cell = '';
      if (letter === '\n') {
        rows.push(row);
        row = [];
      }
    } else cell += letter;
  }
  return rows;
}
