/** The columns of a clean customer, as the warehouse names them (requirements 4.8). */
export const CUSTOMER_COLUMNS = [
  'customer_id',
  'customer_name',
  'registration_date',
  'customer_tier',
  'email',
  'is_active',
] as const;

/** The columns of a clean transaction, as the warehouse names them (requirements 4.8). */
export const TRANSACTION_COLUMNS = [
  'transaction_id',
  'customer_id',
  'transaction_date',
  'amount',
  'merchant_id',
  'category',
  'status',
  'payment_method',
  'transaction_year',
  'transaction_month',
  'transaction_day',
  'transaction_dayofweek',
  'transaction_hour',
  'amount_category',
  'risk_score',
  'risk_level',
  'processed_at',
  'risk_score_raw',
  'risk_version',
] as const;

/**
 * The columns whose difference makes a transaction a changed one. When it was processed says nothing of the row itself;
 * the version of the risk table does, for it says what the score means.
 */
export const COMPARED_COLUMNS = TRANSACTION_COLUMNS.filter(
  (column) => column !== 'transaction_id' && column !== 'processed_at',
);
