import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { describeWith } from '../support/require-component.ts';
import { minioProgram, startMinio } from '../support/s3-server.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { tinyCsv, zipOf } from '../support/tiny-site.ts';

const zip = (made: string) => zipOf({ '6_Portfolios_2x3.CSV': tinyCsv({ made }) });
const BUCKET = '.argosy/store/argosy-fama-french';

/** A folder with a bucket in which these ZIPs lie. */
async function place(zips: Record<string, Uint8Array>) {
  const folder = await tempFolder();
  await mkdir(join(folder.path, BUCKET, 'raw_data'), { recursive: true });
  for (const [name, bytes] of Object.entries(zips)) {
    await writeFile(join(folder.path, BUCKET, 'raw_data', name), bytes);
  }
  return folder;
}

describe('argosy watch --once', () => {
  it(
    'runs the pipeline for what is there, says so, and ends with 0',
    { timeout: 20_000 },
    async () => {
      await using folder = await place({
        'x_201707.zip': zip('201707'),
        'x_201801.zip': zip('201801'),
      });
      const first = await cli(['watch', 'fama-french', '--once', '--json'], { cwd: folder.path });
      expect(first.exitCode).toBe(0);
      const lines = first.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
      expect(lines).toHaveLength(2);
      expect(lines[0]).toMatchObject({
        pipeline: 'fama-french',
        status: 'success',
        error_class: null,
      });
      expect(first.stderr).toContain('sweep: 2 there, 2 to do');
      const parts = await readdir(join(folder.path, BUCKET, 'transformed_data'));
      expect(parts).toHaveLength(4);

      const second = await cli(['watch', 'fama-french', '--once', '--json'], { cwd: folder.path });
      expect(second).toMatchObject({ exitCode: 0, stdout: '' });

      const status = await cli(['status', 'fama-french', '--json'], { cwd: folder.path });
      const { runs } = JSON.parse(status.stdout) as { runs: { trigger: string }[] };
      expect(runs.map(({ trigger }) => trigger)).toEqual(['event']);
    },
  );

  it(
    'ends with the exit code of a run that has failed, and tells why once',
    { timeout: 20_000 },
    async () => {
      await using folder = await place({ 'x_201707.zip': zipOf({ 'x.CSV': 'no table\n' }) });
      const end = await cli(['watch', 'fama-french', '--once'], { cwd: folder.path });
      expect(end.exitCode).toBe(20);
      expect(end.stderr.match(/ failed in /g)).toHaveLength(1);
      expect(end.stderr).toContain('hint:');
      const again = await cli(['watch', 'fama-french', '--once'], { cwd: folder.path });
      expect(again.exitCode).toBe(0);
    },
  );

  it(
    'puts what lies in --dir into the bucket first, and leaves the folder as it is',
    { timeout: 20_000 },
    async () => {
      await using folder = await tempFolder();
      await mkdir(join(folder.path, 'my downloads'));
      await writeFile(join(folder.path, 'my downloads/x_201707.zip'), zip('201707'));
      const argv = ['watch', 'fama-french', '--dir', 'my downloads', '--once'];
      const end = await cli(argv, { cwd: folder.path });
      expect(end).toMatchObject({
        exitCode: 0,
        stderr: expect.stringContaining('raw_data/x_201707.zip done'),
      });
      expect(await readdir(join(folder.path, 'my downloads'))).toEqual(['x_201707.zip']);
      expect(await readdir(join(folder.path, BUCKET, 'raw_data'))).toContain('x_201707.zip');
      expect(await readdir(join(folder.path, '.argosy/scratch'))).toEqual([]);
    },
  );
});

describe('argosy watch', () => {
  it('until Ctrl-C ends with 130, and has done what it found', { timeout: 20_000 }, async () => {
    await using folder = await place({ 'x_201707.zip': zip('201707') });
    const interrupt = { signal: 'SIGINT' as const, when: ' done in ' };
    const end = await cli(['watch', 'fama-french'], { cwd: folder.path, interrupt });
    expect(end.exitCode).toBe(130);
    expect(end.stderr).toContain('listening');
    expect(end.stderr).toContain('the next watcher');
  });

  it.each([
    [['watch', 'nothing'], 'is not known'],
    [['watch', 'fama-french', '--dir', 'nowhere'], 'is not a folder'],
    [['watch', 'fama-french', '--dir', BUCKET], 'hold each other'],
    [['watch', 'fama-french', '--dir', '.'], 'hold each other'],
    [['watch', 'fama-french', '--sweep-every', 'often'], 'is not a time'],
    [['watch', 'fama-french', '--sweep-every', '1ms'], 'less than'],
    [['watch', 'fama-french', '--at-once', '0'], 'less than'],
    [['watch', 'fama-french', '-p', 'shard-sise=1'], 'shard-size'],
  ])('%j is refused before anything is done', async (argv, text) => {
    await using folder = await place({});
    const end = await cli([...argv, '--once'], { cwd: folder.path });
    expect(end).toMatchObject({ exitCode: 51, stderr: expect.stringContaining(text) });
    expect(end.stderr).toContain('hint:');
  });
});

describeWith(minioProgram(), 'argosy watch on MinIO', (program) => {
  it(
    'sees an upload within seconds, whether or not the server streams its notifications',
    { timeout: 60_000 },
    async () => {
      await using folder = await tempFolder();
      const server = await startMinio(program);
      try {
        await server.createBucket('argosy-fama-french');
        const lines = [
          'ARGOSY_STORE=s3:',
          `ARGOSY_S3_ENDPOINT=${server.endpoint}`,
          `AWS_ACCESS_KEY_ID=${server.accessKeyId}`,
          `AWS_SECRET_ACCESS_KEY=${server.secretAccessKey}`,
        ];
        await writeFile(join(folder.path, '.env'), `${lines.join('\n')}\n`);
        const { s3Store } = await import('../../services/adapters/object-store/s3.ts');
        const store = s3Store({ connection: server.connection, bucket: 'argosy-fama-french' });
        const onText = (text: string) => {
          if (text.includes(' listening')) void store.put('raw_data/x_201707.zip', zip('201707'));
        };
        const interrupt = { signal: 'SIGINT' as const, when: ' done in ' };
        const argv = ['watch', 'fama-french', '--sweep-every', '10m'];
        const end = await cli(argv, { cwd: folder.path, interrupt, onText });
        expect(end.exitCode).toBe(130);
        expect(end.stderr).toContain('raw_data/x_201707.zip done in');
      } finally {
        await server.stop();
      }
    },
  );
});
