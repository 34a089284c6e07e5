import { PipelineError } from '../core/error.ts';
import { decodeEventKey } from '../core/key.ts';
import { EVENT_BYTES_MAX, EVENT_RECORDS_MAX } from '../core/limit.ts';
import { fieldOf, isRecord, optionalText, requiredText } from './event-field.ts';
import { recordsIn } from './event-envelope.ts';

/** One change of one object, as the bucket told it. A hint only: what holds is what the store says when it is asked. */
export interface ObjectEvent {
  kind: 'created' | 'removed';
  bucket: string;
  /** Decoded. */
  key: string;
  /** Without quotes. Absent for removals and where the sender leaves it out. */
  etag?: string;
  versionId?: string;
  sizeBytes?: number;
  /** Orders the events of one key (`compareSequencers`), and of no two keys. */
  sequencer?: string;
  /** ISO text. */
  eventTime: string;
}

/** Whose events are expected; any other is refused. */
export interface ExpectedEvents {
  bucket: string;
  prefix: string;
  /** In any case of letters; empty for all. */
  suffixes: readonly string[];
}

/**
 * The body of a notification as events, checked: as AWS S3 and MinIO send it, also through SNS, SQS or EventBridge.
 * Empty for a test event and for events that tell of no change. `too-large` above 1 MiB or 1,000 records,
 * `input-invalid` for everything else that is not a notification of the expected bucket, prefix and suffixes.
 */
export function decodeEventBody(
  body: Uint8Array | string,
  expected: ExpectedEvents,
): ObjectEvent[] {
  const sizeBytes = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  if (sizeBytes > EVENT_BYTES_MAX) {
    throw new PipelineError(
      'too-large',
      `event: the body has ${sizeBytes} bytes, more than ${EVENT_BYTES_MAX}`,
    );
  }
  return decodeEvents(parse(body), expected);
}

/** As `decodeEventBody`, of a body that was parsed already. */
export function decodeEvents(body: unknown, expected: ExpectedEvents): ObjectEvent[] {
  const records = recordsIn(body);
  if (records.length > EVENT_RECORDS_MAX) {
    throw new PipelineError(
      'too-large',
      `event: it has ${records.length} records, more than ${EVENT_RECORDS_MAX}`,
    );
  }
  return records.flatMap((record) => {
    const event = decodeRecord(record);
    return event === null ? [] : [checkExpected(event, expected)];
  });
}

function parse(body: Uint8Array | string): unknown {
  try {
    const text =
      typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
    return JSON.parse(text);
  } catch (cause) {
    throw new PipelineError('input-invalid', 'event: the body is not JSON in UTF-8', { cause });
  }
}

const CREATED = /^(?:s3:)?ObjectCreated:/;
const REMOVED = /^(?:s3:)?(?:ObjectRemoved|LifecycleExpiration):/;
/** Events that leave the bytes of every object as they were. */
const UNCHANGED =
  /^(?:s3:)?(?:ObjectAccessed|ObjectRestore|ObjectTagging|ObjectAcl|ObjectTransition|LifecycleTransition|IntelligentTiering|Replication|ReducedRedundancyLostObject|Scanner|BucketCreated|BucketRemoved)/;

function decodeRecord(record: unknown): ObjectEvent | null {
  if (!isRecord(record)) throw invalid('a record is no object');
  const name = requiredText(record, 'eventName');
  const isCreated = CREATED.test(name);
  if (!isCreated && !REMOVED.test(name)) {
    if (UNCHANGED.test(name)) return null;
    throw invalid(`"${name.slice(0, 60)}" is no event of a bucket`);
  }
  const s3 = objectAt(record, 's3');
  const object = objectAt(s3, 'object');
  const sizeBytes = sizeOf(fieldOf(object, 'size'));
  const etag = optionalText(object, 'eTag', ETAG)?.replaceAll('"', '');
  const versionId = optionalText(object, 'versionId', VERSION);
  const sequencer = optionalText(object, 'sequencer', SEQUENCER);
  return {
    kind: isCreated ? 'created' : 'removed',
    bucket: requiredText(objectAt(s3, 'bucket'), 'name'),
    key: decodeEventKey(requiredText(object, 'key')),
    ...(etag === undefined ? {} : { etag }),
    ...(versionId === undefined ? {} : { versionId }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(sequencer === undefined ? {} : { sequencer }),
    eventTime: timeOf(requiredText(record, 'eventTime')),
  };
}

const ETAG = /^"?[\w.+/=-]{1,128}"?$/;
const VERSION = /^[\w.+/=-]{0,1024}$/;
const SEQUENCER = /^[0-9A-Fa-f]{1,64}$/;

function objectAt(parent: Record<string, unknown>, name: string): Record<string, unknown> {
  const value = fieldOf(parent, name);
  if (isRecord(value)) return value;
  throw invalid(`a record has no ${name}`);
}

function sizeOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid('a size is not a whole number from 0 up');
}

function timeOf(text: string): string {
  const time = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw invalid('an eventTime is no time in UTC');
}

function checkExpected(event: ObjectEvent, expected: ExpectedEvents): ObjectEvent {
  const { bucket, key } = event;
  if (bucket !== expected.bucket) {
    throw invalid(`it is of the bucket ${JSON.stringify(bucket.slice(0, 80))}, not of ours`);
  }
  const lower = key.toLowerCase();
  const { prefix, suffixes } = expected;
  const isWanted =
    key.startsWith(prefix) &&
    (suffixes.length === 0 || suffixes.some((suffix) => lower.endsWith(suffix.toLowerCase())));
  if (isWanted) return event;
  throw invalid(`the key ${JSON.stringify(key.slice(0, 120))} is not one that may arrive`);
}

function invalid(fault: string): PipelineError {
  return new PipelineError('input-invalid', `event: ${fault}`, {
    hint: 'send notifications as S3 and MinIO spell them, of this bucket and prefix only',
  });
}
