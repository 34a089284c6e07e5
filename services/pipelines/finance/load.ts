import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../ports/step.ts';
import type { Warehouse, WarehouseTransaction } from '../../ports/warehouse.ts';
import { type LoadEntry, loadOnce, type LoadOutcome } from '../../stages/serve/load.ts';
import { migrate } from '../../stages/serve/migrate.ts';
import { stageRows } from '../../stages/serve/stage-rows.ts';
import { upsertRows } from '../../stages/serve/upsert.ts';
import { noteAudit, noteAuditWithin } from './audit.ts';
import { type CleanManifest, cleanManifestKey, readCleanManifest } from './clean-manifest.ts';
import { COMPARED_COLUMNS, CUSTOMER_COLUMNS, TRANSACTION_COLUMNS } from './columns.ts';
import { type ExtractManifest, readExtractManifest } from './extract-manifest.ts';
import { holdLate, releaseHeld } from './held.ts';
import {
  auditNoteOf,
  countsOf,
  type Loaded,
  loadedOf,
  repeatedOf,
  rowsWritten,
} from './load-counts.ts';
import { entryOf } from './load-entry.ts';
import { isOlderDay, keepCustomers, keepLaterForms } from './older-day.ts';
import { readPieces, writeCsv } from './load-source.ts';
import { FINANCE_SCHEMA } from './migrations.ts';
import { stillHeld } from './still-held.ts';
import { commitWatermarks } from './watermark.ts';

/**
 * Loads the clean rows of a day in one transaction (requirements 4.8): customers, what was held for them, transactions,
 * the row of `load_log` that makes a repeat do nothing, and the counts of the audit row. Then the watermarks move.
 */
export const load: Step = {
  name: 'load',
  summary: 'Bring the clean customers and transactions into the warehouse, changed rows only',
  parameters: [],
  async run(ports, _parameters, run): Promise<StepResult> {
    const { signal, store } = ports;
    const key = cleanManifestKey(run.logicalDate);
    const { manifest, digest } = await readCleanManifest(store, key, signal);
    const day: Day = { run, manifest, extraction: await extractionOf(ports, manifest) };
    const warehouse = await ports.warehouse();
    await migrate(warehouse, FINANCE_SCHEMA, { signal });
    const entry = await entryOf(warehouse, { digest, run });
    const outcome = entry.isNewest
      ? { isRepeat: true, counts: entry.counts }
      : await loadNow(ports, warehouse, { entry, day });
    const counts = loadedOf(outcome.counts);
    const loaded = outcome.isRepeat ? await repeat(ports, warehouse, { day, counts }) : counts;
    if (day.extraction !== null) await commitWatermarks(ports.records, day.extraction, { signal });
    return resultOf(loaded, { load: entry.digest, isRepeat: outcome.isRepeat });
  },
};

/** Nothing is loaded; the audit row is told what is in place. */
async function repeat(
  ports: StepPorts,
  warehouse: Warehouse,
  { day, counts }: { day: Day; counts: Loaded },
): Promise<Loaded> {
  const { manifest, run } = day;
  ports.log.info('load.repeated', { manifest: cleanManifestKey(run.logicalDate) });
  const isAnyHeld = counts.held > 0;
  const heldNow = isAnyHeld ? await stillHeld(ports, warehouse, manifest.transactions) : 0;
  const loaded = repeatedOf(counts, heldNow);
  await noteAudit(ports, run, auditNoteOf(day, loaded));
  return loaded;
}

interface Day {
  run: RunIdentity;
  manifest: CleanManifest;
  /** What the clean rows were made of; null when something else has been extracted since. */
  extraction: ExtractManifest | null;
}

async function extractionOf(
  { store, signal, log }: StepPorts,
  { inputs }: CleanManifest,
): Promise<ExtractManifest | null> {
  const { manifest, digest } = await readExtractManifest(store, inputs.manifest, signal);
  if (digest === inputs.sha256) return manifest;
  log.warn('load.extraction_replaced', { manifest: inputs.manifest });
  return null;
}

async function loadNow(
  ports: StepPorts,
  warehouse: Warehouse,
  { entry, day }: { entry: LoadEntry; day: Day },
): Promise<LoadOutcome> {
  const { customers, transactions } = day.manifest;
  // Before the transaction begins, so that it lasts no longer than it must.
  const files = {
    customers: await writeCsv(ports, {
      object: customers,
      columns: CUSTOMER_COLUMNS,
      name: 'customers.csv',
    }),
    transactions: await writeCsv(ports, {
      object: transactions,
      columns: TRANSACTION_COLUMNS,
      name: 'transactions.csv',
    }),
  };
  return loadOnce(warehouse, entry, (tx) => loadWithin(tx, ports, { day, files }), {
    signal: ports.signal,
  });
}

async function loadWithin(
  tx: WarehouseTransaction,
  ports: StepPorts,
  { day, files }: { day: Day; files: { customers: string; transactions: string } },
): Promise<Loaded> {
  const { manifest, run } = day;
  const stagedCustomers = await stageRows(tx, {
    table: 'dim_customers',
    columns: CUSTOMER_COLUMNS,
    csv: readPieces(files.customers),
    rows: manifest.customers.rows,
  });
  const isOlder = await isOlderDay(tx, run);
  const kept = isOlder ? await keepCustomers(tx, stagedCustomers) : 0;
  const known = await upsertRows(tx, {
    staged: stagedCustomers,
    table: 'dim_customers',
    key: ['customer_id'],
    changedAt: 'updated_at',
  });
  const staged = await stageRows(tx, {
    table: 'fact_transactions',
    columns: TRANSACTION_COLUMNS,
    csv: readPieces(files.transactions),
    rows: manifest.transactions.rows,
  });
  ports.progress({ rowsRead: staged.rows });
  const later = isOlder ? await keepLaterForms(tx, staged) : { loaded: 0, held: 0 };
  const held = later.held + (await holdLate(tx, staged));
  const released = await releaseHeld(tx);
  const facts = await upsertRows(tx, {
    staged,
    table: 'fact_transactions',
    key: ['transaction_id'],
    compared: COMPARED_COLUMNS,
    changedAt: 'updated_at',
  });
  const loaded = countsOf(manifest, {
    customers: { ...known, unchanged: known.unchanged + kept },
    transactions: { ...facts, unchanged: facts.unchanged + later.loaded },
    held,
    released,
  });
  await noteAuditWithin(tx, ports, { run, note: auditNoteOf(day, loaded) });
  return loaded;
}

function resultOf(
  loaded: Loaded,
  { load: digest, isRepeat }: { load: string; isRepeat: boolean },
): StepResult {
  const { inserted, updated, unchanged, held, released } = loaded;
  const counts = { inserted, updated, unchanged, held, released };
  const texts = Object.entries(counts).map(([name, count]) => [name, String(count)] as const);
  return {
    outputs: { load: digest, repeat: String(isRepeat), ...Object.fromEntries(texts) },
    counts: { objectsRead: 2, rowsWritten: rowsWritten(loaded) },
    problems: held === 0 ? [] : [heldProblem(held)],
  };
}

/** Held rows are not lost, but somebody should know that customers are missing. */
function heldProblem(held: number): Problem {
  const rows = held === 1 ? '1 transaction is' : `${held} transactions are`;
  return {
    object: 'held_transactions',
    message: `${rows} held until the customer comes; every load tries again`,
  };
}
