import { fileURLToPath } from 'node:url';

import * as z from 'zod/mini';

import { type Prices, PRICES } from '../../stages/observe/cost.ts';
import { secret } from '../../core/secret.ts';
import type { Secret } from '../../core/secret.ts';

/** Where objects are kept. A relative folder is meant from the working folder. */
export type StoreSetting = { kind: 'file'; folder: string } | { kind: 's3' } | { kind: 'mem' };

/** Where tables are kept. */
export type WarehouseSetting =
  | { kind: 'pglite'; folder: string }
  | { kind: 'postgres' | 'redshift'; url: Secret };

/** Where lineage events go; null for nowhere. */
export type LineageSetting = { kind: 'file'; folder: string } | { kind: 'http'; url: string };

/**
 * A text that `parse` understands; when it returns `null` the text is refused, saying what was
 * expected.
 */
function read<T>(expected: string, parse: (text: string) => T | null) {
  return z.pipe(
    z.string(),
    z.transform((text: string, payload) => {
      const value = parse(text);
      if (value !== null) return value;
      payload.issues.push({ code: 'custom', message: `must be ${expected}`, input: text });
      return z.NEVER;
    }),
  );
}

function matching(expected: string, pattern: RegExp) {
  return read(expected, (text) => (pattern.test(text) ? text : null));
}

function parseStore(text: string): StoreSetting | null {
  if (text === 's3:') return { kind: 's3' };
  if (text === 'mem:') return { kind: 'mem' };
  const folder = folderAfter('file:', text);
  return folder === null ? null : { kind: 'file', folder };
}

function parseWarehouse(text: string): WarehouseSetting | null {
  const folder = folderAfter('pglite:', text);
  if (folder !== null) return { kind: 'pglite', folder };
  const url = parseUrl(text);
  if (url === null || url.hostname === '') return null;
  if (url.protocol === 'redshift:') return { kind: 'redshift', url: secret(text) };
  const isPostgres = url.protocol === 'postgres:' || url.protocol === 'postgresql:';
  return isPostgres ? { kind: 'postgres', url: secret(text) } : null;
}

function parseLineage(text: string): LineageSetting | 'none' | null {
  if (text === 'none') return 'none';
  const folder = folderAfter('file:', text);
  if (folder !== null) return { kind: 'file', folder };
  const url = webAddress(text);
  return url === null ? null : { kind: 'http', url };
}

function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

function folderAfter(scheme: string, text: string): string | null {
  if (!text.startsWith(scheme)) return null;
  const path = text.slice(scheme.length);
  if (path.startsWith('//')) return URL.canParse(`file:${path}`) ? fileUrlPath(path) : null;
  return path === '' ? null : path;
}

/** `///abs/path` as a path; a host (`//host/path`) is no folder of this machine. */
function fileUrlPath(path: string): string | null {
  const url = new URL(`file:${path}`);
  return url.host === '' && !/%2f/i.test(url.pathname) ? fileURLToPath(url) : null;
}

const webAddress = (text: string): string | null => {
  const url = parseUrl(text);
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  return isWeb && url.username === '' && url.password === '' ? text.replace(/\/+$/, '') : null;
};

const secretAddress = (...protocols: string[]) =>
  read(`an address beginning with ${protocols.join('// or ')}//`, (text) =>
    protocols.includes(parseUrl(text)?.protocol ?? '') ? secret(text) : null,
  );

const TOPICS = ['pipeline', 'quality', 'cost'] as const;

const parseTopics = (text: string): (typeof TOPICS)[number][] | null => {
  const words = text.split(',').map((word) => word.trim());
  const topics = TOPICS.filter((topic) => words.includes(topic));
  return topics.length === new Set(words).size ? topics : null;
};

/** `name=number` with commas between; a price that is not named keeps its default. */
const parsePrices = (text: string): Prices | null => {
  const given = text.split(',').map((pair) => pair.trim().split('='));
  const isKnown = given.every(
    ([name = '', value = '', ...rest]) =>
      Object.hasOwn(PRICES, name) && /^\d+(\.\d+)?$/.test(value) && rest.length === 0,
  );
  if (!isKnown || new Set(given.map(([name]) => name)).size < given.length) return null;
  return { ...PRICES, ...Object.fromEntries(given.map(([name, value]) => [name, Number(value)])) };
};

const SWITCH: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false };

const folder = read('a folder', (text) => text);
const address = read('an http or https address without user and password in it', webAddress);
const arn = matching('an ARN', /^arn:[\w-]+:[\w-]+:[\w-]*:\d*:.+$/);
const bucket = z.optional(
  matching(
    'a bucket name: 3 to 63 of a-z, 0-9, "-" and ".", not at either end',
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  ),
);

/**
 * Every setting, as text in, checked value out. The names are those of the environment (decisions,
 * Configuration).
 */
export const settingsSchema = z.object({
  ARGOSY_STORE: read('file:PATH, s3: or mem:', parseStore),
  ARGOSY_S3_ENDPOINT: z.optional(address),
  ARGOSY_S3_REGION: matching('a region such as us-east-1', /^[a-z0-9-]+$/),
  ARGOSY_S3_PATH_STYLE: z.optional(read('true or false', (text) => SWITCH[text] ?? null)),
  ARGOSY_WAREHOUSE: read('pglite:PATH, postgres://… or redshift://…', parseWarehouse),
  ARGOSY_REDSHIFT_IAM_ROLE_ARN: z.optional(arn),
  ARGOSY_ENGINE: z.enum(['duckdb', 'athena'], 'must be one of duckdb, athena'),
  ARGOSY_ATHENA_WORKGROUP: matching('the name of a workgroup', /^[a-zA-Z0-9._-]{1,128}$/),
  ARGOSY_ATHENA_OUTPUT: z.optional(
    matching(
      'a place such as s3://bucket/prefix/',
      /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:\/.*)?$/,
    ),
  ),
  ARGOSY_ATHENA_CATALOG: matching('the name of a catalogue', /^[\w@/-]{1,256}$/),
  ARGOSY_ATHENA_ENDPOINT: z.optional(address),
  ARGOSY_PUSHGATEWAY_URL: z.optional(address),
  ARGOSY_LINEAGE: read(
    'none, file:PATH, or an http or https address without user and password in it',
    parseLineage,
  ),
  ARGOSY_LINEAGE_API_KEY: z.optional(read('a key', (text) => secret(text))),
  ARGOSY_PRICES: z.optional(
    read(
      `a list such as readUsdPer1000=0.0004 out of ${Object.keys(PRICES).join(', ')}`,
      parsePrices,
    ),
  ),
  ARGOSY_NOTIFY_WEBHOOK_URL: z.optional(secretAddress('https:', 'http:')),
  ARGOSY_NOTIFY_SMTP_URL: z.optional(secretAddress('smtp:', 'smtps:')),
  ARGOSY_NOTIFY_MAIL_FROM: z.optional(matching('a mail address', /^[^\s@]+@[^\s@]+$/)),
  ARGOSY_NOTIFY_MAIL_TO: z.optional(
    matching('mail addresses with commas between', /^[^\s@,]+@[^\s@,]+(,\s*[^\s@,]+@[^\s@,]+)*$/),
  ),
  ARGOSY_NOTIFY_SNS_TOPIC_ARN: z.optional(arn),
  ARGOSY_NOTIFY_TOPICS: read(`a list out of ${TOPICS.join(', ')}`, parseTopics),
  ARGOSY_LOG_LEVEL: z.enum(
    ['debug', 'info', 'warn', 'error'],
    'must be one of debug, info, warn, error',
  ),
  ARGOSY_LOG_FORMAT: z.enum(['text', 'json'], 'must be one of text, json'),
  ARGOSY_ENVIRONMENT: matching('a short word of a-z, 0-9 and "-"', /^[a-z][a-z0-9-]{0,31}$/),
  ARGOSY_OUT: folder,
  ARGOSY_SCRATCH: folder,
  ARGOSY_BUCKET_FAMA_FRENCH: bucket,
  ARGOSY_BUCKET_MARKET_DATA: bucket,
  ARGOSY_BUCKET_COMMERCE: bucket,
  ARGOSY_BUCKET_FINANCE: bucket,
  ARGOSY_BUCKET_FINANCE_PROCESSED: bucket,
  ARGOSY_BUCKET_CSV_INTAKE: bucket,
  ARGOSY_PII_SALT: z.optional(
    read('a text of at least 16 characters', (text) => (text.length >= 16 ? secret(text) : null)),
  ),
  ARGOSY_MARKET_API_KEY: z.optional(read('a key', (text) => secret(text))),
  ARGOSY_MARKET_SYMBOLS: z.optional(
    matching('ticker symbols with commas between', /^[A-Z0-9.^=-]{1,10}(,\s*[A-Z0-9.^=-]{1,10})*$/),
  ),
  ARGOSY_SOURCE_AUTHORIZATION: z.optional(
    read('the value of an Authorization header, such as "Bearer …"', (text) =>
      /^[\x20-\x7e]+$/.test(text) ? secret(text) : null,
    ),
  ),
  ARGOSY_SOURCE_DATABASE: z.optional(secretAddress('postgres:', 'postgresql:')),
});

export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** The names, in the order in which they are shown. */
export const SETTING_NAMES = Object.keys(settingsSchema.shape) as SettingName[];

/** What holds when nobody says otherwise. */
export const DEFAULTS: Readonly<Partial<Record<SettingName, string>>> = {
  ARGOSY_STORE: 'file:.argosy/store',
  ARGOSY_S3_REGION: 'us-east-1',
  ARGOSY_WAREHOUSE: 'pglite:.argosy/warehouse',
  ARGOSY_ENGINE: 'duckdb',
  ARGOSY_ATHENA_WORKGROUP: 'primary',
  ARGOSY_ATHENA_CATALOG: 'AwsDataCatalog',
  ARGOSY_LINEAGE: 'none',
  ARGOSY_NOTIFY_TOPICS: TOPICS.join(','),
  ARGOSY_LOG_LEVEL: 'info',
  ARGOSY_LOG_FORMAT: 'text',
  ARGOSY_ENVIRONMENT: 'local',
  ARGOSY_OUT: '/tmp/out',
  ARGOSY_SCRATCH: '.argosy/scratch',
};

/** Settings that may come from a file (`NAME_FILE`), and are never taken from argv or shown. */
export const SECRET_NAMES: readonly SettingName[] = [
  'ARGOSY_LINEAGE_API_KEY',
  'ARGOSY_NOTIFY_WEBHOOK_URL',
  'ARGOSY_NOTIFY_SMTP_URL',
  'ARGOSY_PII_SALT',
  'ARGOSY_MARKET_API_KEY',
  'ARGOSY_SOURCE_AUTHORIZATION',
  'ARGOSY_SOURCE_DATABASE',
];
