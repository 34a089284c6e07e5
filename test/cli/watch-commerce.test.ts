import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { s3Store } from '../../services/adapters/object-store/s3.ts';
import { makeCommerceSample } from '../../services/sample/commerce.ts';
import { cli } from '../support/cli.ts';
import { describeLong, describeLongWith } from '../support/require-component.ts';
import { minioProgram, startMinio } from '../support/s3-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

const FILES = makeCommerceSample({
  seed: 41,
  transactions: 160,
  products: 12,
  events: 60,
  reviews: 20,
  customers: 8,
  lastDay: '2026-01-31',
  days: 2,
});
const PARAMETERS = ['logical-date=2026-01-31', 'min-transactions=1', 'min-products=1'];
const WATCH = [
  'watch',
  'commerce',
  '--once',
  '--json',
  ...PARAMETERS.flatMap((one) => ['-p', one]),
];

function told(stdout: string): Record<string, unknown>[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describeLong('argosy watch commerce', () => {
  it('takes all files of a folder in one run, and a second look finds nothing', async () => {
    await using folder = await tempFolder();
    const cwd = folder.path;
    for (const [key, bytes] of FILES) {
      const path = join(cwd, 'drop', key.slice('raw/'.length));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
    }
    const first = await cli([...WATCH, '--dir', 'drop'], { cwd });
    const arrivals = told(first.stdout);
    expect(arrivals).toHaveLength(FILES.size);
    expect(new Set(arrivals.map(({ key }) => key))).toEqual(new Set(FILES.keys()));
    expect(new Set(arrivals.map(({ run }) => run)).size).toBe(1);
    expect(new Set(arrivals.map(({ status }) => status))).toEqual(new Set(['success']));
    const asked = ['query', 'SELECT count(*) FROM curated.transactions', '--csv'];
    expect(Number((await cli(asked, { cwd })).stdout.split('\n')[1])).toBeGreaterThan(140);
    const again = await cli([...WATCH, '--dir', 'drop'], { cwd });
    expect([again.exitCode, again.stdout]).toEqual([0, '']);
  }, 60_000);
});

describeLongWith(minioProgram(), 'argosy watch commerce on MinIO', (program) => {
  it('takes what was put below raw/ in one run, once', async () => {
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
      expect(await cli(['setup', 'commerce'], options)).toMatchObject({ exitCode: 0 });
      const store = s3Store({ connection: server.connection, bucket: 'argosy-commerce' });
      for (const [key, bytes] of FILES) await store.put(key, bytes);
      const first = await cli(WATCH, options);
      expect(first.exitCode).toBe(0);
      const arrivals = told(first.stdout);
      expect(arrivals).toHaveLength(FILES.size);
      expect(new Set(arrivals.map(({ run }) => run)).size).toBe(1);
      expect(await cli(WATCH, options)).toMatchObject({ exitCode: 0, stdout: '' });
    } finally {
      await server.stop();
    }
  }, 120_000);
});
