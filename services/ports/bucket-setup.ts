import type { LifecycleRule } from '../core/lifecycle.ts';
import type { CallOptions } from './object-store.ts';

/** Where a bucket sends its notifications of new objects. */
export interface NotificationTarget {
  /** The target as the server names it: `arn:minio:sqs::ARGO:webhook`. */
  arn: string;
  prefix: string;
  /** One rule each; empty for one rule over all objects below the prefix. */
  suffixes: readonly string[];
}

/** Makes buckets ready for pipelines. Each method may be called again and then changes nothing. */
export interface BucketSetup {
  /**
   * The address of the bucket, and whether it was made just now. `denied` when it belongs to another, `unavailable`.
   * With `isDryRun` nothing is made, and `isNew` tells what would be.
   */
  make(
    bucket: string,
    options?: CallOptions & { isDryRun?: boolean },
  ): Promise<{ url: string; isNew: boolean }>;
  /**
   * Sends notifications of new objects to the target, leaving rules of other targets alone; false when that was so
   * already. `config-invalid` when the server does not know the target, `unsupported` when it has no such thing.
   */
  notify(
    bucket: string,
    target: NotificationTarget,
    options?: CallOptions & { isDryRun?: boolean },
  ): Promise<boolean>;
  /**
   * Has the store itself apply these rules, as far as it can: colder classes where it has them. Rules of others stay;
   * false when that was so already. `unsupported` when it has no such thing.
   */
  age(
    bucket: string,
    rules: readonly LifecycleRule[],
    options?: CallOptions & { isDryRun?: boolean },
  ): Promise<boolean>;
}
