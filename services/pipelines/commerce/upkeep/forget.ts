import { createHmac } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { quoteTable } from '../../../core/column.ts';
import { datasetId } from '../../../core/dataset.ts';
import { PipelineError } from '../../../core/error.ts';
import { type Commit, commitPrefix, decodeCommit, type Part } from '../../../core/manifest.ts';
import type { Secret } from '../../../core/secret.ts';
import type { RecordStore } from '../../../ports/record-store.ts';
import { openDatabase } from '../../../stages/serve/database.ts';
import type { ServePorts } from '../../../stages/serve/localise.ts';
import { hashesPersons, saltOf } from '../../../stages/shape/protect.ts';
import { newestSet } from '../set/commit-set.ts';
import { commerceDatabase } from '../answer/database.ts';
import { readFileRecord } from '../door/file-record.ts';
import {
  countRows,
  hasCustomers,
  type Person,
  type RawFile,
  rewriteFile,
  sessionsIn,
} from './forget-file.ts';
import { eraseProcessed, sessionsProcessed } from './forget-processed.ts';
import { eraseQueries } from './forget-queries.ts';
import { CURATED } from '../merge/merge.ts';
import { FEED_NAMES, parseRawKey, RAW } from '../door/raw-key.ts';

/** What forgetting a person needs. */
export interface ForgetPorts extends ServePorts {
  records: RecordStore;
  /** An empty folder on local disk. */
  scratch: string;
  settings: { environment: string; personSalt: Secret | undefined };
}

/** Where a person is: rows by raw object and by table, and raw objects that cannot be read. */
export interface Traces {
  customerId: string;
  raw: readonly { key: string; rows: number }[];
  tables: readonly { table: string; rows: number }[];
  /** Raw objects that were refused for their bytes: who is in them cannot be told. */
  unreadable: readonly string[];
  /** Objects below `raw/` that belong to no feed: nobody looks into them. */
  passedOver: readonly string[];
  /** Objects of earlier sets that are still there: anybody may be in them. */
  superseded: number;
}

/** Looks for a customer in all zones; changes nothing. */
export async function findPerson(ports: ForgetPorts, customerId: string): Promise<Traces> {
  const { files, unreadable, passedOver, person } = await filesAbout(ports, customerId);
  const raw: { key: string; rows: number }[] = [];
  for (const file of files) {
    const rows = await countRows(ports, file, person);
    if (rows > 0) raw.push({ key: file.key, rows });
  }
  const tables = await rowsByTable(ports, customerId);
  const superseded = (await supersededParts(ports)).length;
  return { customerId, raw, tables, unreadable, passedOver, superseded };
}

/**
 * Takes a person's rows out of the raw files, which is where the tables are made from, and out of the cleaned files, for
 * raw ones expire: the next run makes the tables again without them. A copy that was refused is emptied, for what it is
 * a copy of has other content now.
 */
export async function eraseRows(ports: ForgetPorts, { customerId, raw }: Traces): Promise<void> {
  const { person } = await filesAbout(ports, customerId);
  for (const { key } of raw) {
    const named = parseRawKey(key);
    if (named === null) throw new PipelineError('bug', `${key}: no raw object`);
    const record = await readFileRecord(ports, key);
    const isEmptied = record !== null && record.duplicateOf !== null;
    await rewriteFile(ports, { key, named }, { person, isEmptied });
  }
  await eraseProcessed(silent(ports), person);
}

function silent(ports: ForgetPorts): ForgetPorts & { progress(): void } {
  return { ...ports, progress: () => undefined };
}

/**
 * Removes the objects that earlier sets named and the newest do not: the tables as they were before; and the answers that
 * were given of them. Returns how many.
 * Who reads a table at that moment may be told that an object is gone, and asks again.
 */
export async function eraseSuperseded(
  ports: ForgetPorts,
  { customerId }: Pick<Traces, 'customerId'>,
): Promise<number> {
  const { store, signal, cache } = ports;
  let count = await eraseQueries(ports, [customerId, shownAs(ports, customerId)]);
  for (const { key, sha256 } of await supersededParts(ports)) {
    await store.delete(key, { signal });
    await rm(`${cache}/${sha256.slice(0, 2)}/${sha256}.parquet`, { force: true });
    count += 1;
  }
  return count;
}

/** What earlier sets named and the newest do not, where it is still there. */
async function supersededParts(ports: ForgetPorts): Promise<Part[]> {
  const { store, signal } = ports;
  const names = [...FEED_NAMES, CURATED];
  const current = new Set<string>();
  for (const name of names)
    for (const { key } of (await newestSet(store, name))?.parts ?? []) current.add(key);
  const gone = new Map<string, Part>();
  for (const name of names)
    for await (const commit of commitsOf(ports, name))
      for (const part of commit.parts) if (!current.has(part.key)) gone.set(part.key, part);
  const there: Part[] = [];
  for (const part of gone.values())
    if ((await store.head(part.key, { signal })) !== null) there.push(part);
  return there;
}

/** The day as of which the tables were made last; null before the first run. */
export async function madeAsOf({ store }: Pick<ForgetPorts, 'store'>): Promise<string | null> {
  return (await newestSet(store, CURATED))?.attributes['as_of'] ?? null;
}

async function* commitsOf({ store, signal }: ForgetPorts, name: string): AsyncGenerator<Commit> {
  for await (const { key } of store.list(commitPrefix(name), { signal })) {
    const bytes = await store.get(key, { signal });
    if (bytes !== null) yield decodeCommit(key, bytes);
  }
}

async function filesAbout(
  ports: ForgetPorts,
  customerId: string,
): Promise<{ files: RawFile[]; unreadable: string[]; passedOver: string[]; person: Person }> {
  const files: RawFile[] = [];
  const unreadable: string[] = [];
  const passedOver: string[] = [];
  const sessions = new Set(await sessionsProcessed(silent(ports), customerId));
  for await (const { key } of ports.store.list(RAW, { signal: ports.signal })) {
    const named = parseRawKey(key);
    if (named === null) passedOver.push(key);
    if (named === null || !hasCustomers(named)) continue;
    const file = { key, named };
    const found = await readableSessions(ports, file, customerId);
    if (found === null) unreadable.push(key);
    else files.push(file);
    for (const session of found ?? []) sessions.add(session);
  }
  return { files, unreadable, passedOver, person: { customerId, sessions } };
}

async function readableSessions(
  ports: ForgetPorts,
  file: RawFile,
  customerId: string,
): Promise<ReadonlySet<string> | null> {
  try {
    return await sessionsIn(ports, file, customerId);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const isBytes =
      error instanceof PipelineError && ['input-invalid', 'too-large'].includes(error.kind);
    if (isBytes || (typeof code === 'string' && code.startsWith('Z_'))) return null;
    throw error;
  }
}

/** What the curated tables have in place of an identifier. */
function shownAs({ settings }: ForgetPorts, customerId: string): string {
  if (!hashesPersons(settings.environment)) return customerId;
  return createHmac('sha256', saltOf(settings).reveal()).update(customerId).digest('hex');
}

async function rowsByTable(
  ports: ForgetPorts,
  customerId: string,
): Promise<{ table: string; rows: number }[]> {
  const { environment } = ports.settings;
  const database = commerceDatabase(environment);
  const shown = shownAs(ports, customerId);
  const engine = await openDatabase(ports, database);
  try {
    const tables: { table: string; rows: number }[] = [];
    for (const dataset of database.datasets) {
      if (!dataset.columns.some(({ name }) => name === 'customer_id')) continue;
      const id = datasetId({ schema: dataset.schema ?? database.name, name: dataset.name });
      const { rows } = await engine.query(
        `SELECT count(*) FROM ${quoteTable(id)} WHERE customer_id IN ($1, $2)`,
        [customerId, shown],
      );
      const count = Number(rows[0]?.[0] ?? 0);
      if (count > 0) tables.push({ table: id, rows: count });
    }
    return tables;
  } finally {
    await engine.close();
  }
}
