import type { LifecycleRule } from '../../core/lifecycle.ts';

/** Replies stay, for a day may be loaded again; what the quota of past days was spent on does not. */
export const MARKET_LIFECYCLE: readonly LifecycleRule[] = [
  { prefix: 'raw/stock_data/', infrequentDays: 30, archiveDays: null, expireDays: null },
  { prefix: '_records/quota/', infrequentDays: null, archiveDays: null, expireDays: 30 },
];
