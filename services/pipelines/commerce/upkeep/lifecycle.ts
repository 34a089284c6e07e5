import type { LifecycleRule } from '../../../core/lifecycle.ts';

/** Raw files are kept for so long. */
export const RAW_EXPIRE_DAYS = 365;

/** What grows old in the lake. Cleaned files do not expire by default: the archive step would be in vain otherwise. */
export const LIFECYCLE: readonly LifecycleRule[] = [
  { prefix: 'raw/', infrequentDays: 30, archiveDays: 90, expireDays: RAW_EXPIRE_DAYS },
  { prefix: 'processed/', infrequentDays: 60, archiveDays: 180, expireDays: null },
  { prefix: 'curated/', infrequentDays: 90, archiveDays: null, expireDays: null },
  { prefix: 'athena-results/', infrequentDays: null, archiveDays: null, expireDays: 7 },
];
