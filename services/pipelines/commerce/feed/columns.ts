import type { DatasetColumn } from '../../../core/dataset.ts';
import type { PersonalTag } from '../../../stages/shape/protect.ts';

/** A column of a curated table, with what it tells of a person (design S15). */
export interface CuratedColumn extends DatasetColumn {
  tag: PersonalTag;
}

function column(
  name: string,
  type: DatasetColumn['type'],
  description: string,
  tag: PersonalTag = 'none',
): CuratedColumn {
  return { name, type, description, tag };
}

const CUSTOMER = (description: string): CuratedColumn =>
  column('customer_id', 'VARCHAR', description, 'person-id');
const DAY_PARTS = [
  column('year', 'INTEGER', 'Partition'),
  column('month', 'INTEGER', 'Partition'),
  column('day', 'INTEGER', 'Partition'),
] as const;

/** Requirements 3.10. */
export const TRANSACTIONS: readonly CuratedColumn[] = [
  column('transaction_id', 'VARCHAR', 'Once in the table'),
  CUSTOMER('Who bought; a hash outside of production'),
  column('product_id', 'VARCHAR', 'What was bought'),
  column('quantity', 'INTEGER', 'Above 0'),
  column('price', 'DECIMAL(10,2)', 'Of one piece, above 0'),
  column('total_amount', 'DECIMAL(10,2)', 'quantity × price where the source says otherwise'),
  column('transaction_date', 'TIMESTAMP', 'UTC'),
  column('status', 'VARCHAR', 'completed, returned or refunded; others are kept and counted'),
  column('processing_timestamp', 'TIMESTAMP', 'The day of the file, 00:00'),
  column('processing_date', 'DATE', 'The day of the file'),
  column('revenue_category', 'VARCHAR', 'high from 100, medium from 50, else low'),
  column('transaction_hour', 'INTEGER', '0 to 23'),
  column('day_of_week', 'INTEGER', '1 is Sunday'),
  column('is_weekend', 'BOOLEAN', 'Saturday or Sunday'),
  ...DAY_PARTS,
];

export const PRODUCTS: readonly CuratedColumn[] = [
  column('product_id', 'VARCHAR', 'Once in the table: the newest file wins'),
  column('name', 'VARCHAR', 'As the source has it'),
  column('category', 'VARCHAR', 'As the source has it'),
  column('brand', 'VARCHAR', 'As the source has it'),
  column('price', 'DECIMAL(10,2)', 'Above 0'),
  column('stock', 'INTEGER', 'Pieces, 0 or more'),
  column('weight_kg', 'DECIMAL(5,2)', 'NULL where the source has none'),
  column('rating', 'DECIMAL(2,1)', '0.0 to 5.0; NULL where the source has none'),
  column('review_count', 'INTEGER', 'NULL where the source has none'),
  column('is_active', 'BOOLEAN', 'As given, else whether there is stock'),
];

export const CLICKSTREAM: readonly CuratedColumn[] = [
  column(
    'session_id',
    'VARCHAR',
    'As given, else made of the customer, or of address and browser',
    'visit-id',
  ),
  CUSTOMER('NULL for a visitor who is not known'),
  column('event_type', 'VARCHAR', 'One of seven'),
  column('page', 'VARCHAR', 'Path on the site, without its query; addresses and numbers masked'),
  column('timestamp', 'TIMESTAMP', 'UTC'),
  column('device', 'VARCHAR', 'desktop, mobile, tablet or unknown'),
  column('browser', 'VARCHAR', 'Chrome, Safari, Firefox, Edge, other or unknown'),
  column('ip_address', 'VARCHAR', 'Without its last octet or last 80 bits', 'ip-address'),
  column('user_agent', 'VARCHAR', 'Always NULL here', 'user-agent'),
  ...DAY_PARTS,
  column('hour', 'INTEGER', 'Partition'),
];

export const REVIEWS: readonly CuratedColumn[] = [
  column('review_id', 'VARCHAR', 'Once in the table'),
  column('product_id', 'VARCHAR', 'What is reviewed'),
  CUSTOMER('Who reviews; a hash outside of production'),
  column('rating', 'INTEGER', '1 to 5'),
  column('review_text', 'VARCHAR', 'Addresses and numbers in it are masked', 'free-text'),
  column('review_date', 'DATE', 'UTC'),
  column('verified_purchase', 'BOOLEAN', 'As the source says'),
  column('helpful_votes', 'INTEGER', '0 or more'),
  column('year', 'INTEGER', 'Partition'),
  column('month', 'INTEGER', 'Partition'),
];
