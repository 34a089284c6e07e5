import { afterAll, beforeAll, expect, it } from 'vitest';
import { cli, type CliEnd } from '../support/cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;

beforeAll(async () => {
  folder = await tempFolder();
});

afterAll(() => folder.remove());

function ddl(engine: string, ...more: string[]): Promise<CliEnd> {
  return cli(['tables', '--ddl', engine, ...more], { cwd: folder.path });
}

it('prints what defines the tables of every pipeline that Athena can read, and says which it cannot', async () => {
  const { exitCode, stdout, stderr } = await ddl('athena');
  expect(exitCode).toBe(0);
  const databases = [...stdout.matchAll(/^CREATE DATABASE IF NOT EXISTS `(\w+)`;$/gm)];
  expect(databases.map(([, name]) => name)).toEqual([
    'dartmouth_db',
    'finance',
    'curated_local',
    'processed_local',
    'curated',
  ]);
  expect(stdout).toContain(`LOCATION 's3://argosy-fama-french/ingestion_map/'`);
  expect(stdout).not.toContain('note:');
  expect(stderr).toContain('note: csv-intake is not offered there');
  expect(stderr).toContain('note: market-data has no tables of objects');
  expect(stderr).toContain('setup commerce --engine athena');
});

it('prints statements as JSON, each with its pipeline', async () => {
  const { stdout } = await ddl('trino', '--pipeline', 'fama-french', '--json');
  const all = JSON.parse(stdout) as { pipeline: string; statement: string }[];
  expect(new Set(all.map(({ pipeline }) => pipeline))).toEqual(new Set(['fama-french']));
  expect(all.map(({ statement }) => statement.slice(0, 30))).toEqual([
    'CREATE SCHEMA IF NOT EXISTS "d',
    '-- "dartmouth_db"."raw_data" i',
    'CREATE TABLE IF NOT EXISTS "da',
    'CREATE OR REPLACE VIEW "dartmo',
    'CREATE OR REPLACE VIEW "dartmo',
    'CREATE OR REPLACE VIEW "dartmo',
  ]);
});

it.each(['postgres', 'redshift'])('prints the tables of the warehouse for %s', async (engine) => {
  const { stdout } = await ddl(engine);
  expect(stdout).toContain('CREATE TABLE IF NOT EXISTS "fact_transactions"');
  expect(stdout).toContain('CREATE TABLE IF NOT EXISTS "market_data"."fct_stock_prices"');
  expect(stdout).toContain('CREATE TABLE IF NOT EXISTS "curated_local"."sessions"');
});

it('an engine that there is not is refused with the nearest, and so is the name of a dataset', async () => {
  const wrong = await ddl('atena');
  expect(wrong).toMatchObject({ exitCode: 51, stdout: '' });
  expect(wrong.stderr).toContain('did you mean athena?');
  const named = await cli(['tables', 'raw_data', '--ddl', 'athena'], { cwd: folder.path });
  expect(named).toMatchObject({ exitCode: 51, stdout: '' });
});
