import { PipelineError } from '../core/error.ts';
import type { Warehouse } from '../ports/warehouse.ts';
import type { Wiring } from './wire.ts';

/** The configured warehouse, opened at the first call; the same one for all steps of the process. */
export async function openWarehouse(_wiring: Wiring): Promise<Warehouse> {
  throw new PipelineError('unsupported', 'warehouse');
}

/** The database that rows are read from, opened at the first call. */
export async function openSourceDatabase(_wiring: Wiring): Promise<Warehouse> {
  throw new PipelineError('unsupported', 'source database');
}
