import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { s3Store } from '../../services/adapters/object-store/s3.ts';
import { decodeEventBody } from '../../services/events/event.ts';
import { utf8 } from '../support/bytes.ts';
import { cli } from '../support/cli.ts';
import { describeWith } from '../support/require-component.ts';
import {
  minioProgram,
  type S3Server,
  startMinio,
  startVersitygw,
  versitygwProgram,
} from '../support/s3-server.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';
import { waitFor } from '../support/watch-bench.ts';
import { webhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const ARN = 'arn:minio:sqs::ARGO:webhook';
const BUCKET = 'dartmouth-etl';

/** In this process the SDK reads the environment of the tests, so the keys come from a `.env`. */
async function writeKeys(folder: TempFolder, server: S3Server, secret?: string): Promise<void> {
  const lines = [
    'ARGOSY_STORE=s3:',
    `ARGOSY_S3_ENDPOINT=${server.endpoint}`,
    `ARGOSY_BUCKET_FAMA_FRENCH=${BUCKET}`,
    `AWS_ACCESS_KEY_ID=${server.accessKeyId}`,
    `AWS_SECRET_ACCESS_KEY=${secret ?? server.secretAccessKey}`,
  ];
  await writeFile(join(folder.path, '.env'), `${lines.join('\n')}\n`);
}

describe('argosy setup on a folder', () => {
  it('makes the folder of each pipeline, once, and says so', async () => {
    await using folder = await tempFolder();
    const first = await cli(['setup', 'fama-french'], { cwd: folder.path });
    expect(first).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(' created\n') });
    const path = join(folder.path, '.argosy/store/argosy-fama-french');
    expect((await stat(path)).isDirectory()).toBe(true);
    const second = await cli(['setup', 'fama-french'], { cwd: folder.path });
    expect(second.stdout).toMatch(/^fama-french: file:\/\/.*argosy-fama-french is there\n$/);
  });

  it('makes nothing with --dry-run', async () => {
    await using folder = await tempFolder();
    const end = await cli(['setup', '--dry-run'], { cwd: folder.path });
    expect(end.stdout).toContain('would be created');
    await expect(stat(join(folder.path, '.argosy/store'))).rejects.toThrow('ENOENT');
  });

  it.each([
    [['setup', 'fama-frensh'], 51, 'did you mean fama-french'],
    [['setup', '--webhook', 'arn:aws:sqs:x'], 51, 'is no target of MinIO'],
    [['setup', '--engine', 'athena', '--dry-run'], 51, 'argosy tables --ddl athena'],
    [['setup', 'fama-french', '--webhook', ARN], 52, 'a folder sends no notifications'],
  ])('%j ends with %i and says why', async (argv, exitCode, text) => {
    await using folder = await tempFolder();
    const end = await cli(argv, { cwd: folder.path });
    expect(end).toMatchObject({ exitCode, stderr: expect.stringContaining(text) });
    expect(end.stderr).toContain('hint:');
  });
});

describeWith(minioProgram(), 'argosy setup on MinIO', (program) => {
  let folder: TempFolder;
  let server: S3Server;
  let receiver: WebhookReceiver;
  const setup = (argv: string[] = [], env: Record<string, string> = {}) =>
    cli(['setup', 'fama-french', ...argv], { cwd: folder.path, env });

  beforeAll(async () => {
    folder = await tempFolder();
    receiver = await webhookReceiver();
    server = await startMinio(program, {
      MINIO_NOTIFY_WEBHOOK_ENABLE_ARGO: 'on',
      MINIO_NOTIFY_WEBHOOK_ENDPOINT_ARGO: receiver.url,
      MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_ARGO: 'Bearer the-token',
      MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_ARGO: 'FOLDER/queue',
      MINIO_NOTIFY_WEBHOOK_ENABLE_SECOND: 'on',
      MINIO_NOTIFY_WEBHOOK_ENDPOINT_SECOND: receiver.url,
    });
    await writeKeys(folder, server);
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    await receiver.close();
    await folder.remove();
  });

  it('makes the bucket and its notifications; a second call changes nothing and says so', async () => {
    const dry = await setup(['--webhook', ARN, '--dry-run']);
    expect(dry.stdout).toContain(`s3://${BUCKET} would be created`);
    const first = await setup(['--webhook', ARN, '--json']);
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(first.stdout)).toEqual([
      {
        pipeline: 'fama-french',
        bucket: BUCKET,
        url: `s3://${BUCKET}`,
        created: true,
        lifecycle: null,
        notification: { arn: ARN, prefix: 'raw_data/', suffixes: ['.zip'], changed: true },
      },
    ]);
    const second = await setup(['--webhook', ARN]);
    expect(second.stdout).toBe(
      `fama-french: s3://${BUCKET} is there\n` +
        `fama-french: notifications of raw_data/* (.zip) go to ${ARN} already\n`,
    );
  });

  it('has every upload told to the webhook, with keys that decode to what was put', async () => {
    await setup(['--webhook', ARN]);
    const store = s3Store({ connection: server.connection, bucket: BUCKET });
    const keys = ['raw_data/a b+c.zip', 'raw_data/%2B % é 文.ZIP', 'raw_data/plain.zip'];
    for (const key of [...keys, 'raw_data/no.txt', 'other/no.zip']) await store.put(key, utf8(key));
    await waitFor(() => heardKeys().length >= keys.length);
    expect(heardKeys().toSorted()).toEqual(keys.toSorted());
    expect(receiver.received.every((one) => one.authorization === 'Bearer the-token')).toBe(true);
  });

  it('keeps what is uploaded while the webhook is away, and tells it later', async () => {
    await setup(['--webhook', ARN]);
    receiver.received.length = 0;
    receiver.setAway(true);
    const store = s3Store({ connection: server.connection, bucket: BUCKET });
    const keys = Array.from({ length: 100 }, (_, at) => `raw_data/away-${at}.zip`);
    await Promise.all(keys.map((key) => store.put(key, utf8(key))));
    expect(heardKeys()).toEqual([]);
    receiver.setAway(false);
    await waitFor(() => new Set(heardKeys()).size === keys.length);
    expect([...new Set(heardKeys())].toSorted()).toEqual(keys.toSorted());
  });

  it('refuses a target that the server does not have, and names what it lacks', async () => {
    const argv = ['--webhook', 'arn:minio:sqs::OTHER:webhook'];
    const env = { ARGOSY_BUCKET_FAMA_FRENCH: 'another-bucket' };
    const end = await setup(argv, env);
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toContain('the server has no target arn:minio:sqs::OTHER:webhook');
    expect(end.stderr).toContain('MINIO_NOTIFY_WEBHOOK_ENABLE_OTHER=on');
  });

  it('leaves the rules of other targets alone', async () => {
    await setup(['--webhook', ARN]);
    const second = await setup(['--webhook', 'arn:minio:sqs::SECOND:webhook']);
    expect(second.stdout).toContain('now go to arn:minio:sqs::SECOND:webhook');
    expect((await setup(['--webhook', ARN])).stdout).toContain(`go to ${ARN} already`);
  });

  it('refuses a wrong key as denied', async () => {
    await using other = await tempFolder();
    await writeKeys(other, server, 'wrong-secret-4711');
    const end = await cli(['setup', 'fama-french'], { cwd: other.path });
    expect(end).toMatchObject({ exitCode: 50, stderr: expect.stringContaining('credentials') });
  });

  it('says so when there is no server', async () => {
    const end = await setup([], { ARGOSY_S3_ENDPOINT: 'http://127.0.0.1:1' });
    expect(end).toMatchObject({ exitCode: 30, stderr: expect.stringContaining('ECONNREFUSED') });
  });

  function heardKeys(): string[] {
    const expected = { bucket: BUCKET, prefix: 'raw_data/', suffixes: ['.zip'] };
    return receiver.received.flatMap(({ body }) =>
      decodeEventBody(body, expected).map(({ key }) => key),
    );
  }
});

describeWith(versitygwProgram(), 'argosy setup on versitygw', (program) => {
  it('makes the bucket, once', async () => {
    await using folder = await tempFolder();
    const server = await startVersitygw(program);
    try {
      await writeKeys(folder, server);
      const first = await cli(['setup', 'fama-french'], { cwd: folder.path });
      expect(first.stdout).toBe(`fama-french: s3://${BUCKET} created\n`);
      const second = await cli(['setup', 'fama-french'], { cwd: folder.path });
      expect(second.stdout).toBe(`fama-french: s3://${BUCKET} is there\n`);
    } finally {
      await server.stop();
    }
  });
});
