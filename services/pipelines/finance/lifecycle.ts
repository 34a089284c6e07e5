import type { LifecycleRule } from '../../core/lifecycle.ts';

/** What was landed and cleaned stays, for a day may be loaded again. */
export const FINANCE_LIFECYCLE: readonly LifecycleRule[] = [
  { prefix: 'extracted/', infrequentDays: 30, archiveDays: null, expireDays: null },
  { prefix: 'clean/', infrequentDays: 90, archiveDays: null, expireDays: null },
  { prefix: 'athena-results/', infrequentDays: null, archiveDays: null, expireDays: 7 },
];
