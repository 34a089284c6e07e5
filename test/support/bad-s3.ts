import type { ServerResponse } from 'node:http';

import {
  s3Connection,
  type S3Connection,
} from '../../services/adapters/object-store/s3-connection.ts';
import { secret } from '../../services/core/secret.ts';
import { serveHandler, type Handler, type LoopbackServer } from './http-server.ts';

/** A loopback server that answers as S3 does when something is wrong, and a connection to it. */
export interface BadS3 extends AsyncDisposable {
  server: LoopbackServer;
  connection: S3Connection;
}

/** How the server misbehaves. */
export type Misbehaviour = (response: ServerResponse, method: string) => void;

/** Answers with a status and an error document as S3 writes it; to HEAD without the document. */
export function s3Error(
  status: number,
  code: string,
  headers: Record<string, string> = {},
): Misbehaviour {
  return (response, method) => {
    const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>planned</Message></Error>`;
    response.writeHead(status, { 'content-type': 'application/xml', ...headers });
    response.end(method === 'HEAD' ? undefined : body);
  };
}

/** Takes the request and never answers. */
export const silence: Misbehaviour = () => undefined;

/** Takes the request and cuts the connection. */
export const reset: Misbehaviour = (response) => {
  response.socket?.resetAndDestroy();
};

/** Promises a hundred bytes, sends some and cuts the connection. */
export const resetMidBody: Misbehaviour = (response) => {
  response.socket?.write(
    'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: "x"\r\n\r\nsome bytes',
    () => response.socket?.resetAndDestroy(),
  );
};

/** Promises a hundred bytes, sends some and ends the connection as if all were well. */
export const shortBody: Misbehaviour = (response) => {
  response.socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: "x"\r\n\r\nsome bytes');
};

/** Answers 200 with a page that is no XML, as a proxy's log-in page is. */
export const webPage: Misbehaviour = (response) => {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<html><p>Log in</html');
};

/** Starts a server that reads every request to its end and then misbehaves. */
export async function badS3(
  misbehave: Misbehaviour,
  timeouts: { silenceTimeoutMs?: number } = {},
): Promise<BadS3> {
  const handler: Handler = (request, response) => {
    request.resume();
    request.once('end', () => misbehave(response, request.method ?? ''));
  };
  const server = await serveHandler(handler);
  const connection = s3Connection({
    endpoint: server.url,
    region: 'us-east-1',
    isPathStyle: true,
    credentials: { accessKeyId: 'bad-s3', secretAccessKey: secret('bad-s3-secret') },
    ...timeouts,
  });
  return {
    server,
    connection,
    [Symbol.asyncDispose]: async () => {
      await connection[Symbol.asyncDispose]();
      await server.close();
    },
  };
}
