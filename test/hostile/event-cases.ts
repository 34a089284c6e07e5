import type { ErrorKind } from '../../services/core/error.ts';

/** A body that a sender may forge, and what has to become of it. */
export interface EventCase {
  name: string;
  body: string | Uint8Array;
  /** The keys that come out, or the kind with a word of the message. */
  gives: readonly string[] | readonly [kind: ErrorKind, word: string, refused: true];
}

const refused = (kind: ErrorKind, word: string) => [kind, word, true] as const;
const invalid = (word: string) => refused('input-invalid', word);

/** A record as MinIO sends it; `key` is encoded already. */
export function recordOf(key: unknown, change: Record<string, unknown> = {}): unknown {
  const { object = {}, bucket = 'drops', ...rest } = change;
  return {
    eventVersion: '2.0',
    eventSource: 'minio:s3',
    eventTime: '2026-11-21T12:00:00.123Z',
    eventName: 's3:ObjectCreated:Put',
    s3: {
      s3SchemaVersion: '1.0',
      bucket: { name: bucket, arn: 'arn:aws:s3:::drops' },
      object: { key, size: 5, eTag: 'abc', sequencer: '18B0', ...(object as object) },
    },
    ...rest,
  };
}

export const json = (value: unknown): string => JSON.stringify(value);
const records = (...all: unknown[]) => json({ Records: all });
const one = (key: unknown, change: Record<string, unknown> = {}) => records(recordOf(key, change));
const named = (name: string, body: string | Uint8Array, gives: EventCase['gives']): EventCase => ({
  name,
  body,
  gives,
});

const KEY = 'uploads%2Fa.csv';
const event = (rest: Record<string, unknown>) => one(KEY, rest);
const object = (rest: Record<string, unknown>) => one(KEY, { object: rest });
const sqs = (...bodies: string[]) => json({ Records: bodies.map((body) => ({ body })) });
const sns = (Message: unknown) => json({ Type: 'Notification', Message });
const bridge = (detail: unknown, type: unknown = 'Object Created') =>
  json({ 'detail-type': type, time: '2026-11-21T12:00:00Z', detail });
const deep = (depth: number) => `${'{"Message":"x","a":'.repeat(depth)}1${'}'.repeat(depth)}`;

const KEYS: EventCase[] = [
  named('a plain key', one('uploads/a.csv'), ['uploads/a.csv']),
  named('an encoded slash', one(KEY), ['uploads/a.csv']),
  named('a plus is a space', one('uploads%2Fa+b.csv'), ['uploads/a b.csv']),
  named('%2B is a plus', one('uploads%2Fa%2Bb.csv'), ['uploads/a+b.csv']),
  named('both beside each other', one('uploads%2Fa+b%2Bc.csv'), ['uploads/a b+c.csv']),
  named('decoded once, not twice', one('uploads%2Fa%252Fb.csv'), ['uploads/a%2Fb.csv']),
  named('a double-encoded traversal stays a name', one('uploads%2F%252e%252e%252Fx.csv'), [
    'uploads/%2e%2e%2Fx.csv',
  ]),
  named('an é', one('uploads%2Fcaf%C3%A9.csv'), ['uploads/café.csv']),
  named('a name in Chinese', one('uploads%2F%E6%96%87.csv'), ['uploads/文.csv']),
  named('a newline', one('uploads%2Fa%0Ab.csv'), ['uploads/a\nb.csv']),
  named('capitals in the suffix', one('uploads%2FA.CSV'), ['uploads/A.CSV']),
  named('a folder below', one('uploads%2Fx%2Fa.csv'), ['uploads/x/a.csv']),
  named('a traversal', one('uploads/../secret.csv'), invalid('".."')),
  named('an encoded traversal', one('uploads%2F..%2Fsecret.csv'), invalid('".."')),
  named('a traversal by backslash', one('uploads%2F..%5Csecret.csv'), invalid('".."')),
  named('a dot segment', one('uploads/./a.csv'), invalid('"."')),
  named('an absolute key', one('/uploads/a.csv'), invalid('begins with')),
  named('a NUL', one('uploads%2Fa%00.csv'), invalid('NUL')),
  named('a broken escape', one('uploads%2Fa%zz.csv'), invalid('percent-encoded')),
  named('a cut escape', one('uploads%2Fa.csv%'), invalid('percent-encoded')),
  named('bytes that are no UTF-8', one('uploads%2F%FF%FE.csv'), invalid('percent-encoded')),
  named('a lone surrogate', one('uploads/\ud800.csv'), invalid('')),
  named('1,025 bytes', one(`uploads/${'a'.repeat(1_013)}.csv`), invalid('1025 bytes')),
  named('1,024 bytes', one(`uploads/${'a'.repeat(1_012)}.csv`), [
    `uploads/${'a'.repeat(1_012)}.csv`,
  ]),
  named('an empty key', one(''), invalid('no key')),
  named('a key that is a number', one(7), invalid('no key')),
  named('a key that is an object', one({ toString: 'x' }), invalid('no key')),
  named('another prefix', one('processed%2Fa.csv'), invalid('may arrive')),
  named('the prefix as the beginning of another', one('uploads2%2Fa.csv'), invalid('may arrive')),
  named('another suffix', one('uploads%2Fa.exe'), invalid('may arrive')),
  named('our own records', one('_records%2Fx.csv'), invalid('may arrive')),
];

const RECORDS: EventCase[] = [
  named('no record', records(), invalid('empty')),
  named('no Records', json({}), invalid('no Records')),
  named('Records that are no list', json({ Records: { 0: 'x' } }), invalid('no Records')),
  named('Records that are null', json({ Records: null }), invalid('no Records')),
  named('a record that is null', records(null), invalid('no object')),
  named('a record that is a text', records('x'), invalid('no object')),
  named('a record that is a list', records([]), invalid('no object')),
  named(
    '1,000 records',
    records(...Array.from({ length: 1_000 }, () => recordOf(KEY))),
    Array.from({ length: 1_000 }, () => 'uploads/a.csv'),
  ),
  named(
    '1,001 records',
    records(...Array.from({ length: 1_001 }, () => recordOf(KEY))),
    refused('too-large', '1001 records'),
  ),
  named('one good record before a bad one', records(recordOf(KEY), recordOf('x')), invalid('may')),
  named('another bucket', event({ bucket: 'others' }), invalid('"others"')),
  named('a bucket that is a number', event({ bucket: 5 }), invalid('no name')),
  named('a bucket with the name in front', event({ bucket: 'drops-2' }), invalid('drops-2')),
  named('no s3', records({ eventName: 's3:ObjectCreated:Put' }), invalid('no s3')),
  named('s3 that is a list', event({ s3: [] }), invalid('no s3')),
  named('no eventName', event({ eventName: undefined }), invalid('no eventName')),
  named('an eventName that is a list', event({ eventName: ['x'] }), invalid('no eventName')),
  named('an unknown event', event({ eventName: 's3:Explode:Now' }), invalid('no event of')),
  named('a read', event({ eventName: 's3:ObjectAccessed:Get' }), []),
  named('a removal', event({ eventName: 's3:ObjectRemoved:Delete' }), ['uploads/a.csv']),
  named('an event of AWS', event({ eventName: 'ObjectCreated:CompleteMultipartUpload' }), [
    'uploads/a.csv',
  ]),
  named('a size below 0', object({ size: -1 }), invalid('size')),
  named('a size with a fraction', object({ size: 1.5 }), invalid('size')),
  named('a size that is a text', object({ size: '5' }), invalid('size')),
  named('a size beyond 2^53', object({ size: 2 ** 53 }), invalid('size')),
  named('an etag with quotes', object({ eTag: '"abc"' }), ['uploads/a.csv']),
  named('an etag that is an object', object({ eTag: {} }), invalid('eTag')),
  named('an etag with a newline', object({ eTag: 'a\nb' }), invalid('eTag')),
  named('a very long etag', object({ eTag: 'a'.repeat(200) }), invalid('eTag')),
  named('a sequencer that is no hex', object({ sequencer: 'xyz' }), invalid('sequencer')),
  named('a sequencer that is a number', object({ sequencer: 5 }), invalid('sequencer')),
  named('no eventTime', event({ eventTime: undefined }), invalid('no eventTime')),
  named('an eventTime that is a word', event({ eventTime: 'soon' }), invalid('no time')),
  named('the 32nd of a month', event({ eventTime: '2026-11-32T00:00:00Z' }), invalid('no time')),
];

const BODIES: EventCase[] = [
  named('nothing', '', invalid('not JSON')),
  named('half a body', one(KEY).slice(0, 40), invalid('not JSON')),
  named('XML', '<NotificationConfiguration/>', invalid('not JSON')),
  named('bytes that are no UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d), invalid('UTF-8')),
  named('a list', '[]', invalid('no object')),
  named('a number', '5', invalid('no object')),
  named('null', 'null', invalid('no object')),
  named('lists 100,000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, invalid('no object')),
  named('objects 5,000 deep', deep(5_000), invalid('not JSON')),
  named('a field 5,000 deep', `{"x":${deep(5_000)},${one(KEY).slice(1)}`, ['uploads/a.csv']),
  named('1 MiB and 1 byte', ' '.repeat(2 ** 20 + 1), refused('too-large', 'bytes')),
  named('1 MiB of blanks around', `${one(KEY)}${' '.repeat(2 ** 20 - one(KEY).length)}`, [
    'uploads/a.csv',
  ]),
  named('Records by __proto__', `{"__proto__":${one(KEY)}}`, invalid('no Records')),
  named(
    'a key by __proto__',
    one(KEY).replace('"key":"uploads%2Fa.csv"', '"__proto__":{"key":"x"}'),
    invalid('no key'),
  ),
  named('a record that is __proto__', records({ ['__proto__']: recordOf(KEY) }), invalid('no ')),
  named("S3's test event", json({ Service: 'Amazon S3', Event: 's3:TestEvent' }), []),
];

const ENVELOPES: EventCase[] = [
  named('MinIO with its Key', json({ Key: 'drops/uploads/a.csv', Records: [recordOf(KEY)] }), [
    'uploads/a.csv',
  ]),
  named(
    'a Key that is another',
    json({ Key: 'drops/uploads/b.csv', Records: [recordOf(KEY)] }),
    invalid('its Key'),
  ),
  named(
    'a Key of another bucket',
    json({ Key: 'other/uploads/a.csv', Records: [recordOf(KEY)] }),
    invalid('its Key'),
  ),
  named('a Key that is a number', json({ Key: 5, Records: [recordOf(KEY)] }), invalid('Key')),
  named(
    "MinIO's short form, not encoded",
    json({ EventName: 's3:ObjectCreated:Put', Key: 'drops/uploads/a+b.csv' }),
    ['uploads/a+b.csv'],
  ),
  named(
    'the short form of another bucket',
    json({ EventName: 's3:ObjectCreated:Put', Key: 'other/uploads/a.csv' }),
    invalid('"other"'),
  ),
  named('the short form without an event', json({ Key: 'drops/uploads/a.csv' }), invalid('event')),
  named(
    'the short form with a traversal',
    json({ EventName: 's3:ObjectCreated:Put', Key: 'drops/uploads/../x.csv' }),
    invalid('".."'),
  ),
  named('by SNS', sns(one(KEY)), ['uploads/a.csv']),
  named('by SQS, two messages', sqs(one(KEY), one('uploads%2Fb.csv')), [
    'uploads/a.csv',
    'uploads/b.csv',
  ]),
  named('by SNS and SQS', sqs(sns(one(KEY))), ['uploads/a.csv']),
  named('an SNS message that is no JSON', sns('hello'), invalid('not JSON')),
  named('an SNS message that is an object', sns({}), invalid('no Records')),
  named('envelopes without end', sns(sns(sns(sns(sns(one(KEY)))))), invalid('without end')),
  named(
    'by EventBridge, not encoded',
    bridge({ bucket: { name: 'drops' }, object: { key: 'uploads/a+b.csv', size: 1, etag: 'x' } }),
    ['uploads/a+b.csv'],
  ),
  named('by EventBridge without an object', bridge({}), invalid('no object')),
  named(
    'by EventBridge with another event',
    bridge({ bucket: { name: 'drops' }, object: { key: 'uploads/a.csv' } }, 'Object Exploded'),
    invalid('no event of'),
  ),
];

/** Grouped by what they forge. */
export const EVENT_CASES: Readonly<Record<string, readonly EventCase[]>> = {
  keys: KEYS,
  records: RECORDS,
  bodies: BODIES,
  envelopes: ENVELOPES,
};
