import { PipelineError } from '../core/error.ts';
import { fieldOf, isRecord } from './event-field.ts';

/** An SNS message in an SQS message is two deep; nothing honest is deeper. */
const ENVELOPES_MAX = 3;

/**
 * The records of a notification, not yet checked: of S3 and MinIO as they stand (`Records`), out of the envelopes of
 * SNS (`Message`) and SQS (`Records[].body`), from EventBridge (`detail`), and from MinIO's short form (`EventName`,
 * `Key`). Empty for S3's test event. `input-invalid` for anything else.
 */
export function recordsIn(body: unknown, depth = 0): unknown[] {
  if (depth > ENVELOPES_MAX) throw invalid('it is an envelope in an envelope without end');
  if (!isRecord(body)) throw invalid('the body is no object');
  const isTest = fieldOf(body, 'Event') === 's3:TestEvent';
  const message = fieldOf(body, 'Message');
  const records = fieldOf(body, 'Records');
  if (records === undefined && isTest) return [];
  if (records === undefined && typeof message === 'string') return recordsInText(message, depth);
  if (records === undefined && isRecord(fieldOf(body, 'detail'))) return [fromEventBridge(body)];
  if (records === undefined && typeof fieldOf(body, 'Key') === 'string') return [fromShort(body)];
  if (!Array.isArray(records)) throw invalid('it has no Records');
  if (records.length === 0) throw invalid('its Records are empty');
  checkShort(body, records[0]);
  return records.flatMap((record: unknown) => {
    const inner = isRecord(record) ? fieldOf(record, 'body') : undefined;
    return typeof inner === 'string' ? recordsInText(inner, depth) : [record];
  });
}

function recordsInText(text: string, depth: number): unknown[] {
  let inner: unknown;
  try {
    inner = JSON.parse(text);
  } catch (cause) {
    throw new PipelineError('input-invalid', 'event: the text in its envelope is not JSON', {
      cause,
    });
  }
  return recordsIn(inner, depth + 1);
}

/** MinIO's `Key` is `bucket/key`, not encoded. */
function fromShort(body: Record<string, unknown>): unknown {
  const [bucket, key] = shortKey(body);
  return {
    eventName: fieldOf(body, 'EventName'),
    eventTime: fieldOf(body, 'EventTime') ?? EPOCH,
    s3: { bucket: { name: bucket }, object: { key: encodeKey(key) } },
  };
}

/** The short form tells no time. */
const EPOCH = '1970-01-01T00:00:00Z';

function shortKey(body: Record<string, unknown>): [bucket: string, key: string] {
  const whole = fieldOf(body, 'Key');
  if (typeof whole !== 'string') throw invalid('its Key is no text');
  const at = whole.indexOf('/');
  return [whole.slice(0, Math.max(0, at)), whole.slice(at + 1)];
}

/** MinIO tells the same key twice; who tells two has forged one of them. */
function checkShort(body: Record<string, unknown>, first: unknown): void {
  if (fieldOf(body, 'Key') === undefined) return;
  const [bucket, key] = shortKey(body);
  const s3 = isRecord(first) ? fieldOf(first, 's3') : undefined;
  const [inner, object] = isRecord(s3) ? [fieldOf(s3, 'bucket'), fieldOf(s3, 'object')] : [];
  const told = isRecord(inner) && isRecord(object) ? [fieldOf(inner, 'name'), object['key']] : [];
  if (told[0] === bucket && typeof told[1] === 'string' && isSameKey(told[1], key)) return;
  throw invalid('its Key is not that of its first record');
}

function isSameKey(encoded: string, plain: string): boolean {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' ')) === plain;
  } catch {
    // A key that cannot be decoded is refused with its own message where it is read.
    return true;
  }
}

const DETAIL_NAMES: Readonly<Record<string, string>> = {
  'Object Created': 'ObjectCreated:EventBridge',
  'Object Deleted': 'ObjectRemoved:EventBridge',
};

/** EventBridge spells keys as they are. */
function fromEventBridge(body: Record<string, unknown>): unknown {
  const detail = fieldOf(body, 'detail');
  const object = isRecord(detail) ? fieldOf(detail, 'object') : undefined;
  if (!isRecord(detail) || !isRecord(object)) throw invalid('its detail has no object');
  const key = fieldOf(object, 'key');
  const type = fieldOf(body, 'detail-type');
  return {
    eventName: typeof type === 'string' ? (DETAIL_NAMES[type] ?? type) : type,
    eventTime: fieldOf(body, 'time'),
    s3: {
      bucket: fieldOf(detail, 'bucket'),
      object: {
        key: typeof key === 'string' ? encodeKey(key) : key,
        eTag: fieldOf(object, 'etag'),
        size: fieldOf(object, 'size'),
        versionId: fieldOf(object, 'version-id'),
        sequencer: fieldOf(object, 'sequencer'),
      },
    },
  };
}

function encodeKey(key: string): string {
  if (!/\p{Surrogate}/u.test(key)) return encodeURIComponent(key);
  throw invalid('its key is not well-formed Unicode');
}

function invalid(fault: string): PipelineError {
  return new PipelineError('input-invalid', `event: ${fault}`, {
    hint: 'send notifications as S3 and MinIO spell them',
  });
}
