import type { LifecycleRule } from '../../core/lifecycle.ts';

/** Vintages are history: nothing of them expires. */
export const FAMA_FRENCH_LIFECYCLE: readonly LifecycleRule[] = [
  { prefix: 'raw_data/', infrequentDays: 90, archiveDays: null, expireDays: null },
  { prefix: 'athena-results/', infrequentDays: null, archiveDays: null, expireDays: 7 },
];
