import { describe, expect, it } from 'vitest';

import { readConfig } from '../../../services/cli/config/config.ts';

const read = (env: Record<string, string>) =>
  readConfig({ flags: {}, env, dotenvText: undefined, cwd: '/home/me/work' });

describe('names of the original systems', () => {
  it('build the address of Redshift', () => {
    const config = read({
      REDSHIFT_HOST: 'c.redshift.amazonaws.com',
      REDSHIFT_USER: 'awsuser',
      REDSHIFT_PASSWORD: 'pa ss',
      REDSHIFT_IAM_ROLE_ARN: 'arn:aws:iam::123456789:role/RedshiftS3Role',
    });
    const { warehouse } = config;
    expect(warehouse.kind).toBe('redshift');
    expect('url' in warehouse && warehouse.url.reveal()).toBe(
      'redshift://awsuser:pa%20ss@c.redshift.amazonaws.com:5439/dev',
    );
    expect(config.redshiftIamRoleArn).toContain('RedshiftS3Role');
    const row = config.rows.find(({ name }) => name === 'ARGOSY_WAREHOUSE');
    expect(row?.origin).toBe('REDSHIFT_HOST, environment');
    expect(row?.value).not.toContain('pa%20ss');
  });

  it('build the address of PostgreSQL', () => {
    const { warehouse } = read({
      DB_HOST: 'localhost',
      DB_PORT: '5433',
      DB_NAME: 'etl',
      DB_USER: 'u',
    });
    expect('url' in warehouse && warehouse.url.reveal()).toBe('postgres://u@localhost:5433/etl');
  });

  it('give way to our own names', () => {
    const env = { S3_BUCKET_NAME: 'theirs', MARKET_API_KEY: 'theirs', DB_HOST: 'db' };
    expect(read(env).buckets['market-data']).toBe('theirs');
    const own = { ARGOSY_BUCKET_MARKET_DATA: 'ours', ARGOSY_WAREHOUSE: 'pglite:w' };
    const config = read({ ...env, ...own });
    expect(config.buckets['market-data']).toBe('ours');
    expect(config.warehouse.kind).toBe('pglite');
  });

  it('are refused when they name two warehouses', () => {
    expect(() => read({ DB_HOST: 'a', REDSHIFT_HOST: 'b' })).toThrow(
      'REDSHIFT_HOST and DB_HOST both name a warehouse',
    );
  });
});
