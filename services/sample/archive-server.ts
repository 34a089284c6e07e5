import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { ARCHIVE_PAGE, pageAt } from './fama-french-archive.ts';
import type { SampleArchive } from './fama-french-archive.ts';

/** A sample archive on the loopback interface. */
export interface ArchiveServer {
  /** Address of the page. */
  url: string;
  /** `GET /path 200`, one for each answer so far, in the order of the answers. */
  readonly answers: string[];
  /** Ends all connections. Closing twice is closing once. */
  close(): Promise<void>;
}

/**
 * Serves a sample archive on 127.0.0.1: the page at its name, the files below it, with ETags that it honours in
 * `If-None-Match`; 404 for the rest. `port` is taken when it is free, else any other: at the same port a second run
 * meets the same addresses. Whoever starts it closes it.
 */
export async function serveArchive(archive: SampleArchive, port = 0): Promise<ArchiveServer> {
  const answers: string[] = [];
  const bodies = new Map<string, Uint8Array>();
  const server = createServer((request, response) => {
    const status = answer(request, response, bodies);
    answers.push(`${request.method ?? ''} ${request.url ?? ''} ${status}`);
  });
  const origin = `http://127.0.0.1:${await listen(server, port)}`;
  for (const [path, bytes] of archive.files) bodies.set(`/${path}`, bytes);
  bodies.set(`/${ARCHIVE_PAGE}`, Buffer.from(pageAt(archive, origin), 'latin1'));
  return {
    url: `${origin}/${ARCHIVE_PAGE}`,
    answers,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    if (port === 0 || !(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'))
      throw error;
    return listen(server, 0);
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  bodies: ReadonlyMap<string, Uint8Array>,
): number {
  const path = pathOf(request.url ?? '/');
  const body = bodies.get(path);
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(response, 405);
  if (body === undefined) return end(response, 404);
  const etag = `"${createHash('sha1').update(body).digest('hex')}"`;
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] === etag) return end(response, 304);
  response.setHeader('Content-Type', path.endsWith('.zip') ? 'application/zip' : 'text/html');
  response.setHeader('Content-Length', body.length);
  return end(response, 200, request.method === 'GET' ? body : undefined);
}

function end(response: ServerResponse, status: number, body?: Uint8Array): number {
  response.statusCode = status;
  response.end(body);
  return status;
}

/** The decoded path; an address that cannot be decoded names nothing here. */
function pathOf(url: string): string {
  const { pathname } = new URL(url, 'http://127.0.0.1');
  try {
    return decodeURIComponent(pathname);
  } catch {
    // A stray "%" is a request for something that is not there: the caller gets its 404.
    return pathname;
  }
}
