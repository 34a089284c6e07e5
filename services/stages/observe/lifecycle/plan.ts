import type { LifecycleRule } from '../../../core/lifecycle.ts';
import type { ObjectInfo, ObjectStore } from '../../../ports/object-store.ts';

/** What every bucket has that grows old: answers and records of questions, parts that were never committed. */
export const BOOKKEEPING: readonly LifecycleRule[] = [
  { prefix: '_queries/cache/', infrequentDays: null, archiveDays: null, expireDays: 1 },
  { prefix: '_queries/history/', infrequentDays: null, archiveDays: null, expireDays: 90 },
  { prefix: '_staging/', infrequentDays: null, archiveDays: null, expireDays: 1 },
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
  /** Those that have expired and stay, for a record or the newest commit names them. */
  named: number;
}

export interface LifecycleRequest {
  now: Date;
  rules: readonly LifecycleRule[];
  /** Keys that stay, however old. */
  named?: ReadonlySet<string>;
}

type Ports = { store: ObjectStore; signal: AbortSignal };

const DAY_MS = 86_400_000;
const NONE: ReadonlySet<string> = new Set();

/** What the rules mean at a moment; changes nothing. */
export async function planLifecycle(
  { store, signal }: Ports,
  { now, rules, named = NONE }: LifecycleRequest,
): Promise<LifecyclePlan[]> {
  const plans: LifecyclePlan[] = [];
  for (const rule of rules) {
    const plan = { rule, objects: 0, sizeBytes: 0, infrequent: 0, archive: 0, named: 0 };
    const expired: ObjectInfo[] = [];
    for await (const info of store.list(rule.prefix, { signal })) {
      const days = (now.getTime() - info.lastModified.getTime()) / DAY_MS;
      const isPast = (limit: number | null): boolean => limit !== null && days >= limit;
      plan.objects += 1;
      plan.sizeBytes += info.sizeBytes;
      if (isPast(rule.expireDays)) {
        if (named.has(info.key)) plan.named += 1;
        else expired.push(info);
      } else if (isPast(rule.archiveDays)) plan.archive += 1;
      else if (isPast(rule.infrequentDays)) plan.infrequent += 1;
    }
    plans.push({ ...plan, expired });
  }
  return plans;
}

/** Removes these objects, in their order. One that was stored again since it was listed stays. Returns how many are gone. */
export async function expire(
  { store, signal }: Ports,
  expired: readonly Pick<ObjectInfo, 'key' | 'etag'>[],
): Promise<number> {
  let count = 0;
  for (const { key, etag } of expired) {
    const now = await store.head(key, { signal });
    if (now?.etag !== etag) continue;
    await store.delete(key, { signal });
    count += 1;
  }
  return count;
}

/** The rules as S3 takes them (`put-bucket-lifecycle-configuration`), where the store itself is to apply them. */
export function s3Lifecycle(rules: readonly LifecycleRule[]): unknown {
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
