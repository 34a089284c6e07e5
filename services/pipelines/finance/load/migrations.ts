import type { MigrationSet } from '../../../stages/serve/migrate.ts';
import tables from '../warehouse/01-tables.sql';
import indexes from '../warehouse/02-indexes.sql';
import views from '../warehouse/03-views.sql';
import held from '../warehouse/04-held.sql';
import redelivered from '../warehouse/05-redelivered.sql';

/** The tables of finance in the warehouse (requirements 4.8), the same on PGlite and PostgreSQL 15. */
export const FINANCE_SCHEMA: MigrationSet = {
  owner: 'finance',
  migrations: [
    { id: '0001-tables', sql: tables },
    { id: '0002-indexes', sql: indexes },
    { id: '0003-views', sql: views },
    { id: '0004-held', sql: held },
    { id: '0005-redelivered', sql: redelivered },
  ],
};
