/**
 * Why a transaction is refused, in the order in which a row is looked at: it is given the first that fits, and no
 * other (requirements 4.5). `clean-transactions.sql` names the same.
 */
export const TRANSACTION_REASONS = {
  'null-transaction-id': 'there is no transaction id',
  'duplicate-id':
    'another row with this id is kept: the first one that has an amount, else the first',
  'null-customer-id': 'there is no customer id',
  'null-amount': 'there is no amount',
  'null-date': 'there is no date',
  'null-status': 'there is no status',
  'amount-unreadable': 'the amount is not a plain decimal number',
  'amount-scale': 'the amount has more than two decimals: rounding would change money',
  'amount-not-positive': 'the amount is zero or less; refunds and chargebacks are not supported',
  'amount-too-large': 'the amount is above 1,000,000',
  'date-unreadable': 'the date is no moment that the calendar has',
  'date-in-future': 'the date is after the end of the logical date',
  'date-too-old': 'the date is more than 730 days before the end of the logical date',
  'status-unknown': 'the status is not completed, pending or failed',
  'text-too-long': 'a text is longer than its column in the warehouse',
  'text-not-storable': 'a text holds a NUL character, which no warehouse stores',
} as const;

/** The same for customers. What is merely odd about one is kept and counted as a warning. */
export const CUSTOMER_REASONS = {
  'null-customer-id': 'there is no customer id',
  'duplicate-id': 'an earlier row with this id is kept',
  'date-unreadable': 'the registration date is no day or moment that the calendar has',
  'flag-unreadable': 'is_active is neither true nor false',
  'text-too-long': 'a text is longer than its column in the warehouse',
  'text-not-storable': 'a text holds a NUL character, which no warehouse stores',
} as const;

export type TransactionReason = keyof typeof TRANSACTION_REASONS;
export type CustomerReason = keyof typeof CUSTOMER_REASONS;
