import type { RiskTable } from '../../services/pipelines/finance/clean/risk.ts';

/** A CSV source with the place of each of its rows. */
export interface ReferenceSource {
  key: string;
  columns: readonly string[];
  rows: readonly { line: number; cells: readonly (string | null)[] }[];
}

/** What requirements 4.5 makes of rows, found out one by one without SQL; values are texts, as the engine prints them. */
export interface ReferenceOutcome {
  clean: Record<string, string | null>[];
  rejects: { object: string; line: number; rule: string }[];
}

interface Draft {
  object: string;
  line: number;
  raw: Record<string, string | null>;
  id: string | null;
  amountCents: bigint | null;
}

const DAY_MS = 86_400_000;
const BLANKS = ' \t\n\v\f\r\u00a0';

/** The transactions of all sources, as transform must leave them. */
export function referenceTransactions(
  sources: readonly ReferenceSource[],
  { logicalDate, risk }: { logicalDate: string; risk: RiskTable },
): ReferenceOutcome {
  const drafts = sources.flatMap((source) =>
    source.rows.map(({ line, cells }): Draft => {
      const raw = Object.fromEntries(source.columns.map((name, at) => [name, cells[at] ?? null]));
      const id = trim(raw['transaction_id'])?.toUpperCase() ?? null;
      const amount = amountOf(raw['amount'] ?? null);
      return {
        object: source.key,
        line,
        raw,
        id,
        amountCents:
          typeof amount === 'bigint' && amount < 10n ** 18n && amount > -(10n ** 18n)
            ? amount
            : null,
      };
    }),
  );
  const kept = new Map<string, Draft>();
  for (const draft of drafts) {
    if (draft.id === null) continue;
    const before = kept.get(draft.id);
    if (!before || (before.amountCents === null && draft.amountCents !== null))
      kept.set(draft.id, draft);
  }
  const outcome: ReferenceOutcome = { clean: [], rejects: [] };
  for (const draft of drafts) {
    const rule =
      draft.id === null
        ? 'null-transaction-id'
        : kept.get(draft.id) === draft
          ? reasonOf(draft, logicalDate)
          : 'duplicate-id';
    if (rule === null) outcome.clean.push(cleanRow(draft, logicalDate, risk));
    else outcome.rejects.push({ object: draft.object, line: draft.line, rule });
  }
  return outcome;
}

function reasonOf({ raw, id }: Draft, logicalDate: string): string | null {
  const customer = trim(raw['customer_id'])?.toUpperCase() ?? null;
  const amount = amountOf(raw['amount'] ?? null);
  const status = trim(raw['status'])?.toLowerCase() ?? null;
  const date = trim(raw['transaction_date']);
  if (customer === null) return 'null-customer-id';
  if (amount === null) return 'null-amount';
  if (date === null) return 'null-date';
  if (status === null) return 'null-status';
  if (typeof amount === 'string') return amount;
  if (amount <= 0n) return 'amount-not-positive';
  if (amount > 100_000_000n) return 'amount-too-large';
  const moment = momentOf(date);
  if (typeof moment === 'string') return moment;
  const end = BigInt(Date.parse(`${logicalDate}T00:00:00Z`) + DAY_MS) * 1000n;
  if (moment >= end) return 'date-in-future';
  if (moment < end - BigInt(730 * DAY_MS) * 1000n) return 'date-too-old';
  if (!['completed', 'pending', 'failed'].includes(status)) return 'status-unknown';
  const texts: [string | null, number][] = [
    [id, 20],
    [customer, 20],
    [trim(raw['merchant_id']), 20],
    [trim(raw['category']), 50],
    [trim(raw['payment_method']), 50],
  ];
  if (texts.some(([text, most]) => Array.from(text ?? '').length > most)) return 'text-too-long';
  if (texts.some(([text]) => text?.includes('\0'))) return 'text-not-storable';
  return null;
}

function cleanRow(
  { raw, id, amountCents }: Draft,
  logicalDate: string,
  risk: RiskTable,
): Record<string, string | null> {
  const micros = momentOf(trim(raw['transaction_date']) ?? '') as bigint;
  const at = new Date(Number(micros / 1000n));
  const status = trim(raw['status'])!.toLowerCase();
  const weekday = (at.getUTCDay() + 6) % 7;
  const hour = at.getUTCHours();
  const points = pointsOf(risk, { cents: amountCents!, status, weekday, hour });
  const score = Math.min(points, risk.scoreMax);
  const category = risk.amountCategories.find(
    ({ upTo }) => upTo === null || amountCents! <= centsOf(upTo),
  );
  return {
    transaction_id: id,
    customer_id: trim(raw['customer_id'])!.toUpperCase(),
    transaction_date: momentText(micros),
    amount: `${amountCents! / 100n}.${String(amountCents! % 100n).padStart(2, '0')}`,
    merchant_id: trim(raw['merchant_id'])?.toUpperCase() ?? 'MERCH0000',
    category: trim(raw['category'])?.toLowerCase() ?? 'unknown',
    status,
    payment_method: trim(raw['payment_method'])?.toLowerCase() ?? 'unknown',
    transaction_year: String(at.getUTCFullYear()),
    transaction_month: String(at.getUTCMonth() + 1),
    transaction_day: String(at.getUTCDate()),
    transaction_dayofweek: String(weekday),
    transaction_hour: String(hour),
    amount_category: category?.category ?? null,
    risk_score: `${score}.00`,
    risk_level: risk.levels.find(({ upTo }) => score <= upTo)?.level ?? null,
    processed_at: `${logicalDate} 00:00:00`,
    risk_score_raw: String(points),
    risk_version: risk.version,
  };
}

function pointsOf(
  risk: RiskTable,
  of: { cents: bigint; status: string; weekday: number; hour: number },
): number {
  let points = 0;
  for (const one of risk.amounts) if (of.cents > centsOf(one.above)) points += one.points;
  for (const one of risk.statuses) if (of.status === one.status) points += one.points;
  for (const one of risk.weekdays) if (one.days.includes(of.weekday)) points += one.points;
  for (const one of risk.hours) if (of.hour >= one.from && of.hour <= one.to) points += one.points;
  return points;
}

function centsOf(text: string): bigint {
  return BigInt(text.replace('.', ''));
}

function trim(text: string | null | undefined): string | null {
  let left = 0;
  let right = text?.length ?? 0;
  while (left < right && BLANKS.includes(text![left]!)) left += 1;
  while (right > left && BLANKS.includes(text![right - 1]!)) right -= 1;
  return left === right ? null : text!.slice(left, right);
}

/** Cents; null for none, the reason for what is no exact amount. */
function amountOf(cell: string | null): bigint | string | null {
  const text = trim(cell);
  if (text === null) return null;
  const unsigned = '+-'.includes(text[0]!) ? text.slice(1) : text;
  const [whole = '', fraction = '', ...more] = unsigned.split('.');
  if (more.length > 0 || whole + fraction === '') return 'amount-unreadable';
  for (const sign of whole + fraction) if (sign < '0' || sign > '9') return 'amount-unreadable';
  for (const sign of fraction.slice(2)) if (sign !== '0') return 'amount-scale';
  const cents =
    BigInt(whole === '' ? '0' : whole) * 100n + BigInt(fraction.slice(0, 2).padEnd(2, '0'));
  return text.startsWith('-') ? -cents : cents;
}

/** Microseconds since 1970 in UTC, or the reason. */
function momentOf(text: string): bigint | string {
  const bad = 'date-unreadable';
  const [year, month, day] = [digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2)];
  if (text[4] !== '-' || text[7] !== '-' || year < 1) return bad;
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, month - 1, day);
  const isDay = midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day;
  if (month < 1 || day < 1 || !isDay) return bad;
  if (text.length === 10) return BigInt(midnight.getTime()) * 1000n;
  const [hour, minute] = [digits(text, 11, 2), digits(text, 14, 2)];
  if (!' T'.includes(text[10]!) || text[13] !== ':') return bad;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return bad;
  let rest = text.slice(16);
  let micros = 0n;
  if (rest.startsWith(':')) {
    const second = digits(rest, 1, 2);
    if (second < 0 || second > 59) return bad;
    micros = BigInt(second) * 1_000_000n;
    rest = rest.slice(3);
    if (rest.startsWith('.')) {
      let length = 1;
      while (length < rest.length && rest[length]! >= '0' && rest[length]! <= '9') length += 1;
      const fraction = rest.slice(1, length);
      if (fraction === '' || /[1-9]/.test(fraction.slice(6))) return bad;
      micros += BigInt(fraction.slice(0, 6).padEnd(6, '0'));
      rest = rest.slice(length);
    }
  }
  const offset = offsetMinutes(rest);
  if (offset === null) return bad;
  const minutes = BigInt(midnight.getTime() / 60_000 + hour * 60 + minute - offset);
  const moment = minutes * 60_000_000n + micros;
  const year1 = BigInt(Date.parse('0001-01-01T00:00:00Z')) * 1000n;
  return moment < year1 ? bad : moment;
}

function digits(text: string, from: number, length: number): number {
  const part = text.slice(from, from + length);
  return part.length === length && /^[0-9]+$/.test(part) ? Number(part) : -1;
}

function offsetMinutes(zone: string): number | null {
  if (zone === '' || zone === 'Z') return 0;
  if (!'+-'.includes(zone[0]!)) return null;
  const bare = zone.slice(1).replace(/^(\d\d):(\d\d)$/, '$1$2');
  const hours = digits(bare, 0, 2);
  const minutes = bare.length === 2 ? 0 : digits(bare, 2, 2);
  if (bare.length !== 2 && bare.length !== 4) return null;
  if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59) return null;
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

function momentText(micros: bigint): string {
  const iso = new Date(Number(micros / 1000n)).toISOString();
  const fraction = String(micros % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '');
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction === '' ? '' : `.${fraction}`}`;
}
