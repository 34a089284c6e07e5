import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { ARCHIVE_PAGE, pageAt } from './fama-french-archive.ts';
import type { SampleArchive } from './fama-french-archive.ts';

/** A sample archive that is being served. */
export interface ArchiveServer {
  /** Address of the page. */
  url: string;
  /** `GET /path 200`, one for each answer so far, in the order of the answers. */
  readonly answers: string[];
  /** Ends all connections. Closing twice is closing once. */
  close(): Promise<void>;
}

/** Where an archive is served. */
export interface ArchiveAddress {
  /** The interface to listen at; `0.0.0.0` is for a container. */
  host: string;
  /** 0 for any. */
  port: number;
  /** Whether another port will do when this one is taken. */
  isPortPreferred: boolean;
}

const ANY_LOOPBACK: ArchiveAddress = { host: '127.0.0.1', port: 0, isPortPreferred: true };

/**
 * Serves a sample archive: the page at its name, the files below it, with ETags that it honours in `If-None-Match`;
 * 404 for the rest. The page's links lead to the host that it was asked for by, so that it works behind a Kubernetes
 * Service. At the same port a second run meets the same addresses. A port that is taken and not just preferred is
 * Node's `EADDRINUSE`. Whoever starts it closes it.
 */
export async function serveArchive(
  archive: SampleArchive,
  address: ArchiveAddress = ANY_LOOPBACK,
): Promise<ArchiveServer> {
  const answers: string[] = [];
  const bodies = new Map<string, Uint8Array>();
  for (const [path, bytes] of archive.files) bodies.set(`/${path}`, bytes);
  const server = createServer((request, response) => {
    const host = request.headers.host ?? '';
    const page = () => Buffer.from(pageAt(archive, `http://${host}`), 'latin1');
    const isPage = pathOf(request.url ?? '/') === `/${ARCHIVE_PAGE}` && HOST.test(host);
    const status = answer(request, response, isPage ? page() : bodies);
    answers.push(`${request.method ?? ''} ${request.url ?? ''} ${status}`);
  });
  const port = await listen(server, address);
  return {
    url: `http://${address.host}:${port}/${ARCHIVE_PAGE}`,
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

/** A name or an address with its port, and nothing that would mean something in HTML. */
const HOST = /^[\w.-]+(?::\d+)?$|^\[[\da-f:.]+\](?::\d+)?$/i;

async function listen(server: Server, address: ArchiveAddress): Promise<number> {
  const { host, port, isPortPreferred } = address;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (port === 0 || !isTaken || !isPortPreferred) throw error;
    return listen(server, { ...address, port: 0 });
  }
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  found: Uint8Array | ReadonlyMap<string, Uint8Array>,
): number {
  const path = pathOf(request.url ?? '/');
  const body = found instanceof Uint8Array ? found : found.get(path);
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
