import type { Landed } from './finance-bench.ts';
import type { ReferenceSource } from './finance-reference.ts';
import { randomBySeed } from './random-csv.ts';

const COLUMNS = [
  'transaction_id',
  'customer_id',
  'transaction_date',
  'amount',
  'merchant_id',
  'category',
  'status',
  'payment_method',
] as const;

/** Cells that are hard to read, by column. None of them holds a letter that changes its number when it changes its size. */
export const HARD: Record<(typeof COLUMNS)[number], readonly string[]> = {
  transaction_id: [
    '',
    ' ',
    '\t',
    ' txn1 ',
    'TXN1',
    'txn1',
    'Txn\u00a01',
    "1'; DROP TABLE x;--",
    'T'.repeat(20),
    't'.repeat(21),
    'é'.repeat(20),
    '\u00a0',
  ],
  customer_id: [
    '',
    '  ',
    'cust7',
    ' CUST7\r\n',
    '=1+1',
    'C\0D',
    '日本'.repeat(11),
    'bob@example.com',
  ],
  transaction_date: [
    '',
    ' ',
    '2026-02-31 10:00:00',
    '31/02/2026',
    '2026-11-20',
    '2026-02-31',
    '2026-11-20 23:59:59',
    '2026-11-21 00:00:00',
    '2026-11-20 24:00:00',
    '2026-11-20T23:59:59.999999',
    '2026-11-20T23:59:59.999999000',
    '2026-11-20T23:59:59.9999995',
    '2026-11-20T10:00:00Z',
    '2026-11-21 01:30:00+02:00',
    '2026-11-20 22:30:00-02',
    '2026-11-20 22:30:00-0130',
    '2026-11-20 22:30:00+15:00',
    '0001-01-01 00:00:00',
    '0001-01-01 00:00:00+02',
    '0000-01-01 00:00:00',
    '2024-11-21 00:00:00',
    '2024-11-20 23:59:59',
    '2024-11-20 23:59:59.999999',
    '2024-02-29 00:00:00',
    '2025-02-29 00:00:00',
    '12026-01-01 00:00:00',
    'infinity',
    '-infinity',
    'epoch',
    'now',
    '2026-1-3 4:5:6',
    ' 2026-11-19 05:59:59 ',
    '2026-11-19 06:00',
    '2026-11-19 6:00',
    '2026-11-20 23:59:60',
    '２０２６-11-19 06:00:00',
    '1793491200',
    '2026-11-19 10:00:00.',
    '2026-11-19 10:00:00.5',
    '2026-11-19 10:00:00 UTC',
    '2026-11-19 10:00:00z',
  ],
  amount: [
    '',
    ' ',
    '0',
    '0.00',
    '-0',
    '-0.00',
    '-5',
    '+5',
    '.5',
    '5.',
    '.',
    '-',
    '+',
    '5.00',
    '5.5',
    '5.550',
    '5.555',
    '0.005',
    '-0.005',
    '0.01',
    '0.001',
    '0.0100',
    '1e2',
    '1E-2',
    '1e400',
    'NaN',
    'nan',
    'inf',
    'Infinity',
    '-Infinity',
    '1_000',
    '1,000.00',
    '1 000',
    ' 12.30 ',
    '$5',
    '5 EUR',
    '５',
    '٥',
    '0x10',
    '1000000',
    '1000000.00',
    '1000000.01',
    '1000000.001',
    '999999.99',
    '1234567890123',
    '1234567890123.45',
    '-1234567890123456789',
    '12345678901234567890.12',
    '9999999999999999.99',
    '10000000000000000.00',
    '00012.34',
    '0000000000000000000000000000000000000000012.34',
    '5.00000000000000000000000000000000000000000',
    '50.00',
    '50.01',
    '200.00',
    '200.01',
    '500.00',
    '500.01',
    '1000.00',
    '1000.01',
    '5000.00',
    '5000.01',
    '10000.00',
    '10000.01',
    '--5',
    '5-',
    '1.2.3',
    "1'",
    'null',
    '\u00a07.77\u00a0',
  ],
  merchant_id: [
    '',
    ' ',
    'merch1',
    '"quoted"',
    'line\nbreak',
    'x,y',
    'a\0b',
    'm'.repeat(20),
    'm'.repeat(21),
    '@SUM(A1)',
    '\u00a0',
  ],
  category: [
    '',
    'GAS',
    ' Gas ',
    'new\n\nlines',
    'c'.repeat(50),
    'c'.repeat(51),
    "gas'); --",
    '{"a":1}',
    '\\',
    '\u2028',
  ],
  status: ['', ' ', 'COMPLETED', ' failed', 'Pending ', 'reversed', 'nan', 'null', 'completed\n'],
  payment_method: ['', 'CASH', 'p'.repeat(51), 'cash\0', ' ', 'credit card', 'É'],
};

/** As many sources, with columns in any order and some of their own, and the same rows for the reference. */
export function randomSources(
  seed: number,
  count: number,
): { landed: Landed; source: Omit<ReferenceSource, 'key'> }[] {
  const random = randomBySeed(seed);
  return Array.from({ length: count }, () => randomSource(random));
}

function randomSource(random: () => number): {
  landed: Landed;
  source: Omit<ReferenceSource, 'key'>;
} {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const columns: string[] = random() < 0.5 ? [...COLUMNS] : [...COLUMNS, 'note'];
  if (random() < 0.5) columns.sort(() => random() - 0.5);
  const hardness = pick([0, 0.05, 0.2]);
  const newline = random() < 0.2 ? '\r\n' : '\n';
  const count = Math.floor(random() * 100);
  let text = columns.join(',') + newline;
  let line = 2;
  const rows: { line: number; cells: (string | null)[] }[] = [];
  for (let at = 0; at < count; at += 1) {
    const cells = columns.map((name): string | null => {
      if (name === 'note') return random() < 0.1 ? 'two\nlines' : null;
      const column = name as (typeof COLUMNS)[number];
      const cell = random() < hardness ? pick(HARD[column]) : goodCell(column, random);
      return cell === '' && random() < 0.5 ? null : cell;
    });
    rows.push({ line, cells });
    const written = cells.map(cellText).join(',') + newline;
    line += written.split('\n').length - 1;
    text += written;
  }
  return { landed: { dataset: 'transactions', text, rows: count }, source: { columns, rows } };
}

function cellText(cell: string | null): string {
  if (cell === null) return '';
  return cell === '' || /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function goodCell(column: (typeof COLUMNS)[number], random: () => number): string {
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)]!;
  switch (column) {
    case 'transaction_id':
      return `TXN${Math.floor(random() * 250)}`;
    case 'customer_id':
      return `CUST${Math.floor(random() * 9)}`;
    case 'transaction_date': {
      const atMs = Date.parse('2026-11-20T23:59:59Z') - Math.floor(random() * 700 * 86_400) * 1000;
      return new Date(atMs).toISOString().slice(0, 19).replace('T', ' ');
    }
    case 'amount':
      return (random() ** 4 * 20_000 + 0.01).toFixed(2);
    case 'merchant_id':
      return `MERCH000${Math.floor(random() * 9)}`;
    case 'category':
      return pick(['groceries', 'restaurants', 'gas']);
    case 'status':
      return pick(['completed', 'pending', 'failed']);
    default:
      return pick(['credit_card', 'cash']);
  }
}
