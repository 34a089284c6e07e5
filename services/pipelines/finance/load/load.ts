import type { Problem, RunIdentity, Step, StepPorts, StepResult } from '../../../ports/step.ts';
import type { Warehouse, WarehouseTransaction } from '../../../ports/warehouse.ts';
import {
  type LoadCounts,
  type LoadEntry,
  loadOnce,
  type LoadOutcome,
} from '../../../stages/serve/load.ts';
import { migrate } from '../../../stages/serve/migrate.ts';
import { stageRows } from '../../../stages/serve/stage-rows.ts';
import { upsertRows } from '../../../stages/serve/upsert.ts';
import { noteAudit, noteAuditWithin } from '../audit.ts';
import {
  CLEAN_PARAMETER,
  cleanKeyOf,
  type CleanManifest,
  readCleanManifest,
} from '../clean/clean-manifest.ts';
import { CUSTOMER_COLUMNS, TRANSACTION_COLUMNS } from './columns.ts';
import { type ExtractManifest, readExtractManifest } from '../extract/extract-manifest.ts';
import {
  auditNoteOf,
  countsOf,
  type Loaded,
  loadedOf,
  repeatedOf,
  rowsWritten,
} from './load-counts.ts';
import { entryAgain, entryOf } from './load-entry.ts';
import { loadFacts } from './load-facts.ts';
import { isOlderDay, keepCustomers } from './older-day.ts';
import { readPieces, writeCsv } from './load-source.ts';
import { CUSTOMER_UPSERT } from './load-sql.ts';
import { FINANCE_SCHEMA } from './migrations.ts';
import { type Places, placesOf } from '../places.ts';
import { commitWatermarks } from '../extract/watermark.ts';

/**
 * Loads the clean rows of a day in one transaction (requirements 4.8): customers, what was held for them, transactions,
 * the row of `load_log` that makes a repeat do nothing, and the counts of the audit row. Then the watermarks move.
 */
export const load: Step = {
  name: 'load',
  summary: 'Bring the clean customers and transactions into the warehouse, changed rows only',
  parameters: [CLEAN_PARAMETER],
  async run(ports, parameters, run): Promise<StepResult> {
    const { signal, store } = ports;
    const key = cleanKeyOf(parameters, run.logicalDate);
    const { manifest, digest } = await readCleanManifest(store, key, signal);
    const extraction = await extractionOf(ports, manifest);
    const day: Day = { run, key, digest, manifest, extraction };
    const warehouse = await ports.warehouse();
    await migrate(warehouse, FINANCE_SCHEMA, { signal });
    const found = await standingOf(ports, warehouse, day);
    const { entry, before } = found;
    const outcome = before ?? (await loadNow(ports, warehouse, { entry, day }));
    const counts = loadedOf(outcome.counts);
    const loaded = outcome.isRepeat
      ? await repeat(ports, warehouse, { day, counts, found })
      : counts;
    if (day.extraction !== null) await commitWatermarks(ports.records, day.extraction, { signal });
    const problems = [...goneProblems(found), ...heldProblems(loaded)];
    return resultOf(loaded, { load: entry.digest, isRepeat: outcome.isRepeat, problems });
  },
};

/** How a manifest stands in the warehouse before anything is done. */
interface Standing {
  entry: LoadEntry;
  /** What its load came to; null when it is to be loaded, for the first time or again. */
  before: { isRepeat: true; counts: LoadCounts } | null;
  /** Where its rows are, if it was what the day has loaded last. */
  places: Places | null;
}

/** The load log says what was loaded; whether it is still there, only the tables say. What is gone is loaded again. */
async function standingOf(
  ports: StepPorts,
  warehouse: Warehouse,
  { manifest, digest, run, key }: Day,
): Promise<Standing> {
  const entry = await entryOf(warehouse, { digest, run });
  if (!entry.isNewest) return { entry, before: null, places: null };
  const places = await placesOf(ports, warehouse, manifest);
  const { missing } = places;
  if (missing.transactions + missing.customers === 0)
    return { entry, before: { isRepeat: true, counts: entry.counts }, places };
  ports.log.warn('load.rows_gone', { manifest: key, ...missing });
  return { entry: entryAgain(entry, digest), before: null, places };
}

/** Nothing is loaded; the audit row is told what is in place. */
async function repeat(
  ports: StepPorts,
  warehouse: Warehouse,
  { day, counts, found }: { day: Day; counts: Loaded; found: Standing },
): Promise<Loaded> {
  const { manifest, run, key } = day;
  ports.log.info('load.repeated', { manifest: key });
  const { held } = found.places ?? (await placesOf(ports, warehouse, manifest));
  const loaded = repeatedOf(counts, held);
  await noteAudit(ports, run, auditNoteOf(day, loaded));
  return loaded;
}

interface Day {
  run: RunIdentity;
  /** Where the clean manifest lies, and the hash of its bytes. */
  key: string;
  digest: string;
  manifest: CleanManifest;
  /** What the clean rows were made of; null when that is gone. */
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
  const known = await upsertRows(tx, { staged: stagedCustomers, ...CUSTOMER_UPSERT });
  const { rows } = manifest.transactions;
  const facts = await loadFacts(tx, { path: files.transactions, rows, isOlder });
  ports.progress({ rowsRead: rows });
  const loaded = countsOf(manifest, {
    ...facts,
    customers: { ...known, unchanged: known.unchanged + kept },
  });
  await noteAuditWithin(tx, ports, { run, note: auditNoteOf(day, loaded) });
  return loaded;
}

function resultOf(
  loaded: Loaded,
  {
    load: digest,
    isRepeat,
    problems,
  }: { load: string; isRepeat: boolean; problems: StepResult['problems'] },
): StepResult {
  const { inserted, updated, unchanged, held, released } = loaded;
  const counts = { inserted, updated, unchanged, held, released };
  const texts = Object.entries(counts).map(([name, count]) => [name, String(count)] as const);
  return {
    outputs: { load: digest, repeat: String(isRepeat), ...Object.fromEntries(texts) },
    counts: { objectsRead: 2, rowsWritten: rowsWritten(loaded) },
    problems,
  };
}

/** Held rows are not lost, but somebody should know that customers are missing. */
function heldProblems({ held }: Loaded): Problem[] {
  if (held === 0) return [];
  const rows = held === 1 ? '1 transaction is' : `${held} transactions are`;
  const message = `${rows} held until the customer comes; every load tries again`;
  return [{ object: 'held_transactions', message }];
}

/** What this load had brought before was not there any more, and nothing of ours takes rows away. */
function goneProblems({ before, places }: Standing): Problem[] {
  if (before !== null || places === null) return [];
  const { transactions, customers } = places.missing;
  const message = `${transactions} transactions and ${customers} customers of an earlier load were gone; they are loaded again`;
  return [{ object: 'fact_transactions', message }];
}
