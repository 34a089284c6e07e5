import { createServer } from 'node:http';

/** What a webhook was sent: a body as bytes, and its Authorization. */
export interface Received {
  body: Buffer;
  authorization: string;
}

/** An HTTP receiver on loopback, in the place of Argo's server. */
export interface WebhookReceiver {
  url: string;
  received: Received[];
  /** Away, it answers nothing but 503, as Argo does when its queue is full. */
  setAway(isAway: boolean): void;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 2 ** 21;

/** Starts a receiver that takes every POST, and any other method as MinIO's question whether it is there. */
export async function webhookReceiver(): Promise<WebhookReceiver> {
  const received: Received[] = [];
  let isAway = false;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= BODY_BYTES_MAX) chunks.push(chunk);
    });
    request.on('end', () => {
      response.statusCode = isAway ? 503 : 200;
      const body = Buffer.concat(chunks);
      if (!isAway && request.method === 'POST' && body.length > 2) {
        received.push({ body, authorization: request.headers.authorization ?? '' });
      }
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/api/v1/events/argosy/minio`,
    received,
    setAway: (away) => {
      isAway = away;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
