import { dateText, type Defect, placeDefects, type TransactionDraft } from './finance-defects.ts';
import { randomBySeed, weighted } from './random.ts';

export interface FinanceSampleOptions {
  seed: number;
  /** Rows of the transactions file. */
  transactions: number;
  /** Customers that there are; a few of them are in `lateCustomersCsv` only. */
  customers: number;
  /** The last day on which anything is bought, `YYYY-MM-DD`: the logical date. Days reach back 364 days from it. */
  lastDay: string;
}

/** UTF-8 text with a header line; the same options give the same bytes. */
export interface FinanceSample {
  transactionsCsv: Uint8Array;
  customersCsv: Uint8Array;
  /** The customers that come a day late: transactions of theirs are in the first file already. */
  lateCustomersCsv: Uint8Array;
}

const STATUSES = weighted([
  ['completed', 90],
  ['pending', 7],
  ['failed', 3],
]);
const PAYMENTS = weighted([
  ['credit_card', 50],
  ['debit_card', 30],
  ['bank_transfer', 15],
  ['cash', 5],
]);
const CATEGORIES = weighted([
  ['groceries', 25],
  ['restaurants', 20],
  ['gas', 15],
  ['retail', 20],
  ['utilities', 10],
  ['entertainment', 10],
]);
const TIERS = weighted([
  ['bronze', 50],
  ['silver', 30],
  ['gold', 15],
  ['platinum', 5],
]);
const ACTIVE_SHARE = 0.95;
const DAYS = 365;
const MERCHANTS = 1_000;
/** One customer in so many comes late. */
const LATE_EVERY = 1_000;
const DAY_MS = 86_400_000;
const TRANSACTION_HEADER =
  'transaction_id,customer_id,transaction_date,amount,merchant_id,category,status,payment_method\n';
const CUSTOMER_HEADER =
  'customer_id,customer_name,registration_date,customer_tier,email,is_active\n';
/** Rows are written into pages of this size; all that is in them is ASCII. */
const PAGE_BYTES = 1 << 20;
/** More than any row has. */
const ROW_BYTES_MAX = 512;

/**
 * Card transactions and the customers behind them, with the shares and the flaws of requirements 4.3 and a few of every
 * other flaw that the rules of 4.5 know. At least 97 % of the transactions stay good (requirements 4.12).
 */
export function makeFinanceSample(options: FinanceSampleOptions): FinanceSample {
  return {
    transactionsCsv: transactionsOf(options),
    ...customersOf(options),
  };
}

function transactionsOf(options: FinanceSampleOptions): Uint8Array {
  const { transactions: count } = options;
  const random = randomBySeed(options.seed);
  const place = placeDefects(count, random);
  const dayEndMs = Date.parse(`${options.lastDay}T00:00:00Z`) + DAY_MS;
  const pages: Buffer[] = [Buffer.from(TRANSACTION_HEADER)];
  let page = Buffer.alloc(PAGE_BYTES);
  let used = 0;
  for (let at = 0; at < count; at += 1) {
    const draft = transaction(at, options, { random, dayEndMs });
    const defect: Defect | undefined = place(at);
    defect?.spoil(draft, random);
    // Row by row: a long text that is put together first costs more than all the rest.
    used += page.write(
      `${draft.id},${draft.customer},${draft.date},${draft.amount},${draft.merchant},${draft.category},${draft.status},${draft.payment}\n`,
      used,
      'latin1',
    );
    if (used < PAGE_BYTES - ROW_BYTES_MAX && at < count - 1) continue;
    pages.push(page.subarray(0, used));
    page = Buffer.alloc(PAGE_BYTES);
    used = 0;
  }
  return plain(Buffer.concat(pages));
}

function transaction(
  at: number,
  { customers }: FinanceSampleOptions,
  { random, dayEndMs }: { random: () => number; dayEndMs: number },
): TransactionDraft {
  const secondsBack = 1 + Math.floor(random() * DAYS * 86_400);
  const atMs = dayEndMs - secondsBack * 1000;
  return {
    id: `TXN${String(at + 1).padStart(8, '0')}`,
    customer: customerId(Math.floor(random() * customers) + 1),
    atMs,
    date: dateText(atMs),
    amount: logNormal(random, { mean: 4, deviation: 1.5 }).toFixed(2),
    merchant: `MERCH${String(Math.floor(random() * MERCHANTS) + 1).padStart(4, '0')}`,
    category: CATEGORIES(random()),
    status: STATUSES(random()),
    payment: PAYMENTS(random()),
  };
}

/** A number whose logarithm is normally distributed (Box and Muller). */
function logNormal(
  random: () => number,
  { mean, deviation }: { mean: number; deviation: number },
): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return Math.exp(mean + deviation * radius * Math.cos(2 * Math.PI * random()));
}

function customerId(number: number): string {
  return `CUST${String(number).padStart(6, '0')}`;
}

function customersOf(
  options: FinanceSampleOptions,
): Pick<FinanceSample, 'customersCsv' | 'lateCustomersCsv'> {
  const random = randomBySeed(options.seed + 1);
  const lastMs = Date.parse(`${options.lastDay}T00:00:00Z`);
  const rows: string[] = [CUSTOMER_HEADER];
  const late: string[] = [CUSTOMER_HEADER];
  for (let number = 1; number <= options.customers; number += 1) {
    const row = customerRow(number, lastMs, random);
    (number % LATE_EVERY === LATE_EVERY / 2 ? late : rows).push(row);
  }
  if (options.customers >= 100) rows.push(...customerFlaws(lastMs));
  return {
    customersCsv: plain(Buffer.from(rows.join(''))),
    lateCustomersCsv: plain(Buffer.from(late.join(''))),
  };
}

function customerRow(number: number, lastMs: number, random: () => number): string {
  // Some sources write ids in small letters or with blanks around them.
  const id = customerId(number);
  const written = number % 211 === 7 ? ` ${id.toLowerCase()} ` : id;
  const registeredMs = lastMs - DAY_MS * (DAYS + Math.floor(random() * 4 * DAYS));
  const fields = [
    written,
    `Customer ${number}`,
    dateText(registeredMs),
    TIERS(random()),
    `customer${number}@example.com`,
    random() < ACTIVE_SHARE ? 'true' : 'false',
  ];
  return `${fields.join(',')}\n`;
}

/** One customer twice, one without id, and two whose names are no harm to anyone who does not run them. */
function customerFlaws(lastMs: number): string[] {
  const day = dateText(lastMs - DAYS * DAY_MS);
  return [
    `cust000001,Customer 1 again,${day},gold,customer1@example.com,true\n`,
    `,Nobody,${day},bronze,nobody@example.com,true\n`,
    `CUST900001,"Robert'); DROP TABLE dim_customers;--",${day},silver,bobby@example.com,true\n`,
    `CUST900002,"=HYPERLINK(""https://example.com"")\nsecond line",${day},tin,not an address,\n`,
    `CUST900003,Customer of no day,2026-02-31,gold,customer900003@example.com,yes\n`,
  ];
}

function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
