import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { s3Store } from '../../services/adapters/object-store/s3.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { QueryRecord } from '../../services/stages/serve/history/query-history.ts';
import {
  athenaCsv,
  type AthenaScript,
  type AthenaServer,
  athenaServer,
  DONE,
} from '../support/athena-server.ts';
import { cli, type CliOptions } from '../support/cli.ts';
import { shopRows } from '../support/commerce-rows.ts';
import { publishShop } from '../support/commerce-shop.ts';
import { describeWith } from '../support/require-component.ts';
import { minioProgram, type S3Server, startMinio } from '../support/s3-server.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

const COLUMNS = [{ Name: 'n', Type: 'bigint' }];
const COUNT = 'SELECT count(*) AS n FROM transactions';

it('Athena is refused where the store is no S3', async () => {
  await using home = await tempFolder();
  for (const argv of [
    ['query', COUNT],
    ['setup', 'commerce'],
  ]) {
    const end = await cli([...argv, '--engine', 'athena'], { cwd: home.path });
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toMatch(/Athena reads objects in S3 alone\nhint: set ARGOSY_STORE=s3:/);
  }
});

/** Some thirty definitions, each a round of its own, on a machine that may be busy. */
const REGISTERING_MS_MAX = 30_000;

describeWith(minioProgram(), 'argosy query --engine athena', (program) => {
  let s3: S3Server;
  let folder: TempFolder;
  let athena: AthenaServer;
  let bucket: ObjectStore;
  let script: AthenaScript;

  const argosy = (...argv: string[]) => argosyWith({}, ...argv);
  const argosyWith = (options: Partial<CliOptions>, ...argv: string[]) =>
    cli(argv, {
      ...options,
      cwd: folder.path,
      env: {
        ARGOSY_STORE: 's3:',
        ARGOSY_S3_ENDPOINT: s3.endpoint,
        ARGOSY_ENGINE: 'athena',
        ARGOSY_ATHENA_ENDPOINT: athena.url,
        ARGOSY_ATHENA_OUTPUT: 's3://argosy-commerce/athena-results/',
      },
    });
  const publish = async (transactions: number): Promise<void> => {
    await using work = await tempFolder();
    const wanted = { seed: 6, lastDay: '2026-11-20', dayCount: 2, transactions, sessions: 9 };
    await publishShop(bucket, work.path, shopRows(wanted));
  };
  /** The statements that Athena was given since the last time. */
  const given = (): string[] =>
    athena.requests
      .splice(0)
      .flatMap(({ action, body }) =>
        action === 'StartQueryExecution' ? String(body['QueryString']) : [],
      );

  beforeAll(async () => {
    folder = await tempFolder();
    s3 = await startMinio(program);
    // The SDK reads the environment of this process, so they come from the file.
    const keys = [
      `AWS_ACCESS_KEY_ID=${s3.accessKeyId}`,
      `AWS_SECRET_ACCESS_KEY=${s3.secretAccessKey}`,
    ];
    await writeFile(join(folder.path, '.env'), `${keys.join('\n')}\n`);
    await s3.createBucket('argosy-commerce');
    bucket = s3Store({ connection: s3.connection, bucket: 'argosy-commerce' });
    await publish(40);
    athena = await athenaServer(() => script);
  }, 60_000);

  beforeEach(() => {
    script = { states: [DONE], columns: COLUMNS, rows: [['40']] };
  });

  afterAll(async () => {
    await athena[Symbol.asyncDispose]();
    await s3.stop();
    await folder.remove();
  });

  it('says what is to be done before its tables are registered', async () => {
    const end = await argosy('query', '--pipeline', 'commerce', COUNT);
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toMatch(
      /commerce are not registered with athena\nhint: argosy setup commerce --engine athena/,
    );
    expect(given()).toEqual([]);
  });

  it(
    'setup says what it would register, and registers databases, tables and views',
    async () => {
      const dry = await argosy('setup', 'commerce', '--dry-run');
      expect(dry.stdout).toMatch(/curated_local would be registered by \d+ statements/);
      expect(given()).toEqual([]);
      const end = await argosy('setup', 'commerce');
      expect(end.stdout).toMatch(
        /commerce: curated_local registered \(\d+ statements, \d+ lists of objects\)/,
      );
      const statements = given();
      expect(statements).toContain('CREATE DATABASE IF NOT EXISTS `curated_local`');
      const table = statements.find((one) => one.includes('`curated_local`.`transactions`'));
      expect(table).toContain(
        `LOCATION 's3://argosy-commerce/_catalog/symlink/curated_local/transactions/'`,
      );
      expect((await argosy('setup', 'commerce', '--json')).stdout).toContain('"changed": false');
      given();
    },
    REGISTERING_MS_MAX,
  );

  it('answers, keeps the answer, and tells what it cost', async () => {
    const first = await argosy('query', '--pipeline', 'commerce', '--csv', COUNT);
    expect(first).toEqual({ exitCode: 0, stdout: 'n\r\n40\r\n', stderr: '' });
    expect(given()).toEqual([COUNT]);
    const again = await argosy('query', '--pipeline', 'commerce', '--csv', COUNT);
    expect(again).toMatchObject({ stdout: first.stdout, stderr: /nothing published since/ });
    expect(given()).toEqual([]);
    const history = await argosy('history', '--engine', 'athena', '--json');
    const [kept, asked] = JSON.parse(history.stdout) as QueryRecord[];
    expect(asked).toMatchObject({
      engine: 'athena',
      scanned_bytes: 1_048_576,
      duration_ms: 321,
      cache_hit: false,
      execution_id: expect.stringMatching(/^0+-0000-4000/),
    });
    expect(kept).toMatchObject({ cache_hit: true, scanned_bytes: 0 });
  });

  it('asks a named query in its own SQL, as of the newest day', async () => {
    script = { ...script, columns: [{ Name: 'category', Type: 'varchar' }], rows: [['Toys']] };
    const end = await argosy('query', '--named', 'revenue_by_category', '--csv');
    expect(end).toMatchObject({ exitCode: 0, stdout: 'category\r\nToys\r\n' });
    expect(end.stderr).toBe('as of 2026-11-20, the newest day published\n');
    const [sql] = given();
    expect(sql).toContain(`'2026-11-20'`);
    expect(sql).not.toMatch(/\$1|half_up|cents\(|HUGEINT|\/\//);
  });

  it('reads a large answer from the object that Athena has put', async () => {
    const rows = Array.from({ length: 3_000 }, (_, at) => [String(at)]);
    const key = 'athena-results/large.csv';
    await bucket.put(key, Buffer.from(athenaCsv(COLUMNS, rows)));
    script = { ...script, rows, outputLocation: `s3://argosy-commerce/${key}` };
    const end = await argosy('query', '--pipeline', 'commerce', '--csv', `${COUNT} LIMIT 3000`);
    expect(end.stdout.split('\r\n')).toHaveLength(3_002);
    const pages = athena.actions().filter((action) => action === 'GetQueryResults');
    expect(pages).toHaveLength(1);
    given();
  });

  it(
    'says when something was published that Athena does not see yet',
    async () => {
      await publish(50);
      const before = await argosy('query', '--pipeline', 'commerce', '--csv', COUNT);
      expect(before.stderr).toMatch(
        /^Athena answers as of .*: argosy setup commerce --engine athena\n/,
      );
      script = { ...script, rows: [['50']] };
      await argosy('setup', 'commerce');
      given();
      const after = await argosy('query', '--pipeline', 'commerce', '--csv', COUNT);
      expect(after).toEqual({ exitCode: 0, stdout: 'n\r\n50\r\n', stderr: '' });
      expect(given()).toEqual([COUNT]);
    },
    REGISTERING_MS_MAX,
  );

  it('is told of by the doctor', async () => {
    const end = await argosy('doctor', 'commerce');
    expect(end.stdout).toMatch(/ok +athena +workgroup primary, catalogue AwsDataCatalog: answers/);
    expect(given()).toEqual(['SELECT 1']);
  });

  it('fails as the query did, which the history tells', async () => {
    const reason = "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved";
    const failed = { State: 'FAILED' as const, StateChangeReason: reason };
    script = { states: [{ ...failed, AthenaError: { ErrorCategory: 2 } }] };
    const end = await argosy('query', '--pipeline', 'commerce', 'SELECT nope FROM transactions');
    expect(end).toMatchObject({ exitCode: 20, stdout: '' });
    expect(end.stderr).toContain(reason);
    const history = await argosy('history', '--failed', '--json', '--limit', '1');
    expect(JSON.parse(history.stdout)).toMatchObject([{ error_class: 'input-invalid' }]);
  });

  it('stops a query above the scan limit, and on Ctrl-C', async () => {
    script = { states: [{ State: 'RUNNING', scannedBytes: 2_000_000 }] };
    const query = ['query', '--pipeline', 'commerce', '--no-cache'];
    const over = await argosy(...query, '--scan-limit', '1MB', COUNT);
    expect(over.exitCode).toBe(22);
    expect(over.stderr).toMatch(/it had scanned 2.0 MB, more than 1.0 MB\nhint: /);
    expect(athena.stopped.splice(0)).toHaveLength(1);
    for (let tries = 0; tries < 3; tries += 1) {
      const busy = { status: 400, type: 'TooManyRequestsException', message: 'later' };
      athena.faults.push({ action: 'GetQueryExecution', ...busy });
    }
    const interrupt = { signal: 'SIGINT' as const, when: 'athena.retry' };
    const stopped = await argosyWith({ interrupt }, ...query, COUNT);
    expect(stopped).toMatchObject({ exitCode: 130, stdout: '' });
    expect(athena.stopped.splice(0)).toHaveLength(1);
    athena.faults.splice(0);
    const as = await argosy('query', '--as-of', '2026-01-31', '--pipeline', 'commerce', COUNT);
    expect(as).toMatchObject({ exitCode: 51, stderr: /--as-of goes with --named/ });
  });
});
