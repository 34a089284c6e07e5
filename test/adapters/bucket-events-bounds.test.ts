import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { setNotification } from '../../services/adapters/bucket-events/minio-notify.ts';

const TARGET = { arn: 'arn:minio:sqs::ARGO:webhook', prefix: 'uploads/', suffixes: ['.csv'] };

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

/** A server that never ends an answer; `onAsked` hears of each request. */
async function silentServer(hasBegun: boolean, onAsked: () => void = () => undefined) {
  server = createServer((_request, response) => {
    if (hasBegun) response.write('<NotificationConfiguration>');
    onAsked();
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const credentials = async () => ({ accessKeyId: 'key', secretAccessKey: 'secret' });
  const endpoint = `http://127.0.0.1:${address.port}`;
  return { endpoint, region: 'us-east-1', isPathStyle: true, credentials };
}

describe.each([
  ['takes the call and sends nothing', false],
  ['begins its answer and does not end it', true],
])('setting notifications on a server that %s', (_how, hasBegun) => {
  it('ends as unavailable when its time is over', async () => {
    const silent = await silentServer(hasBegun);
    await expect(
      setNotification(silent, 'drops', TARGET, { callMsMax: 100 }),
    ).rejects.toMatchObject({
      kind: 'unavailable',
      message: `notifications of drops on ${silent.endpoint} failed: no answer within 0.1 s`,
      hint: expect.stringContaining('ARGOSY_S3_ENDPOINT'),
    });
  });

  it('ends as interrupted when it is told to stop', async () => {
    const stop = new AbortController();
    const silent = await silentServer(hasBegun, () => stop.abort());
    const { signal } = stop;
    await expect(setNotification(silent, 'drops', TARGET, { signal })).rejects.toMatchObject({
      kind: 'interrupted',
    });
  });
});
