import { expect, it, vi } from 'vitest';
import { s3Store } from '../../../services/adapters/object-store/s3.ts';
import { cli } from '../../support/cli.ts';
import { describeWith } from '../../support/require-component.ts';
import { minioProgram, startMinio } from '../../support/s3-server.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const BUCKET = 'argosy-csv-intake';
const DAYS = ['--from', '2020-01-01', '--to', '2099-12-31'];

describeWith(minioProgram(), 'partitions on MinIO', (program) => {
  it('are told, planned and made as in a folder', async () => {
    await using home = await tempFolder();
    const server = await startMinio(program);
    try {
      await server.createBucket(BUCKET);
      const store = s3Store({ connection: server.connection, bucket: BUCKET });
      for (const name of ['a', 'b', 'c'])
        await store.put(`uploads/${name}.csv`, Buffer.from('x,y\n1,2\n'));
      const env = {
        ARGOSY_STORE: 's3:',
        ARGOSY_S3_ENDPOINT: server.endpoint,
      };
      // The client reads them of the process itself.
      vi.stubEnv('AWS_ACCESS_KEY_ID', server.accessKeyId);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.secretAccessKey);
      const argosy = (...argv: string[]) => cli(argv, { cwd: home.path, env });
      const interrupt = { signal: 'SIGINT', when: '[2 of 3] uploads/b.csv  started' } as const;
      const argv = ['backfill', 'csv-intake', ...DAYS, '--yes'];
      const stopped = await cli(argv, { cwd: home.path, env, interrupt });
      const id = /plan ([0-9a-f]{12})/.exec(stopped.stderr)?.[1] ?? '';
      expect([stopped.exitCode, stopped.stderr]).toEqual([130, expect.any(String)]);
      const end = await argosy('backfill', '--resume', id);
      expect([end.exitCode, end.stdout]).toEqual([0, expect.stringContaining('3 of 3 runs done')]);
      const failOn = ['--fail-on', 'missing,failed,stale,running'];
      const status = await argosy('status', 'csv-intake', '--from', '2020-01', ...failOn);
      expect([status.exitCode, status.stdout]).toEqual([0, expect.stringContaining('■ done 3\n')]);
    } finally {
      vi.unstubAllEnvs();
      await server.stop();
    }
  }, 60_000);
});
