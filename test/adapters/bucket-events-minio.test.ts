import { afterAll, beforeAll, expect, it } from 'vitest';
import { minioEvents } from '../../services/adapters/bucket-events/minio.ts';
import { pollingEvents, withFallback } from '../../services/adapters/bucket-events/polling.ts';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { s3Store } from '../../services/adapters/object-store/s3.ts';
import { bucketEventsContract, listenTo } from '../contract/bucket-events.ts';
import { describeWith } from '../support/require-component.ts';
import {
  minioProgram,
  type S3Server,
  startMinio,
  startVersitygw,
  versitygwProgram,
} from '../support/s3-server.ts';
import { BUCKET } from '../support/watch-bench.ts';

const clock = systemClock();

function listeningTo(
  { endpoint }: S3Server,
  keys: { accessKeyId: string; secretAccessKey: string },
  bucket: string = BUCKET,
) {
  const server = {
    endpoint,
    region: 'us-east-1',
    isPathStyle: true,
    credentials: async () => keys,
  };
  return minioEvents({ server, bucket, clock, random: () => 0.5, openMs: 2_000 });
}

describeWith(minioProgram(), 'MinIO', (program) => {
  let server: S3Server;

  beforeAll(async () => {
    server = await startMinio(program);
    await server.createBucket(BUCKET);
  }, 60_000);
  afterAll(() => server.stop());

  // Builds from minio#21651 on do not stream their notifications; with them this is the contract of the way around.
  bucketEventsContract('a bucket of MinIO', async () => {
    const store = s3Store({ connection: server.connection, bucket: BUCKET });
    const polling = pollingEvents({ store, clock, everyMs: 50 });
    return {
      events: withFallback(listeningTo(server, server), polling, { clock }),
      bucket: BUCKET,
      put: async (key, bytes) => void (await store.put(key, bytes)),
    };
  });

  it('a wrong key is denied, and a bucket that is not there is named', async () => {
    const wrong = { ...server, secretAccessKey: 'wrong-secret-4711' };
    const denied = { events: listeningTo(server, wrong), bucket: BUCKET };
    await expect(listenTo(denied, '')).rejects.toMatchObject({ kind: 'denied' });
    const nowhere = { events: listeningTo(server, server, 'nowhere'), bucket: 'nowhere' };
    await expect(listenTo(nowhere, '')).rejects.toMatchObject({
      kind: 'config-invalid',
      hint: expect.stringContaining('nowhere'),
    });
  });
});

describeWith(versitygwProgram(), 'versitygw', (program) => {
  it('cannot tell of changes, and that is said in place of an endless listing', async () => {
    const server = await startVersitygw(program);
    try {
      await server.createBucket(BUCKET);
      const listening = { events: listeningTo(server, server), bucket: BUCKET };
      await expect(listenTo(listening, 'uploads/')).rejects.toMatchObject({
        kind: 'unsupported',
        message: expect.stringContaining('cannot tell of changes'),
      });
    } finally {
      await server.stop();
    }
  });
});
