import type { Database, DatabaseRequest } from '../../../stages/serve/database.ts';
import { databaseFor } from './database.ts';
import { withRaw } from './raw-tables.ts';

/** All zones of commerce in SQL: curated, processed and raw (requirements 3.2), with what this query needs of them. */
export function commerceTables(request: DatabaseRequest): Database {
  return withRaw(databaseFor(request.environment, request.sql), request);
}
