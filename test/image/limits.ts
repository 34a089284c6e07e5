import { chown, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { s3Store } from '../../services/adapters/object-store/s3.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { type ArchiveServer, serveArchive } from '../../services/sample/archive-server.ts';
import {
  makeArchive,
  SAMPLE_FIRST_YEAR,
  SAMPLE_VINTAGES,
} from '../../services/sample/fama-french-archive.ts';
import { cli } from '../support/cli.ts';
import {
  contained,
  type ContainedCall,
  type ContainedEnd,
  IMAGE_USER,
} from '../support/contained.ts';
import type { Image } from '../support/image.ts';
import { contentOf } from '../support/pipeline.ts';
import { describeWith } from '../support/require-component.ts';
import { minioProgram, type S3Server, startMinio } from '../support/s3-server.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { famaFrenchAsArgo, type Outputs } from '../support/workflow-steps.ts';

const BUCKET = 'argosy-fama-french';
const LOGICAL_DATE = '2026-11-21';
const MIB = 1024 * 1024;
const RUN_MS_MAX = 120_000;
const STOP_MS_MAX = 10_000;

/** What pods are held to, tried on every step. The image is built by the time these run. */
export function pipelineUnderLimits(imageOf: () => Image): void {
  let home: TempFolder;
  let archive: ArchiveServer;
  let expected: Map<string, string>;
  beforeAll(async () => {
    home = await tempFolder();
    const shape = { vintages: SAMPLE_VINTAGES, seed: 1926, firstYear: SAMPLE_FIRST_YEAR };
    archive = await serveArchive(makeArchive(shape));
    const parameters = ['-p', `archive-url=${archive.url}`, '-p', `logical-date=${LOGICAL_DATE}`];
    const end = await cli(['run', 'fama-french', ...parameters], { cwd: home.path });
    expect(end).toMatchObject({ exitCode: 0 });
    expected = await dataOf(folderStore(join(home.path, '.argosy/store')));
  }, RUN_MS_MAX);
  afterAll(async () => {
    await archive.close();
    await home.remove();
  });

  const writable = async (name: string): Promise<string> => {
    const path = join(home.path, name);
    await mkdir(path, { recursive: true });
    await chown(path, IMAGE_USER, IMAGE_USER);
    return path;
  };
  const start = (args: readonly string[], more: Partial<ContainedCall>) =>
    contained({
      image: imageOf(),
      folder: home.path,
      args,
      tmp: { sizeBytes: 64 * MIB },
      network: 'none',
      ...more,
    });

  it(
    'fama-french runs whole, a process a step, with no network but its own loopback',
    async () => {
      const data = await writable('data');
      const sample = await start(['run', 'fama-french', '--sample', '--isolate'], {
        volumes: { '/data': data },
      });
      const end = await sample.end;
      expect(end).toMatchObject({ exitCode: 0 });
      expect(end.stdout).toContain('6 vintages, 60 Parquet objects, 83,184 rows');
    },
    RUN_MS_MAX,
  );

  it(
    'SIGTERM ends a run of it as the first process of its container: 143, at once',
    async () => {
      const data = await writable('stopped');
      const volumes = { '/data': data };
      const run = await start(['run', 'fama-french', '--sample'], { volumes });
      await expect
        .poll(() => run.said(), { timeout: RUN_MS_MAX, interval: 5 })
        .toContain('extract');
      const startedAt = performance.now();
      await run.signal('TERM');
      expect(await run.end).toMatchObject({ exitCode: 143 });
      expect(performance.now() - startedAt).toBeLessThan(STOP_MS_MAX);
      const again = await start(['run', 'fama-french', '--sample'], { volumes });
      expect((await again.end).stdout).toContain('6 vintages, 60 Parquet objects, 83,184 rows');
    },
    RUN_MS_MAX,
  );

  it(
    'a full /tmp ends a step as unavailable (30), with one error that names the place, and the next attempt has the same objects',
    async () => {
      const data = await writable('full');
      const env = { ARGOSY_LOGICAL_DATE: LOGICAL_DATE };
      const volumes = { '/data': data };
      const cramped: ContainedEnd[] = [];
      await famaFrenchAsArgo({ 'archive-url': archive.url }, async (node, args) => {
        if (node.startsWith('transform')) {
          const tmp = { sizeBytes: 64 * 1024 };
          cramped.push(await (await start(args, { network: 'host', volumes, env, tmp })).end);
        }
        const folder = await writable(`roomy-${node}`);
        const step = await start(args, { network: 'host', volumes, env, tmp: { folder } });
        expect(await step.end).toMatchObject({ exitCode: 0 });
        return outputsIn(join(folder, 'out'));
      });
      expect(cramped.map(({ exitCode }) => exitCode)).toEqual([30]);
      expect(cramped[0]?.stderr.match(/step\.failed.*/g)).toEqual([
        expect.stringMatching(/\/tmp\/scratch\/transform\..*No space left on device/),
      ]);
      expect(await dataOf(folderStore(join(data, '.argosy/store')))).toEqual(expected);
    },
    RUN_MS_MAX,
  );

  it(
    'too little memory ends a run as killed (137) or too large (22), and the next one completes it',
    async () => {
      const volumes = { '/data': await writable('small') };
      const memoryBytes = 40 * MIB;
      const end = await (
        await start(['run', 'fama-french', '--sample'], { volumes, memoryBytes })
      ).end;
      expect([22, 137]).toContain(end.exitCode);
      const roomy = await start(['run', 'fama-french', '--sample'], { volumes });
      expect((await roomy.end).stdout).toContain('6 vintages, 60 Parquet objects, 83,184 rows');
    },
    RUN_MS_MAX,
  );

  describeWith(minioProgram(), 'step by step as Argo runs them, over MinIO', (program) => {
    let server: S3Server;
    beforeAll(async () => {
      server = await startMinio(program);
      await server.createBucket(BUCKET);
    });
    afterAll(() => server.stop());

    it(
      'only /tmp can be written, and the objects are those of a run on the laptop',
      async () => {
        const env = {
          ARGOSY_STORE: 's3:',
          ARGOSY_S3_ENDPOINT: server.endpoint,
          AWS_ACCESS_KEY_ID: server.accessKeyId,
          AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
          ARGOSY_RUN_ID: 'fama-french-contained',
          ARGOSY_LOGICAL_DATE: LOGICAL_DATE,
          KUBERNETES_SERVICE_HOST: '10.96.0.1',
          ARGOSY_PUSHGATEWAY_SERVICE_HOST: '10.96.0.7',
          ARGOSY_PUSHGATEWAY_PORT_9091_TCP_ADDR: '10.96.0.7',
        };
        const called = await famaFrenchAsArgo(
          { 'archive-url': archive.url },
          async (node, args) => {
            const folder = await writable(`tmp-${node}`);
            const step = await start(args, { network: 'host', tmp: { folder }, env });
            expect(await step.end).toMatchObject({ exitCode: 0 });
            expect(await readdir(join(folder, 'scratch'))).toEqual([]);
            return outputsIn(join(folder, 'out'));
          },
        );
        expect(new Set(called.map((node) => node.replace(/-\d+$/, '')))).toEqual(
          new Set(['fetch', 'extract', 'transform', 'catalogue', 'tables', 'exit']),
        );
        const store = s3Store({ bucket: BUCKET, connection: server.connection });
        expect(await dataOf(store)).toEqual(expected);
      },
      RUN_MS_MAX,
    );
  });
}

function folderStore(folder: string) {
  return filesystemStore({ folder, bucket: BUCKET, clock: systemClock() });
}

/** Hashes of what a run publishes, but of the objects that also tell when and where it did so. */
async function dataOf(store: ObjectStore): Promise<Map<string, string>> {
  const content = await contentOf(store);
  for (const key of content.keys()) {
    if (/^_records\/downloads\/|^ingestion_map\//.test(key)) content.set(key, 'there');
  }
  return content;
}

/** The output parameters of a step; it may have none. */
async function outputsIn(folder: string): Promise<Outputs> {
  const names = await readdir(folder).catch(() => []);
  const texts = names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')]);
  return Object.fromEntries(await Promise.all(texts));
}
