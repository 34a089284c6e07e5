import { resolve } from 'node:path';

import { type Prices, PRICES } from '../../stages/observe/cost.ts';
import { secret } from '../../core/secret.ts';
import type { Secret } from '../../core/secret.ts';
import type { LineageSetting, Settings, StoreSetting, WarehouseSetting } from './schema.ts';
import type { ConfigSource } from './source.ts';

/** One setting for people, a secret shown as `***`. */
export interface SettingRow {
  name: string;
  value: string;
  /**
   * Where the value came from: `--store`, `environment`, `.env line 3`, `file PATH`, `default`, or
   * `not set`.
   */
  origin: string;
}

/** Everything the outside decides, checked; deeply frozen. Folders are absolute. */
export interface Config {
  store: StoreSetting;
  s3: { endpoint: string | undefined; region: string; isPathStyle: boolean };
  warehouse: WarehouseSetting;
  redshiftIamRoleArn: string | undefined;
  engine: 'duckdb' | 'athena';
  athena: {
    workgroup: string;
    /** `s3://bucket/prefix/` for results; absent where the workgroup says it. */
    output: string | undefined;
    catalog: string;
    endpoint: string | undefined;
  };
  pushgatewayUrl: string | undefined;
  /** Where lineage events go; null for nowhere. */
  lineage: LineageSetting | null;
  lineageApiKey: Secret | undefined;
  prices: Readonly<Prices>;
  notify: {
    webhookUrl: Secret | undefined;
    smtpUrl: Secret | undefined;
    mailFrom: string | undefined;
    mailTo: readonly string[];
    snsTopicArn: string | undefined;
    topics: readonly ('pipeline' | 'quality' | 'cost')[];
  };
  log: { level: Settings['ARGOSY_LOG_LEVEL']; format: Settings['ARGOSY_LOG_FORMAT'] };
  environment: string;
  /** Where a step writes its output parameters, one file each. */
  outFolder: string;
  /** Where steps get their empty folders. */
  scratchFolder: string;
  buckets: Readonly<Record<BucketName, string>>;
  /** What identifiers of persons are hashed with where they may not be published. */
  personSalt: Secret | undefined;
  marketApiKey: Secret | undefined;
  marketSymbols: readonly string[];
  /** The whole value of the header `Authorization` for sources over HTTP. */
  sourceAuthorization: Secret | undefined;
  /** The address of the PostgreSQL database that rows are read from. */
  sourceDatabase: Secret | undefined;
  /**
   * `AWS_…` names that only `.env` gives; the AWS SDK reads the environment alone, so it must be
   * handed them.
   */
  sdkVariables: Readonly<Record<string, Secret>>;
  /** Every secret value known, for `createLog({ redact })` and `redactText`. */
  secrets: readonly Secret[];
  rows: readonly SettingRow[];
}

/**
 * What has a bucket of its own: each pipeline, and the output of finance's event path (decisions,
 * Buckets).
 */
export type BucketName =
  | 'fama-french'
  | 'market-data'
  | 'commerce'
  | 'finance'
  | 'finance-processed'
  | 'csv-intake';

/** The checked settings in their final shape, with folders made absolute from `cwd`. */
export function assemble(
  settings: Settings,
  cwd: string,
): Omit<Config, 'sdkVariables' | 'secrets' | 'rows'> {
  const { ARGOSY_S3_ENDPOINT: endpoint } = settings;
  return {
    store: inFolder(settings.ARGOSY_STORE, cwd),
    s3: {
      endpoint,
      region: settings.ARGOSY_S3_REGION,
      isPathStyle: settings.ARGOSY_S3_PATH_STYLE ?? endpoint !== undefined,
    },
    warehouse: inFolder(settings.ARGOSY_WAREHOUSE, cwd),
    redshiftIamRoleArn: settings.ARGOSY_REDSHIFT_IAM_ROLE_ARN,
    engine: settings.ARGOSY_ENGINE,
    athena: {
      workgroup: settings.ARGOSY_ATHENA_WORKGROUP,
      output: settings.ARGOSY_ATHENA_OUTPUT,
      catalog: settings.ARGOSY_ATHENA_CATALOG,
      endpoint: settings.ARGOSY_ATHENA_ENDPOINT,
    },
    pushgatewayUrl: settings.ARGOSY_PUSHGATEWAY_URL,
    lineage: settings.ARGOSY_LINEAGE === 'none' ? null : inFolder(settings.ARGOSY_LINEAGE, cwd),
    lineageApiKey: settings.ARGOSY_LINEAGE_API_KEY,
    prices: settings.ARGOSY_PRICES ?? PRICES,
    notify: {
      webhookUrl: settings.ARGOSY_NOTIFY_WEBHOOK_URL,
      smtpUrl: settings.ARGOSY_NOTIFY_SMTP_URL,
      mailFrom: settings.ARGOSY_NOTIFY_MAIL_FROM,
      mailTo: settings.ARGOSY_NOTIFY_MAIL_TO?.split(/,\s*/) ?? [],
      snsTopicArn: settings.ARGOSY_NOTIFY_SNS_TOPIC_ARN,
      topics: settings.ARGOSY_NOTIFY_TOPICS,
    },
    log: { level: settings.ARGOSY_LOG_LEVEL, format: settings.ARGOSY_LOG_FORMAT },
    environment: settings.ARGOSY_ENVIRONMENT,
    outFolder: resolve(cwd, settings.ARGOSY_OUT),
    scratchFolder: resolve(cwd, settings.ARGOSY_SCRATCH),
    buckets: bucketsOf(settings),
    personSalt: settings.ARGOSY_PII_SALT,
    marketApiKey: settings.ARGOSY_MARKET_API_KEY,
    marketSymbols: settings.ARGOSY_MARKET_SYMBOLS?.split(/,\s*/) ?? ['IBM'],
    sourceAuthorization: settings.ARGOSY_SOURCE_AUTHORIZATION,
    sourceDatabase: settings.ARGOSY_SOURCE_DATABASE,
  };
}

function bucketsOf(settings: Settings): Config['buckets'] {
  return {
    'fama-french': settings.ARGOSY_BUCKET_FAMA_FRENCH ?? 'argosy-fama-french',
    'market-data': settings.ARGOSY_BUCKET_MARKET_DATA ?? 'argosy-market-data',
    commerce: settings.ARGOSY_BUCKET_COMMERCE ?? 'argosy-commerce',
    finance: settings.ARGOSY_BUCKET_FINANCE ?? 'argosy-finance',
    'finance-processed': settings.ARGOSY_BUCKET_FINANCE_PROCESSED ?? 'argosy-finance-processed',
    'csv-intake': settings.ARGOSY_BUCKET_CSV_INTAKE ?? 'argosy-csv-intake',
  };
}

function inFolder<T extends { kind: string }>(setting: T, cwd: string): T {
  return 'folder' in setting
    ? { ...setting, folder: resolve(cwd, String(setting.folder)) }
    : setting;
}

/** The `AWS_…` names that only `.env` gives. */
export function sdkVariables(source: ConfigSource): Record<string, Secret> {
  const found: Record<string, Secret> = {};
  for (const { name } of source.namesWith('AWS_')) {
    const given = source.find(name);
    if (given?.origin.startsWith('.env') === true) found[name] = secret(given.text);
  }
  return found;
}

/** Also the passwords inside addresses, and what the AWS SDK will read from the environment. */
export function secretsIn(settings: Settings, source: ConfigSource): Secret[] {
  const { ARGOSY_WAREHOUSE: warehouse } = settings;
  const found = [
    settings.ARGOSY_PII_SALT,
    settings.ARGOSY_LINEAGE_API_KEY,
    settings.ARGOSY_MARKET_API_KEY,
    settings.ARGOSY_NOTIFY_WEBHOOK_URL,
    settings.ARGOSY_NOTIFY_SMTP_URL,
    settings.ARGOSY_SOURCE_AUTHORIZATION,
    settings.ARGOSY_SOURCE_DATABASE,
    'url' in warehouse ? warehouse.url : undefined,
  ].filter((value) => value !== undefined);
  const passwords = found.flatMap((value) => passwordsOf(value.reveal()));
  const sdk = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'].flatMap(
    (name) => source.find(name)?.text ?? [],
  );
  return [...found, ...[...passwords, ...sdk].map((value) => secret(value))];
}

function passwordsOf(text: string): string[] {
  if (!URL.canParse(text)) return [];
  const { password } = new URL(text);
  return password === '' ? [] : [password, decodeURIComponent(password)];
}
