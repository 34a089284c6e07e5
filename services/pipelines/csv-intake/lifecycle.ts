import type { LifecycleRule } from '../../core/lifecycle.ts';

/** Uploads are those of their owners: nothing of them expires. */
export const CSV_INTAKE_LIFECYCLE: readonly LifecycleRule[] = [
  { prefix: 'uploads/', infrequentDays: 30, archiveDays: null, expireDays: null },
];
