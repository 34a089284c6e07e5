import type { Dataset, DatasetColumn } from '../../../core/dataset.ts';
import {
  FACT,
  LOADED_REPLIES,
  REVISIONS,
  SESSIONS,
  STAGED_REPLIES,
  STAGING,
  SYMBOL_TABLE,
} from './schema.ts';
import type { TableColumn, WarehouseTable } from './table.ts';

const SYMBOL = 'Of the share, as the exchange writes it';
const EXTRACTED = 'When the reply was extracted';

/** What each column means; a name means the same in every table. */
const MEANINGS: Readonly<Record<string, string>> = {
  stock_id: 'Counted up from 1; says nothing of the row',
  symbol: SYMBOL,
  price_date: 'The session',
  refresh_date: 'The session, as the reply writes it',
  open_amt: 'First price of the session',
  high_amt: 'Highest price of the session',
  low_amt: 'Lowest price of the session',
  close_amt: 'Last price of the session',
  open_price: 'As the reply writes it',
  high_price: 'As the reply writes it',
  low_price: 'As the reply writes it',
  close_price: 'As the reply writes it',
  volume_cnt: 'Shares traded in the session',
  created_at: 'When the row was written',
  is_final: 'False for a session that was not over when it was extracted',
  extraction_date: EXTRACTED,
  source_row: 'Where it stands in its reply',
  is_plain: 'Whether its texts are known to be numbers and days',
  object_key: 'Key of the reply',
  etag: 'Version of the reply',
  row_count: 'Rows of the reply',
  was_final: 'False when the old price was that of a session that was not over',
  run_id: 'The run that brought the new price',
  revised_at: 'When the row was replaced',
  first_price_date: 'The first session that has a price',
  last_price_date: 'The last session that has a price',
  last_extraction_date: 'When a reply about it was extracted last',
  delisted_on: 'Its last session, where it has had no price for ten',
  session_date: 'A day on which the exchanges were open',
  is_half_day: 'Whether they closed early',
};

/** What a table is made of; those that only keep books are not here. */
const FROM: ReadonlyMap<WarehouseTable, readonly string[]> = new Map([
  [STAGING, ['source:service']],
  [FACT, [STAGING.name]],
  [REVISIONS, [FACT.name, STAGING.name]],
  [SYMBOL_TABLE, [FACT.name]],
]);

const TABLES: readonly (readonly [WarehouseTable, string])[] = [
  [FACT, 'Prices: one row for each symbol and session'],
  [REVISIONS, 'Every price that was replaced by another, with both'],
  [SYMBOL_TABLE, 'Each symbol: its first and last session, and whether it is delisted'],
  [SESSIONS, 'Every session of the exchanges from 1990 to 2035'],
  [LOADED_REPLIES, 'The replies whose rows are in the fact table'],
  [STAGED_REPLIES, 'The replies whose rows are in the staging table'],
  [STAGING, 'Rows of replies as they were written; emptied by each good transform'],
];

/** The tables of market-data in the warehouse (requirements 2.5): what its migrations make. */
export const MARKET_WAREHOUSE: readonly Dataset[] = TABLES.map(([table, description]) =>
  datasetOf(table, description),
);

function datasetOf(table: WarehouseTable, description: string): Dataset {
  const [schema = '', name = ''] = table.name.split('.');
  const { key, distKey, sortKey } = table;
  return {
    schema,
    name,
    kind: 'table',
    description,
    columns: table.columns.map(columnOf),
    ...(key === undefined ? {} : { key }),
    ...(FROM.has(table) ? { from: FROM.get(table) ?? [] } : {}),
    ...(distKey === undefined ? {} : { distKey }),
    ...(sortKey === undefined ? {} : { sortKey }),
  };
}

function columnOf({
  name,
  type,
  isNullable,
  isIdentity,
  default: value,
}: TableColumn): DatasetColumn {
  const given = isIdentity === true ? 'IDENTITY' : value;
  return {
    name,
    type: type as DatasetColumn['type'],
    description: meaningOf(name),
    tag: 'none',
    ...(isNullable === true ? {} : { isRequired: true }),
    ...(given === undefined ? {} : { default: given }),
  };
}

function meaningOf(name: string): string {
  const known = MEANINGS[name];
  if (known !== undefined) return known;
  const [, age = '', rest = ''] = /^(old|new)_(.+)$/.exec(name) ?? [];
  return `${age === 'old' ? 'Before' : 'After'}: ${MEANINGS[rest] ?? name}`;
}
