import type { WarehouseTransaction } from '../../../ports/warehouse.ts';
import { fillEmpty } from '../../../stages/serve/fill.ts';
import { stageRows } from '../../../stages/serve/stage-rows.ts';
import { upsertRows } from '../../../stages/serve/upsert.ts';
import { TRANSACTION_COLUMNS } from './columns.ts';
import { holdLate, holdLoaded, isNoneHeld, releaseHeld } from './held.ts';
import type { Deeds } from './load-counts.ts';
import { readPieces } from './load-source.ts';
import { FACT_UPSERT } from './load-sql.ts';
import { keepLaterForms, noteRedelivered } from './older-day.ts';

/** The clean transactions of a day as CSV, and how many they are. */
export interface FactSource {
  path: string;
  rows: number;
  /** True when a later day has been loaded before. */
  isOlder: boolean;
}

type FactDeeds = Omit<Deeds, 'customers'>;

const FACTS = { table: 'fact_transactions', columns: TRANSACTION_COLUMNS } as const;

/** Brings the transactions of a day into the warehouse, whose customers are there already; the rest is held. */
export async function loadFacts(tx: WarehouseTransaction, source: FactSource): Promise<FactDeeds> {
  return (await fillFacts(tx, source)) ?? (await mergeFacts(tx, source));
}

/** The first load of many: straight into the table. Null where anything has been loaded or held before. */
async function fillFacts(
  tx: WarehouseTransaction,
  { path, rows }: FactSource,
): Promise<FactDeeds | null> {
  if (!(await isNoneHeld(tx))) return null;
  const request = { ...FACTS, csv: () => readPieces(path), rows };
  const held = await fillEmpty(tx, request, () => holdLoaded(tx));
  if (held === null) return null;
  return {
    transactions: { inserted: rows - held, updated: 0, unchanged: 0 },
    held,
    released: 0,
  };
}

async function mergeFacts(
  tx: WarehouseTransaction,
  { path, rows, isOlder }: FactSource,
): Promise<FactDeeds> {
  const staged = await stageRows(tx, { ...FACTS, csv: readPieces(path), rows });
  const later = isOlder ? await keepLaterForms(tx, staged) : { loaded: 0, held: 0 };
  const held = later.held + (await holdLate(tx, staged));
  const released = await releaseHeld(tx);
  const facts = await upsertRows(tx, { staged, ...FACT_UPSERT });
  if (facts.unchanged > 0) await noteRedelivered(tx, { staged: staged.table, table: FACTS.table });
  const transactions = { ...facts, unchanged: facts.unchanged + later.loaded };
  return { transactions, held, released };
}
