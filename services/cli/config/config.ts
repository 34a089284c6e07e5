import { PipelineError } from '../../core/error.ts';
import { nearest } from '../../core/nearest.ts';
import { printable } from '../../core/printable.ts';
import { redactText } from '../../core/secret.ts';
import { assemble, sdkVariables, secretsIn } from './assemble.ts';
import type { Config, SettingRow } from './assemble.ts';
import { DEFAULTS, SECRET_NAMES, SETTING_NAMES, settingsSchema } from './schema.ts';
import type { SettingName, Settings } from './schema.ts';
import { seedSetting } from './seed.ts';
import { RUN_VARIABLES } from '../run/run-identity.ts';
import { configSource, flagOf } from './source.ts';
import type { ConfigSource, ConfigSourceOptions, Given } from './source.ts';

export type { BucketName, Config, SettingRow } from './assemble.ts';

export interface ReadConfigOptions extends ConfigSourceOptions {
  /** The folder that relative folders are meant from. */
  cwd: string;
}

/**
 * Reads flags, then environment, then `.env`, then defaults (decisions, Configuration). Throws one
 * `config-invalid` that names every wrong value with where it came from, and every `ARGOSY_*` name
 * that is no setting with the nearest one.
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

/**
 * What Kubernetes puts into every pod for each service beside it: `ARGOSY_MINIO_SERVICE_HOST`,
 * `ARGOSY_MINIO_PORT_9000_TCP`. No setting ends like that.
 */
const SERVICE_LINK = /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_\w+)?)$/;

/** `ARGOSY_TEST_…` steers the project's tests and is none of the product's business. */
function unknownNames(source: ConfigSource): string[] {
  const known: string[] = [...SETTING_NAMES, ...RUN_VARIABLES, 'ARGOSY_WAREHOUSE_FILE'];
  for (const name of SECRET_NAMES) known.push(`${name}_FILE`);
  return source
    .namesWith('ARGOSY_')
    .filter(({ name }) => !known.includes(name) && !name.startsWith('ARGOSY_TEST_'))
    .filter(({ name, origin }) => origin !== 'environment' || !SERVICE_LINK.test(name))
    .map(({ name, origin }) => {
      const isFlag = origin.startsWith('--');
      const shown = isFlag ? printable(origin) : `${printable(name)} (${origin})`;
      const near = nearest(name, known);
      if (near === undefined) return `${shown} is not a setting`;
      return `${shown} is not a setting: did you mean ${isFlag ? flagOf(near) : near}?`;
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
