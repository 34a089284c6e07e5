import type { ObjectInfo } from '../../../ports/object-store.ts';
import type { ServePorts } from '../../../stages/serve/localise.ts';

/** What is done with objects below a prefix as they grow old, in days since they were stored (requirements 3.16). */
export interface LifecycleRule {
  prefix: string;
  infrequentDays: number | null;
  archiveDays: number | null;
  expireDays: number | null;
}

/** Cleaned files do not expire by default: the archive step would be in vain otherwise. */
export const LIFECYCLE: readonly LifecycleRule[] = [
  { prefix: 'raw/', infrequentDays: 30, archiveDays: 90, expireDays: 365 },
  { prefix: 'processed/', infrequentDays: 60, archiveDays: 180, expireDays: null },
  { prefix: 'curated/', infrequentDays: 90, archiveDays: null, expireDays: null },
  { prefix: 'athena-results/', infrequentDays: null, archiveDays: null, expireDays: 7 },
];

/** What a rule finds below its prefix. */
export interface LifecyclePlan {
  rule: LifecycleRule;
  objects: number;
  sizeBytes: number;
  /** Those that are old enough for a colder class; a store without classes keeps them as they are. */
  infrequent: number;
  archive: number;
  expired: readonly ObjectInfo[];
}

const DAY_MS = 86_400_000;

/** What the rules mean at a moment; changes nothing. */
export async function planLifecycle(
  { store, signal }: Pick<ServePorts, 'store' | 'signal'>,
  { now, rules = LIFECYCLE }: { now: Date; rules?: readonly LifecycleRule[] },
): Promise<LifecyclePlan[]> {
  const plans: LifecyclePlan[] = [];
  for (const rule of rules) {
    const plan = { rule, objects: 0, sizeBytes: 0, infrequent: 0, archive: 0 };
    const expired: ObjectInfo[] = [];
    for await (const info of store.list(rule.prefix, { signal })) {
      const days = (now.getTime() - info.lastModified.getTime()) / DAY_MS;
      const isPast = (limit: number | null): boolean => limit !== null && days >= limit;
      plan.objects += 1;
      plan.sizeBytes += info.sizeBytes;
      if (isPast(rule.expireDays)) expired.push(info);
      else if (isPast(rule.archiveDays)) plan.archive += 1;
      else if (isPast(rule.infrequentDays)) plan.infrequent += 1;
    }
    plans.push({ ...plan, expired });
  }
  return plans;
}

/** Removes what has expired. One that was stored again since the plan was made stays. Returns how many are gone. */
export async function expire(
  { store, signal }: Pick<ServePorts, 'store' | 'signal'>,
  plans: readonly LifecyclePlan[],
): Promise<number> {
  let count = 0;
  for (const { key, etag } of plans.flatMap(({ expired }) => expired)) {
    const now = await store.head(key, { signal });
    if (now?.etag !== etag) continue;
    await store.delete(key, { signal });
    count += 1;
  }
  return count;
}

/** The rules as S3 takes them (`put-bucket-lifecycle-configuration`), where the store itself is to apply them. */
export function s3Lifecycle(rules: readonly LifecycleRule[] = LIFECYCLE): unknown {
  return {
    Rules: rules.map(({ prefix, infrequentDays, archiveDays, expireDays }) => ({
      ID: `argosy-${prefix.replaceAll('/', '')}`,
      Status: 'Enabled',
      Filter: { Prefix: prefix },
      ...(infrequentDays === null && archiveDays === null
        ? {}
        : { Transitions: transitions(infrequentDays, archiveDays) }),
      ...(expireDays === null ? {} : { Expiration: { Days: expireDays } }),
    })),
  };
}

function transitions(infrequentDays: number | null, archiveDays: number | null): unknown[] {
  return [
    ...(infrequentDays === null ? [] : [{ Days: infrequentDays, StorageClass: 'STANDARD_IA' }]),
    ...(archiveDays === null ? [] : [{ Days: archiveDays, StorageClass: 'GLACIER' }]),
  ];
}
