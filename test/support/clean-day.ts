import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { quoteText } from '../../services/core/column.ts';
import { sha256 } from '../../services/core/manifest.ts';
import { encodeExtractManifest } from '../../services/pipelines/finance/extract/extract-manifest.ts';
import {
  CUSTOMER_COLUMNS,
  TRANSACTION_COLUMNS,
} from '../../services/pipelines/finance/load/columns.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { StepPorts } from '../../services/ports/step.ts';

/** A clean customer; what is left out has a plain value. */
export interface CustomerRow {
  customer_id: string;
  customer_name?: string | null;
  email?: string | null;
  customer_tier?: string;
  is_active?: boolean | null;
}

/** A clean transaction; what is left out has a plain value. */
export interface TransactionRow {
  transaction_id: string;
  customer_id: string;
  transaction_date?: string;
  amount?: string;
  status?: string;
  category?: string | null;
  risk_score?: string;
  risk_level?: string;
  risk_version?: string;
}

/** What transform would have left for a day. */
export interface CleanDay {
  logicalDate: string;
  customers: readonly CustomerRow[];
  transactions: readonly TransactionRow[];
  /** Transactions that were extracted and rejected. */
  rejected?: number;
  /** The moment that the source of transactions has been read up to. */
  newest?: string;
}

/** Puts a day's clean objects, its extract manifest and its clean manifest into a store, as transform would. */
export async function putCleanDay(
  {
    store,
    openEngine,
    folder,
  }: { store: ObjectStore; openEngine: StepPorts['openEngine']; folder: string },
  day: CleanDay,
): Promise<void> {
  const scratch = await mkdtemp(join(folder, 'day-'));
  const engine = await openEngine([scratch]);
  const { logicalDate, rejected = 0 } = day;
  const write = async (name: string, select: string, rows: number) => {
    const path = join(scratch, `${name}.parquet`);
    await engine.run(`COPY (${select}) TO ${quoteText(path)} (FORMAT parquet)`);
    const bytes = await readFile(path);
    const hash = sha256(bytes);
    const key = `clean/${logicalDate}/${name}-${hash.slice(0, 16)}.parquet`;
    await store.put(key, bytes);
    return { key, rows, sha256: hash };
  };
  try {
    const customers = await write('customers', customersSql(day.customers), day.customers.length);
    const transactions = await write(
      'transactions',
      transactionsSql(day.transactions, logicalDate),
      day.transactions.length,
    );
    const extraction = encodeExtractManifest(extractionOf(day, rejected));
    const extractKey = `extracted/${logicalDate}/manifest.json`;
    await store.put(extractKey, extraction);
    const counts = (rows: number, refused: number) => ({
      extracted: rows + refused,
      clean: rows,
      rejected: refused,
      rejectsByReason: refused === 0 ? {} : { 'null-amount': refused },
    });
    const manifest = {
      logicalDate,
      riskVersion: '1',
      inputs: { manifest: extractKey, sha256: sha256(extraction) },
      transactions,
      customers,
      counts: counts(transactions.rows, rejected),
      customersCounts: counts(customers.rows, 0),
      report: { initial_records: transactions.rows + rejected },
      inFlight: null,
      rules: null,
    };
    await store.put(`clean/${logicalDate}/manifest.json`, Buffer.from(JSON.stringify(manifest)));
  } finally {
    await engine.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

function extractionOf(
  { logicalDate, transactions, customers, newest }: CleanDay,
  rejected: number,
) {
  const source = (dataset: 'transactions' | 'customers', rows: number) => ({
    dataset,
    address: `postgres: ${dataset}`,
    key: `extracted/${logicalDate}/raw_${dataset}.csv`,
    format: 'csv' as const,
    columns: [],
    rows,
    bytes: 1,
    sha256: '0'.repeat(64),
    reportedTotal: rows,
    watermark:
      newest === undefined || dataset === 'customers'
        ? null
        : { id: 'transactions/source', moment: newest },
  });
  return {
    logicalDate,
    sources: [
      source('transactions', transactions.length + rejected),
      source('customers', customers.length),
    ],
  };
}

function customersSql(rows: readonly CustomerRow[]): string {
  const types = 'VARCHAR VARCHAR TIMESTAMP VARCHAR VARCHAR BOOLEAN'.split(' ');
  return selectSql(
    CUSTOMER_COLUMNS,
    types,
    rows.map((row) => [
      row.customer_id,
      row.customer_name === undefined ? `Name of ${row.customer_id}` : row.customer_name,
      '2020-01-02 03:04:05',
      row.customer_tier ?? 'gold',
      row.email === undefined ? `${row.customer_id}@example.com` : row.email,
      row.is_active === undefined ? 'true' : row.is_active === null ? null : String(row.is_active),
    ]),
  );
}

function transactionsSql(rows: readonly TransactionRow[], logicalDate: string): string {
  const types = [
    ...'VARCHAR VARCHAR TIMESTAMP DECIMAL(12,2) VARCHAR VARCHAR VARCHAR VARCHAR'.split(' '),
    ...'INTEGER INTEGER INTEGER INTEGER INTEGER'.split(' '),
    ...'VARCHAR DECIMAL(5,2) VARCHAR TIMESTAMP INTEGER VARCHAR'.split(' '),
  ];
  return selectSql(
    TRANSACTION_COLUMNS,
    types,
    rows.map((row) => {
      const date = row.transaction_date ?? '2026-01-05 10:00:00';
      const [year, month, day, hour] = [0, 5, 8, 11].map((at) => date.slice(at, at + (at ? 2 : 4)));
      const dayOfWeek = (new Date(`${date.slice(0, 10)}T00:00:00Z`).getUTCDay() + 6) % 7;
      return [
        row.transaction_id,
        row.customer_id,
        date,
        row.amount ?? '10.00',
        'MERCH0001',
        row.category === undefined ? 'gas' : row.category,
        row.status ?? 'completed',
        'cash',
        year!,
        month!,
        day!,
        String(dayOfWeek),
        hour!,
        'small',
        row.risk_score ?? '0',
        row.risk_level ?? 'low',
        `${logicalDate} 00:00:00`,
        String(Math.round(Number(row.risk_score ?? '0'))),
        row.risk_version ?? '1',
      ];
    }),
  );
}

function selectSql(
  columns: readonly string[],
  types: readonly string[],
  rows: readonly (readonly (string | null)[])[],
): string {
  const list = columns.map((name, at) => `CAST(${name} AS ${types[at]}) AS ${name}`).join(', ');
  if (rows.length === 0) {
    return `SELECT ${columns.map((name, at) => `CAST(NULL AS ${types[at]}) AS ${name}`).join(', ')} LIMIT 0`;
  }
  const values = rows.map(
    (row) => `(${row.map((cell) => (cell === null ? 'NULL' : quoteText(cell))).join(', ')})`,
  );
  return `SELECT ${list} FROM (VALUES ${values.join(', ')}) v(${columns.join(', ')})`;
}
