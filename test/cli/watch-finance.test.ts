import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { textOf, utf8 } from '../support/bytes.ts';
import { describeWith } from '../support/require-component.ts';
import { minioProgram, startMinio } from '../support/s3-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

import { s3Store } from '../../services/adapters/object-store/s3.ts';

const OUTPUT = '.argosy/store/argosy-finance-processed/processed';
const HEADER = 'transaction_id,customer_id,amount';

async function outputs(cwd: string): Promise<string[]> {
  const names = await readdir(join(cwd, OUTPUT), { recursive: true, withFileTypes: true });
  return names.flatMap((each) => (each.isFile() ? each.name : [])).toSorted();
}

describe('argosy watch finance', () => {
  it('cleans every CSV of a folder into the processed bucket, once, and says which one is bad', async () => {
    await using folder = await tempFolder();
    const cwd = folder.path;
    await mkdir(join(cwd, 'drop/deep'), { recursive: true });
    const rows = `${HEADER}\nTXN1,CUST1,5.00\nTXN1,CUST1,6.00\nTXN2,CUST1,\nTXN3,CUST1,-1\n`;
    const names = ['a b+c é.csv', '{{workflow.name}}.csv', 'deep/x.csv'];
    for (const name of names) await writeFile(join(cwd, 'drop', name), rows);
    await writeFile(join(cwd, 'drop/bad.csv'), '');
    await writeFile(join(cwd, 'drop/half.csv.part'), rows);
    const argv = ['watch', 'finance', '--dir', 'drop', '--once', '--json'];
    const first = await cli(argv, { cwd });
    const told = first.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(told).toHaveLength(4);
    expect(told).toContainEqual(expect.objectContaining({ key: 'raw/bad.csv', status: 'error' }));
    expect(first.stderr).toContain('it is empty');
    expect(await outputs(cwd)).toEqual(
      ['a b+c é.csv', 'x.csv', '{{workflow.name}}.csv'].toSorted(),
    );
    for (const name of names) {
      const text = await readFile(join(cwd, OUTPUT, name), 'utf8');
      expect(text).toMatch(
        /^transaction_id,customer_id,amount,processed_at\nTXN1,CUST1,5\.00,\d{4}-\d\d-\d\d 00:00:00\n$/,
      );
    }
    const again = await cli(argv, { cwd });
    expect(again.stdout).toBe('');
  }, 30_000);

  it('has both buckets made by setup', async () => {
    await using folder = await tempFolder();
    const { stdout } = await cli(['setup', 'finance'], { cwd: folder.path });
    expect(stdout).toMatch(
      /^finance: .*argosy-finance created\nfinance-processed: .*argosy-finance-processed created\n$/,
    );
    const again = await cli(['setup', 'finance'], { cwd: folder.path });
    expect(again.stdout).toMatch(/argosy-finance is there\nfinance-processed: .* is there\n$/);
  });
});

describeWith(minioProgram(), 'argosy watch finance on MinIO', (program) => {
  it('cleans what was put below raw/ into the second bucket, once', async () => {
    await using folder = await tempFolder();
    const server = await startMinio(program);
    try {
      const settings = [
        'ARGOSY_STORE=s3:',
        `ARGOSY_S3_ENDPOINT=${server.endpoint}`,
        `AWS_ACCESS_KEY_ID=${server.accessKeyId}`,
        `AWS_SECRET_ACCESS_KEY=${server.secretAccessKey}`,
      ];
      // In this process the SDK reads the environment of the tests, so the keys come from a `.env`.
      await writeFile(join(folder.path, '.env'), `${settings.join('\n')}\n`);
      const options = { cwd: folder.path };
      expect(await cli(['setup', 'finance'], options)).toMatchObject({ exitCode: 0 });
      const bucketOf = (bucket: string) => s3Store({ connection: server.connection, bucket });
      await bucketOf('argosy-finance').put(
        'raw/a b+é.csv',
        utf8(`${HEADER}\nTXN1,CUST1,5.00\nTXN2,CUST1,0\n`),
      );
      const first = await cli(['watch', 'finance', '--once', '--json'], options);
      expect(first).toMatchObject({ exitCode: 0 });
      const output = await bucketOf('argosy-finance-processed').get('processed/a b+é.csv');
      expect(textOf(output)).toMatch(/\nTXN1,CUST1,5\.00,\d{4}-\d\d-\d\d 00:00:00\n$/);
      expect(await cli(['watch', 'finance', '--once', '--json'], options)).toMatchObject({
        exitCode: 0,
        stdout: '',
      });
    } finally {
      await server.stop();
    }
  }, 60_000);
});
