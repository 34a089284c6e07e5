import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { setLifecycle } from '../../services/adapters/bucket-events/s3-lifecycle.ts';
import { s3Connection } from '../../services/adapters/object-store/s3-connection.ts';
import { secret } from '../../services/core/secret.ts';
import { LIFECYCLE } from '../../services/pipelines/commerce/upkeep/lifecycle.ts';
import { cli } from '../support/cli.ts';
import { describeWith } from '../support/require-component.ts';
import { minioProgram, startMinio } from '../support/s3-server.ts';
import { tempFolder } from '../support/temp-folder.ts';

const SETUP = ['setup', 'commerce', '--lifecycle'];
const BUCKET = 'argosy-commerce';
const OTHERS = {
  ID: 'of-somebody-else',
  Status: 'Enabled' as const,
  Filter: { Prefix: 'theirs/' },
  Expiration: { Days: 3 },
};

it('a folder says that it removes nothing by itself, and what does', async () => {
  await using folder = await tempFolder();
  const end = await cli(SETUP, { cwd: folder.path });
  expect(end.exitCode).toBe(52);
  expect(end.stderr).toContain('argosy lifecycle --yes');
});

it('a store with classes is told to move objects to them, and to remove what has expired', async () => {
  const bodies: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const isPut = request.method === 'PUT';
    if (isPut) bodies.push(await text(request));
    response.writeHead(isPut ? 200 : 404, { 'content-type': 'application/xml' });
    response.end(isPut ? '' : '<Error><Code>NoSuchLifecycleConfiguration</Code></Error>');
  };
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    await using connection = s3Connection({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      isPathStyle: true,
      credentials: { accessKeyId: 'key', secretAccessKey: secret('other') },
    });
    const target = { connection, hasClasses: true };
    const dry = { rules: LIFECYCLE, isDryRun: true };
    expect(await setLifecycle(target, 'shop', dry)).toBe(true);
    expect(bodies).toEqual([]);
    expect(await setLifecycle(target, 'shop', { rules: LIFECYCLE })).toBe(true);
    const [body = ''] = bodies;
    const rules = body.split('<Rule>').slice(1);
    expect(rules).toHaveLength(4);
    const raw = rules.find((rule) => rule.includes('<Prefix>raw/</Prefix>')) ?? '';
    expect(raw).toMatch(/<Days>30<\/Days><StorageClass>STANDARD_IA<\/StorageClass>/);
    expect(raw).toMatch(/<Days>90<\/Days><StorageClass>GLACIER<\/StorageClass>/);
    expect(raw).toMatch(/<Expiration><Days>365<\/Days>/);
    expect(rules.find((rule) => rule.includes('processed/'))).not.toContain('<Expiration>');
  } finally {
    server.close();
  }
});

describeWith(minioProgram(), 'argosy setup --lifecycle on MinIO', (program) => {
  it('says with --dry-run what it would do, does it once, and leaves the rules of others alone', async () => {
    await using folder = await tempFolder();
    const server = await startMinio(program);
    try {
      const settings = [
        'ARGOSY_STORE=s3:',
        `ARGOSY_S3_ENDPOINT=${server.endpoint}`,
        `AWS_ACCESS_KEY_ID=${server.accessKeyId}`,
        `AWS_SECRET_ACCESS_KEY=${server.secretAccessKey}`,
      ];
      await writeFile(join(folder.path, '.env'), `${settings.join('\n')}\n`);
      const options = { cwd: folder.path };
      const absent = await cli([...SETUP, '--dry-run'], options);
      expect(absent.stdout).toMatch(/would be created\n.*would now be applied\n$/);
      expect(await cli(['setup', 'commerce'], options)).toMatchObject({ exitCode: 0 });
      const client = await server.connection.client();
      const rules = async () => {
        const command = new GetBucketLifecycleConfigurationCommand({ Bucket: BUCKET });
        const found = (await client.send(command)).Rules ?? [];
        return found
          .map(({ ID: id, Filter: filter, Expiration: end }) => [id, filter?.Prefix, end?.Days])
          .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
      };
      const LifecycleConfiguration = { Rules: [OTHERS] };
      await client.send(
        new PutBucketLifecycleConfigurationCommand({ Bucket: BUCKET, LifecycleConfiguration }),
      );
      const theirs = ['of-somebody-else', 'theirs/', 3];
      expect((await cli([...SETUP, '--dry-run'], options)).stdout).toContain(
        'would now be applied',
      );
      expect(await rules()).toEqual([theirs]);
      expect((await cli(SETUP, options)).stdout).toContain(': now applied');
      // MinIO has no colder classes: what only moves is left out.
      const wanted = [
        ['argosy-athena-results', 'athena-results/', 7],
        ['argosy-raw', 'raw/', 365],
        theirs,
      ];
      expect(await rules()).toEqual(wanted);
      expect((await cli(SETUP, options)).stdout).toContain('applied already');
      expect(await rules()).toEqual(wanted);
    } finally {
      await server.stop();
    }
  }, 60_000);
});
