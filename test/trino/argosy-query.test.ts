import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { s3Store } from '../../services/adapters/object-store/s3.ts';
import { NAMED } from '../../services/pipelines/commerce/answer/named.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import {
  type AthenaColumn,
  type AthenaScript,
  type AthenaServer,
  athenaServer,
  DONE,
} from '../support/athena-server.ts';
import { cli } from '../support/cli.ts';
import { shopRows } from '../support/commerce-rows.ts';
import { publishShop } from '../support/commerce-shop.ts';
import { describeLongWith } from '../support/require-component.ts';
import { minioProgram, type S3Server, startMinio } from '../support/s3-server.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import {
  startTrino,
  trinoProgram,
  type TrinoResult,
  type TrinoServer,
} from '../support/trino-server.ts';

describeLongWith(
  trinoProgram(),
  'argosy query, with Trino behind the protocol of Athena',
  (path) => {
    describeLongWith(minioProgram(), 'over an S3 server', (minio) => {
      let folder: TempFolder;
      let s3: S3Server;
      let trino: TrinoServer;
      let athena: AthenaServer;
      let bucket: ObjectStore;

      const argosy = (...argv: string[]) =>
        cli(argv, {
          cwd: folder.path,
          env: {
            ARGOSY_STORE: 's3:',
            ARGOSY_S3_ENDPOINT: s3.endpoint,
            ARGOSY_ATHENA_ENDPOINT: athena.url,
          },
        });
      const publish = (lastDay: string): Promise<void> =>
        publishShop(
          bucket,
          folder.path,
          shopRows({ seed: 3, lastDay, dayCount: 40, transactions: 300, sessions: 60 }),
        );

      beforeAll(async () => {
        folder = await tempFolder();
        s3 = await startMinio(minio);
        trino = await startTrino(path, s3);
        athena = await athenaServer((sql, database) => scriptOf(trino, sql, database));
        const keys = {
          AWS_ACCESS_KEY_ID: s3.accessKeyId,
          AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
        };
        const lines = Object.entries(keys).map(([name, value]) => `${name}=${value}\n`);
        await writeFile(join(folder.path, '.env'), lines.join(''));
        await s3.createBucket('argosy-commerce');
        bucket = s3Store({ connection: s3.connection, bucket: 'argosy-commerce' });
        await publish('2026-01-31');
        const { exitCode, stderr } = await argosy('setup', 'commerce', '--engine', 'athena');
        if (exitCode !== 0) throw new Error(stderr);
      }, 240_000);

      afterAll(async () => {
        await athena[Symbol.asyncDispose]();
        await trino.stop();
        await s3.stop();
        await folder.remove();
      });

      it.each(NAMED.map(({ name }) => name))(
        '%s is the same, byte for byte, from both engines',
        async (name) => {
          const asked = ['query', '--csv', '--no-cache', '--named', name];
          const here = await argosy(...asked, '--engine', 'duckdb');
          const there = await argosy(...asked, '--engine', 'athena');
          expect(here.exitCode).toBe(0);
          expect(here.stdout.split('\r\n').length).toBeGreaterThan(2);
          expect(there).toEqual(here);
        },
        60_000,
      );

      it('so is a question of a reader, with every type that the tables have', async () => {
        const sql = 'SELECT * FROM curated.transactions ORDER BY transaction_id LIMIT 50';
        const here = await argosy('query', '--json', '--engine', 'duckdb', sql);
        const there = await argosy('query', '--json', '--engine', 'athena', sql);
        expect(there).toEqual(here);
      }, 60_000);

      it('a publish is seen once it is registered, and is said until then', async () => {
        const sql = 'SELECT max(transaction_date) AS newest FROM curated.transactions';
        const ask = () => argosy('query', '--csv', '--engine', 'athena', sql);
        expect((await ask()).stdout).toContain('2026-01-31');
        await publish('2026-02-14');
        const before = await ask();
        expect(before.stdout).toContain('2026-01-31');
        expect(before.stderr).toContain('argosy setup commerce --engine athena');
        await argosy('setup', 'commerce', '--engine', 'athena');
        const after = await ask();
        expect(after).toMatchObject({ stderr: '' });
        expect(after.stdout).toContain('2026-02-14');
      }, 120_000);

      it('what is wrong with the SQL is told with its line', async () => {
        const sql = 'SELECT 1,\n nope FROM curated.transactions';
        const end = await argosy('query', '--engine', 'athena', sql);
        expect(end.exitCode).toBe(20);
        expect(end.stderr).toMatch(/line 2:2: Column 'nope' cannot be resolved/);
      }, 60_000);
    });
  },
);

/** What Athena would say of a statement that Trino answers. */
async function scriptOf(
  trino: TrinoServer,
  sql: string,
  database: string | undefined,
): Promise<AthenaScript> {
  try {
    if (/^\s*(?:CREATE|ALTER|DROP)\b/.test(sql)) {
      await trino.define(sql);
      return { states: [DONE] };
    }
    const { columns, rows } = await trino.ask(sql, database);
    return {
      states: [DONE],
      columns: columns.map(columnOf),
      rows: rows.map((row) => row.map((cell) => (cell === null ? null : textOf(cell)))),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      states: [{ State: 'FAILED', StateChangeReason: reason, AthenaError: { ErrorCategory: 2 } }],
    };
  }
}

/** `decimal(18,2)` is a type with a precision and a scale there. */
function columnOf({ name, type }: TrinoResult['columns'][number]): AthenaColumn {
  const [, word = type, precision = '0', scale = '0'] =
    /^(\w+)\((\d+)(?:,\s*(\d+))?\)/.exec(type) ?? [];
  return { Name: name, Type: word, Precision: Number(precision), Scale: Number(scale) };
}

function textOf(cell: unknown): string {
  return typeof cell === 'string' ? cell : JSON.stringify(cell);
}
