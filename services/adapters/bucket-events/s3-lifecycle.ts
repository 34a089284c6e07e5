import type {
  LifecycleRule as S3Rule,
  Transition,
  TransitionStorageClass,
} from '@aws-sdk/client-s3';
import type { LifecycleRule } from '../../core/lifecycle.ts';
import type { CallOptions } from '../../ports/object-store.ts';
import type { S3Connection } from '../object-store/s3-connection.ts';
import { sendOptions } from '../object-store/s3-bucket.ts';
import { translateS3Error } from '../object-store/s3-error.ts';

/** Rules of ours begin so; all others belong to somebody else and stay. */
const OURS = 'argosy-';

export interface S3Lifecycle {
  connection: S3Connection;
  /** False for servers that have no colder classes (MinIO without tiers): they only remove what has expired. */
  hasClasses: boolean;
}

/** Has the bucket apply the rules in place of those of ours that it has; false when it has just these. */
export async function setLifecycle(
  { connection, hasClasses }: S3Lifecycle,
  bucket: string,
  { rules, ...options }: CallOptions & { rules: readonly LifecycleRule[]; isDryRun?: boolean },
): Promise<boolean> {
  const { GetBucketLifecycleConfigurationCommand, PutBucketLifecycleConfigurationCommand } =
    await import('@aws-sdk/client-s3');
  const client = await connection.client();
  const call = { object: `s3://${bucket}`, bucket, signal: options.signal };
  let there: readonly S3Rule[] = [];
  try {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket });
    there = (await client.send(command, sendOptions(options))).Rules ?? [];
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'NoSuchLifecycleConfiguration')
      throw translateS3Error(error, { ...call, method: 'getBucketLifecycleConfiguration' });
  }
  const wanted = rules.map((rule) => s3Rule(rule, hasClasses)).filter((rule) => rule !== null);
  const isOurs = ({ ID: id }: S3Rule): boolean => id?.startsWith(OURS) === true;
  const ours = there.filter(isOurs);
  if (sameText(ours) === sameText(wanted)) return false;
  if (options.isDryRun === true) return true;
  try {
    const Rules = [...there.filter((rule) => !isOurs(rule)), ...wanted];
    await client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket,
        LifecycleConfiguration: { Rules },
      }),
      sendOptions(options),
    );
    return true;
  } catch (error) {
    throw translateS3Error(error, { ...call, method: 'putBucketLifecycleConfiguration' });
  }
}

/** A rule as S3 takes it; null when it says nothing that the server can do. */
function s3Rule(rule: LifecycleRule, hasClasses: boolean): S3Rule | null {
  const { prefix, infrequentDays, archiveDays, expireDays } = rule;
  const transitions: Transition[] = hasClasses
    ? [...transition(infrequentDays, 'STANDARD_IA'), ...transition(archiveDays, 'GLACIER')]
    : [];
  if (transitions.length === 0 && expireDays === null) return null;
  return {
    ID: `${OURS}${prefix.replaceAll('/', '')}`,
    Status: 'Enabled',
    Filter: { Prefix: prefix },
    ...(transitions.length === 0 ? {} : { Transitions: transitions }),
    ...(expireDays === null ? {} : { Expiration: { Days: expireDays } }),
  };
}

function transition(days: number | null, storageClass: TransitionStorageClass): Transition[] {
  return days === null ? [] : [{ Days: days, StorageClass: storageClass }];
}

/** What two lists of rules have in common if they mean the same: servers add fields and change the order. */
function sameText(rules: readonly S3Rule[]): string {
  const texts = rules.map((rule) =>
    JSON.stringify([
      rule.ID,
      rule.Status,
      rule.Filter?.Prefix ?? '',
      (rule.Transitions ?? []).map((one) => [one.Days, one.StorageClass]),
      rule.Expiration?.Days ?? null,
    ]),
  );
  return texts.toSorted().join('\n');
}
