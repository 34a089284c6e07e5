import { resolve } from 'node:path';

import { PipelineError } from '../core/error.ts';
import { nearest } from '../core/nearest.ts';
import { printable } from '../core/printable.ts';
import { redactText, secret } from '../core/secret.ts';
import type { Secret } from '../core/secret.ts';
import { DEFAULTS, SECRET_NAMES, SETTING_NAMES, settingsSchema } from './config-schema.ts';
import type { SettingName, Settings, StoreSetting, WarehouseSetting } from './config-schema.ts';
import { seedSetting } from './config-seed.ts';
import { configSource, flagOf } from './config-source.ts';
import type { ConfigSource, ConfigSourceOptions, Given } from './config-source.ts';

/** One setting for people, a secret shown as `***`. */
export interface SettingRow {
  name: string;
  value: string;
  /** Where the value came from: `--store`, `environment`, `.env line 3`, `file PATH`, `default`, or `not set`. */
  origin: string;
}

/** Everything the outside decides, checked; deeply frozen. Folders are absolute. */
export interface Config {
  store: StoreSetting;
  s3: { endpoint: string | undefined; region: string; isPathStyle: boolean };
  warehouse: WarehouseSetting;
  redshiftIamRoleArn: string | undefined;
  engine: 'duckdb' | 'athena';
  pushgatewayUrl: string | undefined;
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
  marketApiKey: Secret | undefined;
  /** `AWS_…` names that only `.env` gives; the AWS SDK reads the environment alone, so it must be handed them. */
  sdkVariables: Readonly<Record<string, Secret>>;
  /** Every secret value known, for `createLog({ redact })` and `redactText`. */
  secrets: readonly Secret[];
  rows: readonly SettingRow[];
}

/** What has a bucket of its own: each pipeline, and the output of finance's event path (decisions, Buckets). */
export type BucketName =
  | 'fama-french'
  | 'market-data'
  | 'commerce'
  | 'finance'
  | 'finance-processed'
  | 'csv-intake';

export interface ReadConfigOptions extends ConfigSourceOptions {
  /** The folder that relative folders are meant from. */
  cwd: string;
}

/**
 * Reads flags, then environment, then `.env`, then defaults (decisions, Configuration). Throws one `config-invalid` that
 * names every wrong value with where it came from, and every `ARGOSY_*` name that is no setting with the nearest one.
 */
export function readConfig(options: ReadConfigOptions): Config {
  const source = configSource(options);
  const givens = new Map<SettingName, Given>();
  for (const name of SETTING_NAMES) {
    const given = findSetting(name, source) ?? defaultOf(name, options.env);
    if (given !== undefined) givens.set(name, given);
  }
  const parsed = settingsSchema.safeParse(
    Object.fromEntries([...givens].map(([name, given]) => [name, given.text])),
  );
  const problems = [
    ...unknownNames(source),
    ...source.problems,
    ...argvSecrets(givens),
    ...(parsed.success ? incomplete(parsed.data) : parsed.error.issues.map(problemOf(givens))),
  ];
  if (!parsed.success || problems.length > 0) throw invalid(problems);
  const { data } = parsed;
  return deepFreeze({
    ...assemble(data, options.cwd),
    sdkVariables: sdkVariables(source),
    secrets: secretsIn(data, source),
    rows: SETTING_NAMES.map((name) => rowOf(name, givens.get(name))),
  });
}

/** The settings in force, for `argosy doctor`: name, value with secrets hidden, origin. */
export function describeConfig(config: Config): readonly SettingRow[] {
  return config.rows;
}

function findSetting(name: SettingName, source: ConfigSource): Given | undefined {
  const mayBeSecret = SECRET_NAMES.includes(name) || name === 'ARGOSY_WAREHOUSE';
  const own = mayBeSecret ? source.findSecret(name) : source.find(name);
  return own ?? seedSetting(name, source);
}

/** The default; in a pod lines are read by machines, so logs are JSON there. */
function defaultOf(name: SettingName, env: ReadConfigOptions['env']): Given | undefined {
  if (name === 'ARGOSY_LOG_FORMAT' && env['KUBERNETES_SERVICE_HOST'] !== undefined) {
    return { name, text: 'json', origin: 'default in a pod' };
  }
  const text = DEFAULTS[name];
  return text === undefined ? undefined : { name, text, origin: 'default' };
}

/** `ARGOSY_TEST_…` steers the project's tests and is none of the product's business. */
function unknownNames(source: ConfigSource): string[] {
  const known: string[] = [...SETTING_NAMES, 'ARGOSY_WAREHOUSE_FILE'];
  for (const name of SECRET_NAMES) known.push(`${name}_FILE`);
  return source
    .namesWith('ARGOSY_')
    .filter(({ name }) => !known.includes(name) && !name.startsWith('ARGOSY_TEST_'))
    .map(({ name, origin }) => {
      const shown = origin.startsWith('--') ? printable(origin) : `${printable(name)} (${origin})`;
      const near = nearest(name, known) ?? '';
      return `${shown} is not a setting: did you mean ${origin.startsWith('--') ? flagOf(near) : near}?`;
    });
}

/** argv is readable to everyone on the machine, so no secret may come from there. */
function argvSecrets(givens: ReadonlyMap<SettingName, Given>): string[] {
  return [...givens]
    .filter(([name, { text, origin }]) => {
      const hasPassword = name === 'ARGOSY_WAREHOUSE' && /:\/\/[^/@]*:[^/@]*@/.test(text);
      return origin.startsWith('--') && (SECRET_NAMES.includes(name) || hasPassword);
    })
    .map(([name, { origin }]) => `${origin} may not carry a secret: use ${name} or ${name}_FILE`);
}

function incomplete(settings: Settings): string[] {
  if (settings.ARGOSY_NOTIFY_SMTP_URL === undefined) return [];
  return (['ARGOSY_NOTIFY_MAIL_FROM', 'ARGOSY_NOTIFY_MAIL_TO'] as const)
    .filter((name) => settings[name] === undefined)
    .map((name) => `${name} is not set: ARGOSY_NOTIFY_SMTP_URL needs it`);
}

function problemOf(givens: ReadonlyMap<SettingName, Given>) {
  return (issue: { path: PropertyKey[]; message: string }): string => {
    const given = givens.get(issue.path[0] as SettingName);
    if (given === undefined) return `${String(issue.path[0])}: ${issue.message}`;
    const mayShow = ![...SECRET_NAMES, 'ARGOSY_WAREHOUSE'].includes(String(issue.path[0]));
    const text = printable(redactText(given.text, []));
    return `${given.name}${mayShow ? `="${text}"` : ''} (${given.origin}) ${issue.message}`;
  };
}

function invalid(problems: readonly string[]): PipelineError {
  const many = problems.length > 1 ? `${problems.length} settings are wrong: ` : '';
  return new PipelineError('config-invalid', many + problems.join('; '), {
    hint: 'docs/configuration.md lists every setting; an empty value counts as not set',
  });
}

function assemble(
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
    pushgatewayUrl: settings.ARGOSY_PUSHGATEWAY_URL,
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
    marketApiKey: settings.ARGOSY_MARKET_API_KEY,
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

function sdkVariables(source: ConfigSource): Record<string, Secret> {
  const found: Record<string, Secret> = {};
  for (const { name } of source.namesWith('AWS_')) {
    const given = source.find(name);
    if (given?.origin.startsWith('.env') === true) found[name] = secret(given.text);
  }
  return found;
}

/** Also the passwords inside addresses, and what the AWS SDK will read from the environment. */
function secretsIn(settings: Settings, source: ConfigSource): Secret[] {
  const { ARGOSY_WAREHOUSE: warehouse } = settings;
  const found = [
    settings.ARGOSY_MARKET_API_KEY,
    settings.ARGOSY_NOTIFY_WEBHOOK_URL,
    settings.ARGOSY_NOTIFY_SMTP_URL,
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

function rowOf(name: SettingName, given: Given | undefined): SettingRow {
  if (given === undefined) return { name, value: '', origin: 'not set' };
  const value = SECRET_NAMES.includes(name) ? '***' : redactText(given.text, []);
  const alias = given.name === name ? '' : `${given.name}, `;
  return { name, value: printable(value), origin: alias + given.origin };
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null && !Object.isFrozen(inner)) deepFreeze(inner);
  }
  return Object.freeze(value);
}
