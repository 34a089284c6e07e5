import pLimit from 'p-limit';
import { PipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { CallOptions, ObjectStore } from '../../ports/object-store.ts';
import type { StepPorts } from '../../ports/step.ts';
import type { Database } from './database.ts';
import { allSettled } from '../shape/settle.ts';
import { definitionWaves } from './definition-waves.ts';
import { athenaDdl, offeredOn } from './ddl/athena.ts';
import { dropStatements, type TableDigests, tableDigests } from './ddl/redefine.ts';
import { versionOf } from './history/version.ts';
import { writeLinks } from './links/write.ts';
import type { ServePorts } from './localise.ts';

/** Well below what one account may run at one time. */
const DEFINED_AT_ONCE = 5;
/** Publishes that one registering follows; what comes after that is registered by who publishes it. */
const ROUNDS_MAX = 5;

/** What is kept of a database that was registered with the catalogue of another engine. */
export interface Registration {
  database: string;
  /** The catalogue's name. */
  catalog: string;
  /** What its tables consisted of then (`history/version.ts`). */
  version: string;
  /** Of the statements that defined it. */
  digest: string;
  /** Of each table; absent in records of before they were kept. */
  tables?: TableDigests;
  /** When `version` or `digest` last changed, ISO 8601: from then on, readers there see this. */
  changed_at: string;
}

/** What registering needs: what serving needs, the catalogue, and the time for the record. */
export interface RegistrationPorts extends ServePorts {
  catalog: Catalog;
  clock: Clock;
}

/** What registering did. */
export interface Registered {
  database: string;
  /** False when all was as it is. */
  isNew: boolean;
  /** Lists of objects that were written or removed. */
  links: number;
  /** Definitions that were run. */
  statements: number;
}

/**
 * Makes what a database has published to be seen by the engine of a catalogue: its lists of objects first, then the
 * definitions of databases, tables and views, where these have changed since the last time or `isForced` says so. Twice
 * equals once. Null for a database without a table that such an engine could read, or before the first publish.
 */
export async function registerDatabase(
  ports: RegistrationPorts,
  database: Database,
  { isForced = false }: { isForced?: boolean } = {},
): Promise<Registered | null> {
  let sum: Registered | null = null;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const done = await registerOnce(ports, database, isForced && round === 0);
    if (done === null) return sum;
    sum = added(sum, done);
    const now = await versionOf(ports.store, database, { signal: ports.signal });
    // Of two that register beside each other, the later one may have written what the earlier one saw.
    if (now === done.version) break;
  }
  return sum;
}

function added(sum: Registered | null, done: Registered): Registered {
  return {
    database: done.database,
    isNew: done.isNew || sum?.isNew === true,
    links: done.links + (sum?.links ?? 0),
    statements: done.statements + (sum?.statements ?? 0),
  };
}

async function registerOnce(
  ports: RegistrationPorts,
  database: Database,
  isForced: boolean,
): Promise<(Registered & { version: string }) | null> {
  const { store, catalog, signal } = ports;
  if (offeredOn(database.datasets).length === 0) return null;
  // Asked first, so that a publish from here on is another version.
  const version = await versionOf(store, database, { signal });
  if (version === null) return null;
  const links = await writeLinks(ports, database);
  const statements = athenaDdl({ database, storeUrl: store.url, years: links.years });
  const digest = sha256(JSON.stringify(statements));
  const which = { database: database.name, catalog: catalog.name };
  const before = await readRegistration(store, which, { signal });
  const isKnown = before?.digest === digest;
  const isDefined = isKnown && !isForced;
  const tables = tableDigests(statements);
  if (!isDefined) {
    await define(ports, dropStatements(before?.tables ?? {}, tables));
    await define(ports, statements);
  }
  const done = {
    database: database.name,
    links: links.written + links.removed,
    statements: isDefined ? 0 : statements.length,
    version,
  };
  if (isKnown && before.version === version) return { ...done, isNew: false };
  const changedAt = ports.clock.now().toISOString();
  const registration = { ...which, version, digest, tables, changed_at: changedAt };
  const bytes = Buffer.from(`${JSON.stringify(registration, null, 2)}\n`);
  await store.put(keyOf(which), bytes, { signal });
  return { ...done, isNew: true };
}

/**
 * As `registerDatabase` at the end of a step that has published, where the operator's engine is one that has to be told
 * of tables; elsewhere it does nothing.
 */
export async function registerPublished(ports: StepPorts, database: Database): Promise<void> {
  if (ports.catalog === undefined) return;
  const catalog = await ports.catalog();
  const done = await registerDatabase({ ...ports, cache: ports.scratch, catalog }, database);
  if (done !== null) ports.log.info('tables.registered', { ...done });
}

/** Statements that do not need each other run beside each other: each takes a service a moment. */
async function define(
  { catalog, signal }: RegistrationPorts,
  statements: readonly string[],
): Promise<void> {
  const limit = pLimit(DEFINED_AT_ONCE);
  for (const wave of definitionWaves(statements))
    await allSettled(wave.map((one) => limit(() => catalog.define(one, { signal }))));
}

/** What was registered last; null before, or when the record is none any more: registering again makes it anew. */
export async function readRegistration(
  store: ObjectStore,
  which: Pick<Registration, 'database' | 'catalog'>,
  options?: CallOptions,
): Promise<Registration | null> {
  const bytes = await store.get(keyOf(which), options);
  if (bytes === null) return null;
  try {
    const found = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<Registration> | null;
    const texts = [found?.version, found?.digest, found?.changed_at];
    return texts.every((text) => typeof text === 'string') ? (found as Registration) : null;
  } catch {
    // A damaged record counts as none.
    return null;
  }
}

/** As `readRegistration`; `config-invalid` where there is none, saying what makes one. */
export async function needRegistration(
  store: ObjectStore,
  which: Pick<Registration, 'database' | 'catalog'> & { pipeline: string },
  options?: CallOptions,
): Promise<Registration> {
  const found = await readRegistration(store, which, options);
  if (found !== null) return found;
  const message = `the tables of ${which.pipeline} are not registered with ${which.catalog}`;
  throw new PipelineError('config-invalid', message, {
    hint: `argosy setup ${which.pipeline} --engine athena registers what is published`,
  });
}

function keyOf({ catalog, database }: Pick<Registration, 'database' | 'catalog'>): string {
  return `_catalog/registered/${catalog.replaceAll(/[^\w.-]+/g, '-')}/${database}.json`;
}
