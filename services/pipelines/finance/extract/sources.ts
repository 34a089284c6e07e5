import type { FinanceDataset } from './extract-manifest.ts';

/** What a source of a dataset must have, and where it is looked for when nothing else is said. */
export interface SourceDataset {
  name: FinanceDataset;
  /** The columns that must be there (requirements 4.3); others may be. */
  columns: readonly string[];
  /** The column by which newer rows are told; null when rows have no such moment, and all are read every time. */
  moment: string | null;
  /** Default of the parameter. */
  address: string;
}

/**
 * The sources of the pipeline. Customers change without a date that would tell, so an increment reads all of them
 * again; files and objects of both are told apart by their versions.
 */
export const DATASETS: readonly SourceDataset[] = [
  {
    name: 'transactions',
    columns: [
      'transaction_id',
      'customer_id',
      'transaction_date',
      'amount',
      'merchant_id',
      'category',
      'status',
      'payment_method',
    ],
    moment: 'transaction_date',
    address: 'inbox/transactions/',
  },
  {
    name: 'customers',
    columns: [
      'customer_id',
      'customer_name',
      'registration_date',
      'customer_tier',
      'email',
      'is_active',
    ],
    moment: null,
    address: 'inbox/customers/',
  },
];
