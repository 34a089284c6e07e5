import { AsyncLocalStorage } from 'node:async_hooks';
import { pathToFileURL } from 'node:url';
import type { PGlite } from '@electric-sql/pglite';
import { PipelineError } from '../../core/error.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { dataFolder } from './pglite-data.ts';
import { pgliteSession } from './pglite-session.ts';
import type { SqlSession } from './sql-session.ts';
import { sqlWarehouse } from './sql-warehouse.ts';

/** How long a process waits for another that has the same folder open. */
const LOCK_WAIT_MS = 10_000;

export interface PgliteOptions {
  /** The warehouse's own folder: the data of PostgreSQL is below it, and the lock. */
  folder: string;
  lockWaitMs?: number;
}

/**
 * PostgreSQL compiled to WebAssembly, in this process, with its data in a folder. One process at a time has it open, and
 * one transaction at a time goes on in it. What was committed survives the end of the process, however it comes; PGlite
 * does not flush to the disk, so a power cut may cost the last seconds, or the folder.
 */
export async function pgliteWarehouse(options: PgliteOptions): Promise<Warehouse> {
  const { folder, lockWaitMs = LOCK_WAIT_MS } = options;
  const url = pathToFileURL(folder).href.replace(/^file:/, 'pglite:');
  const lock = await lockFolder(folder, lockWaitMs).catch((error: unknown) => {
    throw notUsable(folder, error);
  });
  let open: Open;
  try {
    open = await openData(folder);
  } catch (cause) {
    await lock.release();
    if (cause instanceof PipelineError) throw cause;
    throw new PipelineError('unavailable', `${url}: the embedded warehouse does not open`, {
      hint: 'docs/warehouse.md says what to do with a damaged folder',
      cause,
    });
  }
  const turns = oneAtATime(url);
  return sqlWarehouse({
    dialect: 'postgres',
    url,
    lease: async () => {
      const done = await turns.take();
      return { session: open.session, release: () => done() };
    },
    enclose: (work) => turns.inTurn.run(true, work),
    close: async () => {
      await turns.take();
      await shut(open.database, lock);
    },
  });
}

/** A folder that cannot be written into, or on a full disk. */
function notUsable(folder: string, cause: unknown): PipelineError {
  if (cause instanceof PipelineError) return cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  const kind = /ENOSPC|EDQUOT/.test(said) ? 'too-large' : 'config-invalid';
  return new PipelineError(kind, `the warehouse cannot be kept in ${folder}: ${said}`, {
    hint: 'let ARGOSY_WAREHOUSE name a folder that can be written into, or a PostgreSQL server',
    cause,
  });
}

interface Open {
  database: PGlite;
  session: SqlSession;
}

async function openData(folder: string): Promise<Open> {
  const { PGlite } = await import('@electric-sql/pglite');
  const create = (path: string) =>
    PGlite.create({ dataDir: path, startParams: startParameters(PGlite) });
  const database = await create(await dataFolder(folder, create));
  return { database, session: await pgliteSession(database, folder) };
}

/** A laptop's share of memory: PostgreSQL's own default takes 128 MiB for pages that the machine keeps anyway. */
function startParameters({ defaultStartParams }: typeof PGlite): string[] {
  return [...defaultStartParams, '-c', 'shared_buffers=32MB'];
}

async function shut(database: PGlite, lock: FolderLock): Promise<void> {
  try {
    await database.close();
  } finally {
    await lock.release();
  }
}

/** Turns in the order of asking. Whoever has a turn and asks for another would wait for ever, and is told so instead. */
function oneAtATime(url: string) {
  const inTurn = new AsyncLocalStorage<boolean>();
  let last: Promise<void> = Promise.resolve();
  return {
    async take(): Promise<() => void> {
      if (inTurn.getStore() === true) {
        throw new PipelineError('bug', `${url}: asked from within its own transaction`);
      }
      const before = last;
      let done = (): void => undefined;
      last = new Promise((resolve) => (done = resolve));
      await before;
      return done;
    },
    inTurn,
  };
}
