/** What is done with objects below a prefix as they grow old, in days since they were stored (requirements 3.16). */
export interface LifecycleRule {
  prefix: string;
  infrequentDays: number | null;
  archiveDays: number | null;
  expireDays: number | null;
}
