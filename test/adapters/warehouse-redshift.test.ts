import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { nullMarked } from '../../services/adapters/warehouse/redshift-copy.ts';
import { redshiftWarehouse } from '../../services/adapters/warehouse/redshift.ts';
import {
  marketMigrations,
  STAGING,
} from '../../services/pipelines/market-data/warehouse/schema.ts';
import * as merge from '../../services/pipelines/market-data/warehouse/merge-sql.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { type WireAnswer, wireServer, type WireServer } from '../support/wire-server.ts';

const ROLE = 'arn:aws:iam::123456789012:role/RedshiftS3Role';
const servers: WireServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

/** A warehouse at a server with these answers, and what was in the bucket when COPY came. */
async function replay(answers: readonly (readonly [RegExp, WireAnswer])[]) {
  const seen: { key: string; text: string }[] = [];
  const bucket = memoryStore({ bucket: 'argosy-market-data', clock: manualClock(new Date(0)) });
  const store: ObjectStore = { ...bucket, url: 's3://argosy-market-data' };
  const server = await wireServer((sql) => {
    const found = answers.find(([pattern]) => pattern.test(sql))?.[1];
    return found ?? { tag: sql.trim().split(/\s/)[0] ?? '' };
  });
  servers.push(server);
  const put = store.put.bind(store);
  store.put = async (key, body, options) => {
    const info = await put(key, body, options);
    seen.push({ key, text: Buffer.from((await bucket.get(key)) ?? []).toString() });
    return info;
  };
  const warehouse = redshiftWarehouse({
    address: `redshift://awsuser:secret@127.0.0.1:${server.port}/dev`,
    stage: { store, iamRoleArn: ROLE, region: 'eu-central-1' },
  });
  return { warehouse, server, bucket, seen };
}

async function* rows(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const copyTwo = (text: string) => (warehouse: ReturnType<typeof redshiftWarehouse>) =>
  warehouse.transaction((tx) =>
    tx.copyIn({ table: STAGING.name, columns: ['symbol', 'open_price'] }, rows(text)),
  );

describe('a load into Redshift', () => {
  it('goes through S3, as the role, inside the transaction, and leaves nothing there', async () => {
    const count: WireAnswer = { tag: 'SELECT 1', columns: ['pg_last_copy_count'], rows: [['2']] };
    const { warehouse, server, bucket, seen } = await replay([[/pg_last_copy_count/, count]]);
    expect(await copyTwo('IBM,1.5\nKO,\n')(warehouse)).toBe(2);
    const [staged] = seen;
    expect(staged?.text).toBe('IBM,1.5\nKO,\\N\n');
    expect(server.statements).toEqual([
      expect.stringContaining("SET timezone TO 'UTC'"),
      'BEGIN',
      `COPY "market_data"."stg_stock_prices" ("symbol", "open_price")
FROM 's3://argosy-market-data/${staged?.key}'
IAM_ROLE '${ROLE}'
REGION 'eu-central-1'
FORMAT AS CSV
DATEFORMAT 'auto'
TIMEFORMAT 'auto'
COMPUPDATE OFF
STATUPDATE OFF`,
      'SELECT pg_last_copy_count()',
      'COMMIT',
    ]);
    const left: string[] = [];
    for await (const { key } of bucket.list('')) left.push(key);
    expect(left).toEqual([]);
    expect(warehouse.url).toBe(`redshift://127.0.0.1:${server.port}/dev`);
    await warehouse.close();
  });

  it.each([
    [
      'a serialization failure',
      {
        code: 'XX000',
        message: '1023',
        detail: 'Serializable isolation violation on table - 1009',
      },
      'conflict',
    ],
    [
      'rows that COPY refuses',
      {
        code: 'XX000',
        message:
          "Load into table 'stg_stock_prices' failed.  Check 'stl_load_errors' system table for details.",
      },
      'input-invalid',
    ],
    [
      'a role that may not read',
      { code: '42501', message: 'S3ServiceException: Access Denied' },
      'denied',
    ],
    ['a disk that is full', { code: '53100', message: 'Disk Full' }, 'too-large'],
    [
      'a restart',
      { code: '57P01', message: 'terminating connection due to administrator command' },
      'unavailable',
    ],
  ] as const)('tells %s by its kind, and rolls back', async (_name, error, kind) => {
    const { warehouse, server, bucket } = await replay([[/^COPY/, error]]);
    await expect(copyTwo('IBM,1\n')(warehouse)).rejects.toMatchObject({ kind });
    expect(server.statements.at(-1)).toBe('ROLLBACK');
    for await (const { key } of bucket.list('')) expect(key).toBe('nothing is left');
    await warehouse.close();
  });

  it('is refused where the store is not S3', () => {
    const store = memoryStore({ bucket: 'b', clock: manualClock(new Date(0)) });
    const stage = { store, iamRoleArn: ROLE, region: 'us-east-1' };
    expect(() => redshiftWarehouse({ address: 'redshift://h/dev', stage })).toThrow(
      'from S3 alone',
    );
  });
});

describe('NULL and the empty text', () => {
  it.each([
    ['a,,b\n', 'a,\\N,b\n'],
    [',"",\n', '\\N,"",\\N\n'],
    ['"x,""y"",\n",\r\n', '"x,""y"",\n",\\N\r\n'],
    ['\n', '\\N\n'],
  ])('are told apart in %j', async (csv, expected) => {
    for (const size of [1, 3, 100]) {
      const bytes = Buffer.from(csv);
      async function* parts(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      }
      let marked = '';
      for await (const chunk of nullMarked(parts())) marked += Buffer.from(chunk).toString();
      expect(marked).toBe(expected);
    }
  });
});

/** CREATE TABLE by the syntax of the Database Developer Guide, as far as it is used here. */
const COLUMN =
  /^"[a-z_]+" (?:VARCHAR\(\d+\)|DECIMAL\(18,4\)|BIGINT|INTEGER|DATE|TIMESTAMP|BOOLEAN)(?: DEFAULT (?:SYSDATE|TRUE|FALSE))?(?: IDENTITY\(1,1\))? ENCODE ZSTD(?: NOT NULL)?$/;
const CREATE =
  /^CREATE TABLE IF NOT EXISTS ("[a-z_]+"\."[a-z_]+") \(\n([\s\S]+)\n\)\nDISTSTYLE (?:AUTO|KEY DISTKEY \("[a-z_]+"\))(?:\nCOMPOUND SORTKEY \("[a-z_]+"\))?$/;

describe('the tables on Redshift', () => {
  const [tables, analyst] = marketMigrations('redshift').migrations;
  const [schema = '', ...statements] = (tables?.sql ?? '')
    .split(';\n')
    .map((one) => one.replace(/;$/, ''));

  it('are made by statements of its syntax, each column compressed by ZSTD', () => {
    expect(schema).toBe('CREATE SCHEMA IF NOT EXISTS market_data');
    expect(statements).toHaveLength(7);
    for (const statement of statements) {
      const [, name, body = ''] = CREATE.exec(statement) ?? [];
      expect(name).toBeDefined();
      const lines = body.split(',\n').map((one) => one.trim());
      const isConstraint = (line: string): boolean =>
        /^UNIQUE \("[a-z_]+"(?:, "[a-z_]+")*\)$/.test(line);
      expect(lines.filter((line) => !isConstraint(line) && !COLUMN.test(line))).toEqual([]);
    }
  });

  it('have the distribution and the order that requirements 2.5 ask for', () => {
    const fact = statements.find((one) => one.includes('"fct_stock_prices"')) ?? '';
    expect(fact).toContain('"stock_id" INTEGER IDENTITY(1,1) ENCODE ZSTD NOT NULL');
    expect(fact).toContain('"created_at" TIMESTAMP DEFAULT SYSDATE ENCODE ZSTD');
    expect(fact).toContain('UNIQUE ("symbol", "price_date")');
    expect(fact).toMatch(/DISTSTYLE KEY DISTKEY \("symbol"\)\nCOMPOUND SORTKEY \("price_date"\)$/);
  });

  it('are read by a role that may do nothing else', () => {
    expect(analyst?.sql).toContain('CREATE ROLE market_data_analyst');
    expect(analyst?.sql).toContain('GRANT USAGE ON SCHEMA market_data TO ROLE market_data_analyst');
    expect(analyst?.sql).not.toContain('stg_');
  });
});

describe('the merge', () => {
  it.each(Object.entries(merge))('has nothing in %s that Redshift has not', (_name, sql) => {
    const statement =
      typeof sql === 'function' ? sql('all') + sql('changed') : [sql].flat().join(';');
    for (const absent of [
      /ON CONFLICT/i,
      /IS (?:NOT )?DISTINCT FROM/i,
      /DISTINCT ON/i,
      /TRUNCATE/i,
      /ON COMMIT DROP/i,
      /::/,
      /FILTER \(/i,
      /LATERAL/i,
      /GENERATE_SERIES/i,
      /\bRETURNING\b/i,
    ]) {
      expect(statement).not.toMatch(absent);
    }
  });
});
