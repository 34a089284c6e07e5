import type { StepPorts } from '../../ports/step.ts';
import type { Warehouse, WarehouseTransaction } from '../../ports/warehouse.ts';
import { stageRows } from '../../stages/serve/stage-rows.ts';
import type { CleanManifest } from './clean/clean-manifest.ts';
import { type CleanObject, type CleanPorts, readPieces, writeCsv } from './load/load-source.ts';

const FACTS = { table: 'fact_transactions', key: 'transaction_id' } as const;
const CUSTOMERS = { table: 'dim_customers', key: 'customer_id' } as const;

/** The ids of a clean object, and the table in which its rows should be. */
export interface CleanIds {
  table: string;
  columns: readonly string[];
  /** A file of ours, an id a line. */
  path: string;
  rows: number;
}

/** Where the rows of a clean manifest are now; what is neither in its table nor held is missing. */
export interface Places {
  held: number;
  missing: { transactions: number; customers: number };
}

/** One SELECT of how many staged transactions (`stageIds`) are neither in the fact table nor held. */
export const MISSING_TRANSACTIONS = `SELECT count(*) FROM staged_fact_transactions s
  WHERE NOT EXISTS (SELECT 1 FROM fact_transactions t WHERE t.transaction_id = s.transaction_id)
    AND NOT EXISTS (SELECT 1 FROM held_transactions h WHERE h.transaction_id = s.transaction_id)`;

const MISSING_CUSTOMERS = `SELECT count(*) FROM staged_dim_customers s
  WHERE NOT EXISTS (SELECT 1 FROM dim_customers c WHERE c.customer_id = s.customer_id)`;

const HELD = `SELECT count(*) FROM staged_fact_transactions s
  WHERE EXISTS (SELECT 1 FROM held_transactions h WHERE h.transaction_id = s.transaction_id)`;

/** The ids of clean transactions as a file below the scratch folder. */
export function transactionIds(ports: CleanPorts, object: CleanObject): Promise<CleanIds> {
  return writeIds(ports, { object, ...FACTS });
}

/** Brings ids into `staged_{table}`, which goes with the transaction. */
export async function stageIds(tx: WarehouseTransaction, ids: CleanIds): Promise<void> {
  // A join over the ids fits into this, in place of going through files.
  await tx.run(`SET LOCAL work_mem = '64MB'`);
  await stageRows(tx, { ...ids, csv: readPieces(ids.path) });
}

/** Looks up every row of the manifest, for a load log says only what was there once. */
export async function placesOf(
  ports: StepPorts,
  warehouse: Warehouse,
  { transactions, customers }: Pick<CleanManifest, 'transactions' | 'customers'>,
): Promise<Places> {
  const ids = [
    await transactionIds(ports, transactions),
    await writeIds(ports, { object: customers, ...CUSTOMERS }),
  ];
  return warehouse.transaction(
    async (tx) => {
      for (const one of ids) await stageIds(tx, one);
      return {
        held: await countOf(tx, HELD),
        missing: {
          transactions: await countOf(tx, MISSING_TRANSACTIONS),
          customers: await countOf(tx, MISSING_CUSTOMERS),
        },
      };
    },
    { signal: ports.signal },
  );
}

async function writeIds(
  ports: CleanPorts,
  { object, table, key }: { object: CleanObject; table: string; key: string },
): Promise<CleanIds> {
  const columns = [key];
  const path = await writeCsv(ports, { object, columns, name: `${table}-ids.csv` });
  return { table, columns, path, rows: object.rows };
}

async function countOf(tx: WarehouseTransaction, sql: string): Promise<number> {
  return Number((await tx.query(sql)).rows[0]?.[0]);
}
