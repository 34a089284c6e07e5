import { PipelineError } from '../../core/error.ts';
import { PROBE_MS_MAX } from '../../core/limit.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import type { Config } from '../config/config.ts';
import type { Wiring } from './wire.ts';

/** What a configuration has opened in this process. */
interface Opened {
  warehouse?: Promise<Warehouse>;
  source?: Promise<Warehouse>;
}

const opened = new WeakMap<Config, Opened>();

/**
 * The configured warehouse, opened at the first call; the same one for all steps of the process. One that did not open
 * is tried again at the next call.
 */
export function openWarehouse({ config }: Pick<Wiring, 'config'>): Promise<Warehouse> {
  return once(config, 'warehouse', () => connect(config));
}

/** The configured warehouse for a reader; `not-found` in place of making an embedded one that nothing was loaded into. */
export async function openExistingWarehouse(wiring: Pick<Wiring, 'config'>): Promise<Warehouse> {
  const { warehouse } = wiring.config;
  if (warehouse.kind === 'pglite') {
    const { hasData } = await import('../../adapters/warehouse/pglite-data.ts');
    if (!hasData(warehouse.folder)) {
      throw new PipelineError('not-found', `there is no warehouse in ${warehouse.folder} yet`, {
        hint: 'the first load makes it, for example: argosy run finance --sample',
      });
    }
  }
  return openWarehouse(wiring);
}

/**
 * What the configured warehouse answers, in a few words. An embedded one is not made for that, and one that another
 * process has open is well.
 */
export async function probeWarehouse(wiring: Pick<Wiring, 'config'>): Promise<string> {
  try {
    const warehouse = await openExistingWarehouse(wiring);
    const signal = AbortSignal.timeout(PROBE_MS_MAX);
    const { rows } = await warehouse.query('SHOW server_version', [], { signal });
    return `${warehouse.url}: PostgreSQL ${String(rows[0]?.[0])}`;
  } catch (error) {
    const isWell = error instanceof PipelineError && ['not-found', 'conflict'].includes(error.kind);
    if (!isWell) throw error;
    return error.kind === 'conflict' ? error.message : `${error.message}: the first load makes it`;
  }
}

/** The database that rows are read from, opened at the first call; `config-invalid` when none is set. */
export function openSourceDatabase({ config }: Pick<Wiring, 'config'>): Promise<Warehouse> {
  return once(config, 'source', async () => {
    const { sourceDatabase } = config;
    if (sourceDatabase === undefined) {
      throw new PipelineError('config-invalid', 'no database is set that rows could be read from', {
        hint: 'set ARGOSY_SOURCE_DATABASE=postgres://…, or ARGOSY_SOURCE_DATABASE_FILE',
      });
    }
    const { postgresWarehouse } = await import('../../adapters/warehouse/postgres.ts');
    return postgresWarehouse(sourceDatabase.reveal());
  });
}

/** Closes what the process has opened, at its end; an embedded warehouse can then be opened by another process. */
export async function closeWarehouses({
  config,
  log,
}: Pick<Wiring, 'config' | 'log'>): Promise<void> {
  const { warehouse, source } = opened.get(config) ?? {};
  opened.delete(config);
  for (const one of [warehouse, source]) {
    // One that did not open has nothing to close, and has told why.
    const open = await one?.catch(() => undefined);
    await open?.close().catch((error: unknown) => {
      // What was committed is kept whether it closes or not.
      log.warn('warehouse.close', { url: open.url, reason: String(error) });
    });
  }
}

function once(
  config: Config,
  name: keyof Opened,
  open: () => Promise<Warehouse>,
): Promise<Warehouse> {
  const known = opened.get(config) ?? {};
  opened.set(config, known);
  const opening = known[name] ?? open();
  known[name] = opening;
  opening.catch(() => {
    if (known[name] === opening) delete known[name];
  });
  return opening;
}

async function connect(config: Config): Promise<Warehouse> {
  const { warehouse } = config;
  if (warehouse.kind === 'pglite') {
    const { pgliteWarehouse } = await import('../../adapters/warehouse/pglite.ts');
    return pgliteWarehouse({ folder: warehouse.folder });
  }
  if (warehouse.kind === 'redshift') {
    const { openRedshift } = await import('./redshift.ts');
    return openRedshift(config, warehouse.url.reveal());
  }
  const { postgresWarehouse } = await import('../../adapters/warehouse/postgres.ts');
  return postgresWarehouse(warehouse.url.reveal());
}
