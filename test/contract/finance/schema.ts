import { expect, it, describe } from 'vitest';
import { PipelineError } from '../../../services/core/error.ts';
import { FINANCE_SCHEMA } from '../../../services/pipelines/finance/load/migrations.ts';
import { migrate } from '../../../services/stages/serve/migrate.ts';
import { seededRandom } from '../../support/bytes.ts';
import type { LoadBench, MakeBench } from '../../support/finance-load-bench.ts';

/** What each index is on, by table (requirements 4.8 and section 7, number 19). */
const INDEXES = {
  dim_customers: [
    'customer_id',
    'customer_name',
    'customer_tier',
    'email',
    'is_active',
    'registration_date',
  ],
  etl_audit_log: ['pipeline_name', 'run_id', 'start_time DESC', 'status'],
  fact_transactions: [
    'amount',
    'amount_category',
    'category',
    'customer_id',
    'customer_id, transaction_date DESC',
    'merchant_id',
    'payment_method',
    'processed_at',
    'risk_level',
    'risk_level, transaction_date',
    'risk_score DESC',
    'status',
    'transaction_date DESC',
    'transaction_date DESC, status',
    'transaction_id',
    'transaction_year, transaction_month',
  ],
};

const COLUMNS = {
  dim_customers: [
    'customer_id varchar(20) not null',
    'customer_name varchar(100)',
    'registration_date timestamp',
    'customer_tier varchar(20)',
    'email varchar(100)',
    'is_active bool = true',
    'created_at timestamp = now()',
    'updated_at timestamp = now()',
  ],
  etl_audit_log: [
    `run_id int4 not null = nextval('etl_audit_log_run_id_seq'::regclass)`,
    'pipeline_name varchar(100) not null',
    'start_time timestamp not null',
    'end_time timestamp',
    'status varchar(20)',
    'records_extracted int4 = 0',
    'records_transformed int4 = 0',
    'records_loaded int4 = 0',
    'records_rejected int4 = 0',
    'error_message text',
    'quality_report jsonb',
    'created_at timestamp = now()',
  ],
  fact_transactions: [
    'transaction_id varchar(20) not null',
    'customer_id varchar(20) not null',
    'transaction_date timestamp not null',
    'amount numeric(12,2) not null',
    'merchant_id varchar(20)',
    'category varchar(50)',
    'status varchar(20) not null',
    'payment_method varchar(50)',
    'transaction_year int4',
    'transaction_month int4',
    'transaction_day int4',
    'transaction_dayofweek int4',
    'transaction_hour int4',
    'amount_category varchar(20)',
    'risk_score numeric(5,2) = 0',
    'risk_level varchar(20)',
    'processed_at timestamp = now()',
    'created_at timestamp = now()',
    'updated_at timestamp = now()',
    'risk_score_raw int4',
    'risk_version varchar(50)',
  ],
};

/** What the schema of finance holds to, on any warehouse. */
export function schemaClaims(makeBench: MakeBench): void {
  describe('the schema of finance', () => {
    it('has the columns of requirements 4.8, and the two of the risk table behind them', async () => {
      expect(await columnsOf(await makeBench())).toEqual(COLUMNS);
    });

    it('has the indexes that are promised, and no other', async () => {
      expect(await indexesOf(await makeBench())).toEqual(INDEXES);
    });

    it('takes over tables that the seed has made, and their rows', async () => {
      const { warehouse } = await makeBench();
      const undo = new PipelineError('bug', 'undo');
      const taken = warehouse.transaction(async (tx) => {
        await tx.run(`CREATE SCHEMA seed; SET LOCAL search_path = seed;
          CREATE TABLE dim_customers (customer_id VARCHAR(20) PRIMARY KEY);
          CREATE TABLE fact_transactions (transaction_id VARCHAR(20) PRIMARY KEY);
          INSERT INTO fact_transactions VALUES ('OLD')`);
        await tx.run(FINANCE_SCHEMA.migrations[0]?.sql ?? '');
        const { rows } = await tx.query(
          'SELECT transaction_id, risk_version FROM fact_transactions',
        );
        expect(rows).toEqual([['OLD', null]]);
        throw undo;
      });
      await expect(taken).rejects.toBe(undo);
    });

    it('changes nothing the second time, and drops nothing ever', async () => {
      const { warehouse } = await makeBench();
      expect(await migrate(warehouse, FINANCE_SCHEMA)).toEqual([]);
      for (const { sql } of FINANCE_SCHEMA.migrations) expect(sql).not.toMatch(/\bdrop\b/i);
    });

    it.each([
      ['an amount of zero', `'T1', 'C1', now(), 0, 'failed'`],
      ['an unknown status', `'T1', 'C1', now(), 1, 'lost'`],
      ['an unknown customer', `'T1', 'C2', now(), 1, 'failed'`],
    ])('refuses %s', async (_name, values) => {
      const { warehouse } = await makeBench();
      const insert = `INSERT INTO dim_customers (customer_id) VALUES ('C1');
        INSERT INTO fact_transactions (transaction_id, customer_id, transaction_date, amount, status)
        VALUES (${values})`;
      await expect(warehouse.transaction((tx) => tx.run(insert))).rejects.toMatchObject({
        kind: 'input-invalid',
      });
    });
  });

  describe('the views of finance', () => {
    it('tell what an independent count over the same rows tells', async () => {
      const bench = await makeBench();
      const { customers, transactions } = randomRows(7);
      await bench.putDay({ customers, transactions });
      await bench.step('load');
      expect(await bench.rows('SELECT * FROM vw_daily_transaction_summary')).toEqual(
        dailyOf(transactions),
      );
      expect(
        await bench.rows('SELECT * FROM vw_customer_transaction_summary ORDER BY customer_id'),
      ).toEqual(customersOf(customers, transactions));
      const risky = await bench.rows(
        'SELECT transaction_id, customer_tier, risk_level FROM vw_high_risk_transactions',
      );
      expect(risky).toEqual(riskyOf(customers, transactions));
    });
  });
}

async function columnsOf(bench: LoadBench): Promise<Record<string, string[]>> {
  const rows = await bench.rows(
    `SELECT table_name, column_name || ' ' || udt_name
       || coalesce('(' || character_maximum_length || ')', '')
       || CASE WHEN udt_name = 'numeric' THEN '(' || numeric_precision || ',' || numeric_scale || ')' ELSE '' END
       || CASE WHEN is_nullable = 'NO' THEN ' not null' ELSE '' END
       || coalesce(' = ' || column_default, '')
     FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name IN ('dim_customers', 'fact_transactions', 'etl_audit_log')
     ORDER BY table_name, ordinal_position`,
  );
  return byTable(rows);
}

async function indexesOf(bench: LoadBench): Promise<Record<string, string[]>> {
  const rows = await bench.rows(
    String.raw`SELECT tablename, regexp_replace(indexdef, '^.*\((.*)\)$', '\1') AS columns
     FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'held_transactions'`,
  );
  const lists = Object.entries(byTable(rows)).map(([table, own]) => [table, own.toSorted()]);
  return Object.fromEntries(lists) as Record<string, string[]>;
}

function byTable(rows: readonly unknown[][]): Record<string, string[]> {
  const tables: Record<string, string[]> = {};
  for (const [table, text] of rows) (tables[String(table)] ??= []).push(String(text));
  return tables;
}

interface Row {
  transaction_id: string;
  customer_id: string;
  transaction_date: string;
  amount: string;
  status: string;
  risk_score: string;
  risk_level: string;
}

interface Customer {
  customer_id: string;
  customer_tier: string;
}

function randomRows(seed: number): { customers: Customer[]; transactions: Row[] } {
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const customers = Array.from({ length: 6 }, (_, at) => ({
    customer_id: `C${at}`,
    customer_tier: pick(['bronze', 'gold']),
  }));
  const transactions = Array.from({ length: 60 }, (_, at) => ({
    transaction_id: `T${String(at).padStart(2, '0')}`,
    // One customer buys nothing.
    customer_id: `C${Math.floor(random() * 5)}`,
    transaction_date: `2026-01-0${1 + Math.floor(random() * 4)} 10:00:${String(at).padStart(2, '0')}`,
    amount: `${Math.floor(random() * 9000)}.${10 + Math.floor(random() * 89)}`,
    status: pick(['completed', 'failed', 'pending']),
    risk_score: pick(['10.00', '50.00', '80.00', '100.00']),
    risk_level: pick(['low', 'medium', 'high', 'critical']),
  }));
  return { customers, transactions };
}

const cents = ({ amount }: Row): bigint => BigInt(amount.replace('.', ''));
const money = (sum: bigint): string => `${sum / 100n}.${String(sum % 100n).padStart(2, '0')}`;
const isRisky = ({ risk_level: level }: Row): boolean => level === 'high' || level === 'critical';
const total = (rows: readonly Row[]): bigint => rows.reduce((sum, row) => sum + cents(row), 0n);

/** PostgreSQL's mean of NUMERIC(12,2): at least 16 digits that count, rounded. */
function mean(rows: readonly Row[]): unknown {
  if (rows.length === 0) return null;
  return expect.toSatisfy((text: unknown) => {
    const exact = Number(total(rows)) / 100 / rows.length;
    return typeof text === 'string' && Math.abs(Number(text) - exact) < 1e-9;
  });
}

function dailyOf(rows: readonly Row[]): unknown[][] {
  const days = [...new Set(rows.map((row) => row.transaction_date.slice(0, 10)))];
  return days
    .toSorted((a, b) => (a > b ? -1 : 1))
    .map((day) => {
      const own = rows.filter((row) => row.transaction_date.startsWith(day));
      const count = (status: string) => own.filter((row) => row.status === status).length;
      const buyers = new Set(own.map((row) => row.customer_id)).size;
      return [
        day,
        own.length,
        money(total(own)),
        mean(own),
        buyers,
        count('completed'),
        count('failed'),
        own.filter(isRisky).length,
      ];
    });
}

function customersOf(customers: readonly Customer[], rows: readonly Row[]): unknown[][] {
  return customers.map(({ customer_id: id, customer_tier: tier }) => {
    const own = rows.filter((row) => row.customer_id === id);
    const dates = own.map((row) => row.transaction_date).toSorted();
    const count = (level: string) => own.filter((row) => row.risk_level === level).length;
    const sum = own.length === 0 ? null : money(total(own));
    return [
      id,
      `Name of ${id}`,
      tier,
      own.length,
      sum,
      mean(own),
      dates.at(-1) ?? null,
      count('critical'),
      count('high'),
    ];
  });
}

function riskyOf(customers: readonly Customer[], rows: readonly Row[]): unknown[][] {
  return rows
    .filter(isRisky)
    .toSorted(
      (a, b) =>
        Number(b.risk_score) - Number(a.risk_score) ||
        (a.transaction_date > b.transaction_date ? -1 : 1),
    )
    .map((row) => [
      row.transaction_id,
      customers.find((one) => one.customer_id === row.customer_id)?.customer_tier,
      row.risk_level,
    ]);
}
