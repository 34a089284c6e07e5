import { PipelineError } from '../../core/error.ts';
import { WINGS } from '../commands.ts';
import { bucketFor } from '../host.ts';
import type { Flags } from '../program.ts';
import type { Session } from '../session.ts';
import { openExistingWarehouse } from '../wire/warehouse.ts';
import type { Asking, Limits } from './asking.ts';

/** Flags that say nothing to a warehouse, by the reason. */
const STRANGE = {
  pipeline: 'the warehouse holds the tables of all pipelines that load into it',
  asOf: 'the warehouse holds its tables as they are now',
  engine: 'the warehouse is an engine of its own',
  scanLimit: 'it does not tell what it reads',
} as const;

/** A SELECT over the tables of the warehouse, in the SQL of PostgreSQL. Such an answer is never kept. */
export async function askWarehouse(
  session: Session,
  { sql, flags, limits }: { sql: string; flags: Flags; limits: Limits },
): Promise<Asking> {
  for (const name of Object.keys(STRANGE) as (keyof typeof STRANGE)[]) {
    if (flags[name] === undefined) continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new PipelineError('config-invalid', `${flag} says nothing to the warehouse`, {
      hint: `leave out ${flag}: ${STRANGE[name]}`,
    });
  }
  const warehouse = await openExistingWarehouse(session);
  const { signal, io } = session;
  const pipeline = loadedBy(sql);
  return {
    question: {
      pipeline,
      sql,
      asOf: null,
      named: null,
      engine: 'postgres',
      database: '',
      version: null,
    },
    store: bucketFor(session, pipeline),
    version: async () => null,
    async ask() {
      const startedMs = io.clock.now().getTime();
      const result = await warehouse.select(sql, limits.rowsMax, { signal });
      const durationMs = io.clock.now().getTime() - startedMs;
      const told = { scannedBytes: null, durationMs, isReused: false, executionId: null };
      return { ...result, ...told, tables: [], asOf: null };
    },
  };
}

/** The pipeline whose schema the SQL names among those that load into the warehouse; the first when it names none. */
function loadedBy(sql: string): string {
  const names = Object.keys(WINGS).filter((name) => WINGS[name]?.warehouse !== undefined);
  const named = names.find((name) => new RegExp(`\\b${WINGS[name]?.schema}\\b`, 'i').test(sql));
  return named ?? names[0] ?? '';
}
