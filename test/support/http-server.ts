import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** A server on a free loopback port; closing it also ends the connections that are open. */
export interface LoopbackServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or `https:`, without a slash at the end. */
  url: string;
  /** `127.0.0.1:PORT`. */
  host: string;
  /** `METHOD /path` of every request so far. */
  requests: string[];
  close(): Promise<void>;
}

/** Serves by a handler, with `tls` by HTTPS; one that throws answers 500 with its message. */
export async function serveHandler(
  handler: Handler,
  tls?: { key: string; cert: string },
): Promise<LoopbackServer> {
  const requests: string[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    requests.push(`${request.method} ${request.url}`);
    Promise.resolve()
      .then(() => handler(request, response))
      .catch((error: unknown) => {
        if (!response.headersSent) response.writeHead(500);
        response.end(String(error));
      });
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${portOf(server)}`;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const url = `http${tls ? 's' : ''}://${host}`;
  return { url, host, requests, close, [Symbol.asyncDispose]: close };
}

/** Serves the files of a folder; 404 for the rest. */
export function serveFolder(folder: string): Promise<LoopbackServer> {
  return serveHandler(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    try {
      response.end(await readFile(join(folder, path)));
    } catch {
      // Whatever hinders the reading, this server has no such page.
      response.writeHead(404).end('no such page');
    }
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
