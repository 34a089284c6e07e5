import type { Client } from 'minio';
import { PipelineError } from '../../core/error.ts';
import type { NotificationTarget } from '../../ports/bucket-setup.ts';
import type { CallOptions } from '../../ports/object-store.ts';
import { clientOf, type MinioServer, translateMinioError } from './minio-client.ts';

/** One rule of a bucket's notifications, as the server tells it. */
interface Rule {
  arn: string;
  events: string[];
  prefix: string;
  suffix: string;
}

const CREATED = 's3:ObjectCreated:*';
/** How long the server may take for one call. */
const CALL_MS_MAX = 30_000;

/**
 * Sends notifications of new objects below the target's prefix to it: its rules there are replaced when they are not
 * these, all other rules stay. False when it was so already. `unavailable` when the server does not answer in time.
 */
export async function setNotification(
  server: MinioServer,
  bucket: string,
  target: NotificationTarget,
  options: CallOptions & { isDryRun?: boolean; callMsMax?: number } = {},
): Promise<boolean> {
  const about = { what: `notifications of ${bucket}`, server, bucket };
  const { signal, callMsMax = CALL_MS_MAX } = options;
  const client = await clientOf(server, { bounds: { signal, callMsMax } });
  try {
    const there = rulesOf(await client.getBucketNotification(bucket));
    const suffixes = target.suffixes.length === 0 ? [''] : target.suffixes.flatMap(bothCases);
    const wanted = suffixes.map((suffix) => ({
      arn: target.arn,
      events: [CREATED],
      prefix: target.prefix,
      suffix,
    }));
    const isOurs = (rule: Rule) => rule.arn === target.arn && rule.prefix === target.prefix;
    const ours = there.filter(isOurs);
    if (textOf(ours) === textOf(wanted)) return false;
    if (options.isDryRun === true) return true;
    const rest = there.filter((rule) => !isOurs(rule));
    await client.setBucketNotification(bucket, await configOf([...rest, ...wanted]));
    return true;
  } catch (error) {
    const refusal = refusalOf(error, target);
    throw refusal ?? translateMinioError(error, about);
  }
}

/** The server's filters know capitals from small letters. */
function bothCases(suffix: string): string[] {
  return [...new Set([suffix.toLowerCase(), suffix.toUpperCase()])];
}

function textOf(rules: readonly Rule[]): string {
  return JSON.stringify(
    rules
      .map(({ arn, events, prefix, suffix }) => [arn, events.toSorted(), prefix, suffix].join('\n'))
      .toSorted(),
  );
}

async function configOf(rules: readonly Rule[]) {
  const { NotificationConfig, QueueConfig } = await import('minio');
  const config = new NotificationConfig();
  for (const { arn, events, prefix, suffix } of rules) {
    const queue = new QueueConfig(arn);
    for (const event of events) queue.addEvent(event);
    if (prefix !== '') queue.addFilterPrefix(prefix);
    if (suffix !== '') queue.addFilterSuffix(suffix);
    config.add(queue);
  }
  return config;
}

/** What the client has parsed of the server's XML: filters stand there without the two elements around them. */
function rulesOf(config: Awaited<ReturnType<Client['getBucketNotification']>>): Rule[] {
  return listOf(at(config, 'QueueConfiguration')).map((queue) => {
    const filters = listOf(at(queue, 'Filter'));
    const filter = (name: string) => {
      const found = filters.find((rule) => String(at(rule, 'Name')).toLowerCase() === name);
      const value = at(found, 'Value');
      return typeof value === 'string' ? value : '';
    };
    return {
      arn: String(at(queue, 'Queue')),
      events: listOf(at(queue, 'Event')).map(String),
      prefix: filter('prefix'),
      suffix: filter('suffix'),
    };
  });
}

function at(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function listOf(value: unknown): unknown[] {
  if (value === undefined || value === '') return [];
  return Array.isArray(value) ? value : [value];
}

/** MinIO refuses a target that its configuration does not have; other servers know no notifications at all. */
function refusalOf(error: unknown, { arn, prefix }: NotificationTarget): PipelineError | null {
  const { code, message } = error as { code?: string; message?: string };
  if (code === 'InvalidArgument' && /overlapping/i.test(message ?? '')) {
    const fault = `another rule of the bucket tells of objects below ${prefix} already`;
    return new PipelineError('config-invalid', fault, {
      hint: 'the server takes no two rules of one target over the same objects: remove the other (mc event remove)',
      cause: error,
    });
  }
  if (code === 'InvalidArgument' && /destination|ARN/i.test(message ?? '')) {
    const [, , , , , id = 'ARGO'] = /^(arn):([^:]*):([^:]*):([^:]*):([^:]*):/.exec(arn) ?? [];
    return new PipelineError('config-invalid', `the server has no target ${arn}`, {
      hint: `start MinIO with MINIO_NOTIFY_WEBHOOK_ENABLE_${id}=on and MINIO_NOTIFY_WEBHOOK_ENDPOINT_${id}=…`,
      cause: error,
    });
  }
  return null;
}
