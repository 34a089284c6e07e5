import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { DEFAULTS, SETTING_NAMES } from '../../../services/cli/config/schema.ts';
import { describeConfig, readConfig } from '../../../services/cli/config/config.ts';
import type { Config, ReadConfigOptions } from '../../../services/cli/config/config.ts';
import { PipelineError } from '../../../services/core/error.ts';
import { PRICES } from '../../../services/stages/observe/cost.ts';

const CANARY = 'canary-91be04';

const read = (options: Partial<ReadConfigOptions> = {}): Config =>
  readConfig({ flags: {}, env: {}, dotenvText: undefined, cwd: '/home/me/etl', ...options });

function refusal(options: Partial<ReadConfigOptions>): PipelineError {
  try {
    read(options);
  } catch (error) {
    if (error instanceof PipelineError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'argosy-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('readConfig', () => {
  it('gives the documented defaults when nothing is set', () => {
    expect(read()).toMatchObject({
      store: { kind: 'file', folder: '/home/me/etl/.argosy/store' },
      s3: { endpoint: undefined, region: 'us-east-1', isPathStyle: false },
      warehouse: { kind: 'pglite', folder: '/home/me/etl/.argosy/warehouse' },
      engine: 'duckdb',
      log: { level: 'info', format: 'text' },
      environment: 'local',
      outFolder: '/tmp/out',
      buckets: { 'fama-french': 'argosy-fama-french' },
      notify: { topics: ['pipeline', 'quality', 'cost'], mailTo: [] },
    });
  });

  it('lets a flag win over the environment, that over .env, and that over the default', () => {
    const dotenvText =
      'ARGOSY_LOG_LEVEL=debug\nARGOSY_ENVIRONMENT=dev\nARGOSY_S3_REGION=eu-west-1\n';
    const env = { ARGOSY_LOG_LEVEL: 'warn', ARGOSY_ENVIRONMENT: 'staging' };
    const config = read({ flags: { logLevel: 'error' }, env, dotenvText });
    expect(config.log.level).toBe('error');
    expect(config.environment).toBe('staging');
    expect(config.s3.region).toBe('eu-west-1');
    const origins = Object.fromEntries(describeConfig(config).map((row) => [row.name, row.origin]));
    expect(origins).toMatchObject({
      ARGOSY_LOG_LEVEL: '--log-level',
      ARGOSY_ENVIRONMENT: 'environment',
      ARGOSY_S3_REGION: '.env line 3',
      ARGOSY_ENGINE: 'default',
      ARGOSY_PUSHGATEWAY_URL: 'not set',
    });
  });

  it.each(['logLevel', 'log-level', '--log-level', 'ARGOSY_LOG_LEVEL'])(
    'knows a flag as %s',
    (flag) => expect(read({ flags: { [flag]: 'error' } }).log.level).toBe('error'),
  );

  it('is frozen all the way down', () => {
    const config = read();
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.s3)).toBe(true);
    expect(Object.isFrozen(config.notify.topics)).toBe(true);
  });

  it.each([
    ['file:data/store', { kind: 'file', folder: '/home/me/etl/data/store' }],
    ['file:/abs', { kind: 'file', folder: '/abs' }],
    ['file:///abs/a%20b', { kind: 'file', folder: '/abs/a b' }],
    ['s3:', { kind: 's3' }],
    ['mem:', { kind: 'mem' }],
  ])('understands the store %s', (text, store) => {
    expect(read({ env: { ARGOSY_STORE: text } }).store).toEqual(store);
  });

  it.each(['s3', 'file:', 'file://host/x', 'ftp://x', 'file:///a%2Fb', 's3://bucket'])(
    'refuses the store %s',
    (text) => {
      expect(refusal({ env: { ARGOSY_STORE: text } }).message).toContain('must be file:PATH, s3:');
    },
  );

  it('speaks path style to a server of its own unless told otherwise', () => {
    const env = { ARGOSY_S3_ENDPOINT: 'http://127.0.0.1:9000/' };
    expect(read({ env }).s3).toMatchObject({
      endpoint: 'http://127.0.0.1:9000',
      isPathStyle: true,
    });
    expect(read({ env: { ...env, ARGOSY_S3_PATH_STYLE: 'false' } }).s3.isPathStyle).toBe(false);
  });

  it('takes a price for that in the list, and leaves the others as they are', () => {
    const { prices } = read({
      env: { ARGOSY_PRICES: 'storageUsdPerGbMonth=0.02, readUsdPer1000=0' },
    });
    expect(prices).toEqual({ ...PRICES, storageUsdPerGbMonth: 0.02, readUsdPer1000: 0 });
  });

  it.each([
    'storage=1',
    'readUsdPer1000',
    'readUsdPer1000=-1',
    'readUsdPer1000=1,readUsdPer1000=2',
    '=',
  ])('refuses the prices %s and names those there are', (text) => {
    expect(refusal({ env: { ARGOSY_PRICES: text } }).message).toMatch(
      /ARGOSY_PRICES.*storageUsdPerGbMonth/,
    );
  });

  it('counts an empty value as not set', () => {
    expect(read({ env: { ARGOSY_ENGINE: '' }, dotenvText: 'ARGOSY_STORE=' }).engine).toBe('duckdb');
  });

  it('takes JSON lines for granted in a pod', () => {
    expect(read({ env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' } }).log.format).toBe('json');
  });

  it('leaves the variables that steer the tests alone', () => {
    expect(() => read({ env: { ARGOSY_TEST_REQUIRE: 'all' } })).not.toThrow();
  });

  it('is not disturbed by the names that Kubernetes gives services in a pod', () => {
    const env = {
      ARGOSY_MINIO_SERVICE_HOST: '10.0.0.9',
      ARGOSY_MINIO_SERVICE_PORT_HTTP: '9000',
      ARGOSY_MINIO_PORT: 'tcp://10.0.0.9:9000',
      ARGOSY_MINIO_PORT_9000_TCP_ADDR: '10.0.0.9',
    };
    expect(() => read({ env })).not.toThrow();
  });

  it('hands AWS names of .env on, but not those the environment has already', () => {
    const dotenvText = `AWS_PROFILE=me\nAWS_REGION=eu-west-1\n`;
    const { sdkVariables } = read({ env: { AWS_REGION: 'us-east-2' }, dotenvText });
    expect(Object.keys(sdkVariables)).toEqual(['AWS_PROFILE']);
    expect(sdkVariables['AWS_PROFILE']?.reveal()).toBe('me');
  });
});

describe('a wrong configuration', () => {
  it('is told in one line with every fault, its value and its place', () => {
    const error = refusal({
      flags: { engine: 'spark' },
      env: { ARGOSY_LOG_LEVEL: 'loud', ARGOSY_BUCKET_FINANCE: 'No_Bucket' },
      dotenvText: '# first\nARGOSY_S3_PATH_STYLE=perhaps\nnot an assignment\n',
    });
    expect(error.kind).toBe('config-invalid');
    expect(error.message).not.toContain('\n');
    for (const part of [
      '5 settings are wrong',
      'ARGOSY_ENGINE="spark" (--engine) must be one of duckdb, athena',
      'ARGOSY_LOG_LEVEL="loud" (environment) must be one of debug, info, warn, error',
      'ARGOSY_BUCKET_FINANCE="No_Bucket" (environment) must be a bucket name',
      'ARGOSY_S3_PATH_STYLE="perhaps" (.env line 2) must be true or false',
      '.env line 3 is not NAME=value',
    ]) {
      expect(error.message).toContain(part);
    }
  });

  it.each([
    [{ env: { ARGOSY_STROE: 'x' } }, 'ARGOSY_STROE (environment)', 'ARGOSY_STORE?'],
    [{ env: { ARGOSY_LOGLEVEL: 'x' } }, 'ARGOSY_LOGLEVEL (environment)', 'ARGOSY_LOG_LEVEL?'],
    [{ dotenvText: '\nARGOSY_WAREHUOSE=x' }, 'ARGOSY_WAREHUOSE (.env line 2)', 'ARGOSY_WAREHOUSE?'],
    [{ flags: { logLevl: 'x' } }, '--log-levl', 'did you mean --log-level?'],
  ])('with an unknown name is refused with the nearest one: %j', (options, name, near) => {
    const { message } = refusal(options);
    expect(message).toContain(`${name} is not a setting`);
    expect(message).toContain(near);
  });

  it('asks for the sender and receiver that mail needs', () => {
    const { message } = refusal({ env: { ARGOSY_NOTIFY_SMTP_URL: 'smtp://mail:25' } });
    expect(message).toContain('ARGOSY_NOTIFY_MAIL_FROM is not set');
    expect(message).toContain('ARGOSY_NOTIFY_MAIL_TO is not set');
  });

  it('never shows a secret, not even a malformed one', () => {
    const env = {
      ARGOSY_WAREHOUSE: `postgres//etl:${CANARY}@db/x`,
      ARGOSY_NOTIFY_WEBHOOK_URL: `hooks/${CANARY}`,
      ARGOSY_S3_ENDPOINT: `https://me:${CANARY}@s3.test`,
    };
    const error = refusal({ env });
    expect(error.message).toContain('ARGOSY_WAREHOUSE (environment) must be');
    expect(error.message).not.toContain(CANARY);
  });
});

describe('secrets', () => {
  it('are read from the file that NAME_FILE names, without its last line end', async () => {
    const path = join(folder, 'key');
    await writeFile(path, `${CANARY}\n`);
    const config = read({ env: { ARGOSY_MARKET_API_KEY_FILE: path } });
    expect(config.marketApiKey?.reveal()).toBe(CANARY);
    const row = config.rows.find(({ name }) => name === 'ARGOSY_MARKET_API_KEY');
    expect(row).toEqual({ name: 'ARGOSY_MARKET_API_KEY', value: '***', origin: `file ${path}` });
  });

  it('are refused when the file is not there, and when both ways are used', () => {
    const env = { ARGOSY_MARKET_API_KEY_FILE: join(folder, 'none') };
    expect(refusal({ env }).message).toMatch(/cannot be read \(ENOENT\)/);
    expect(refusal({ env: { ...env, ARGOSY_MARKET_API_KEY: 'x' } }).message).toContain(
      'ARGOSY_MARKET_API_KEY and ARGOSY_MARKET_API_KEY_FILE are both given',
    );
  });

  it('are refused as a flag, because argv can be read by everyone', () => {
    for (const flags of [
      { marketApiKey: CANARY },
      { warehouse: `postgres://etl:${CANARY}@db/x` },
    ]) {
      const { message } = refusal({ flags });
      expect(message).toContain('may not carry a secret');
      expect(message).not.toContain(CANARY);
    }
    expect(read({ flags: { warehouse: 'postgres://etl@db/x' } }).warehouse.kind).toBe('postgres');
  });

  it('do not show when the whole configuration is printed', () => {
    const config = read({
      env: {
        ARGOSY_WAREHOUSE: `redshift://u:${CANARY}@db:5439/dev`,
        ARGOSY_NOTIFY_WEBHOOK_URL: `https://hooks.test/${CANARY}`,
        ARGOSY_MARKET_API_KEY: CANARY,
      },
    });
    expect(JSON.stringify(config)).not.toContain(CANARY);
  });

  it('are all known to the log, passwords inside addresses too', () => {
    const config = read({
      env: {
        DB_HOST: 'db',
        DB_PASSWORD: 'p@ss/word',
        MARKET_API_KEY: CANARY,
        AWS_SECRET_ACCESS_KEY: 'aws-secret',
      },
    });
    const revealed = config.secrets.map((value) => value.reveal());
    expect(revealed).toEqual(expect.arrayContaining(['p@ss/word', CANARY, 'aws-secret']));
  });
});

/** `` `ARGOSY_X` (secret) `` is the cell of ARGOSY_X; other cells are those of none. */
const nameIn = (cell: string): string => /^`(ARGOSY_\w+)`/.exec(cell)?.[1] ?? '';

describe('the list of settings', () => {
  it('has a default only for names it knows', () => {
    for (const name of Object.keys(DEFAULTS)) expect(SETTING_NAMES).toContain(name);
  });

  it('stands in docs/configuration.md, and with the same defaults', async () => {
    const text = await readFile(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
    const rows = text.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    const documented = new Map(rows.map(([, name = '', , fallback]) => [nameIn(name), fallback]));
    expect([...documented.keys()].filter((name) => name !== '')).toEqual(SETTING_NAMES);
    const { ARGOSY_NOTIFY_TOPICS: _, ...fallbacks } = DEFAULTS;
    for (const [name, fallback] of Object.entries(fallbacks)) {
      expect(documented.get(name)).toContain(`\`${fallback}\``);
    }
  });

  it('is described whole', () => {
    expect(describeConfig(read()).map(({ name }) => name)).toEqual(SETTING_NAMES);
  });
});
