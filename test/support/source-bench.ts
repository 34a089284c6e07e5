import type { ServerResponse } from 'node:http';

import { manualClock } from '../../services/adapters/clock/manual.ts';
import { httpSource, type HttpSourceOptions } from '../../services/adapters/source/http.ts';
import type { Source, SourceReply } from '../../services/ports/source.ts';
import { serveHandler, type Handler, type LoopbackServer } from './http-server.ts';

/** The moment at which the clock of these sources stands at first. */
export const START = new Date('2026-11-21T12:00:00Z');

/** A server, and a source that may reach it; the source's waits cost no time and are noted. */
export interface SourceBench {
  server: LoopbackServer;
  source: Source;
  waits: number[];
  fetchPath: (path: string, sizeBytesMax?: number) => Promise<SourceReply>;
}

/** Servers are added to `servers`, for the test to close. */
export async function sourceBench(
  servers: LoopbackServer[],
  handler: Handler,
  more: Partial<HttpSourceOptions> = {},
): Promise<SourceBench> {
  const server = await serveHandler(handler);
  servers.push(server);
  const waits: number[] = [];
  const source = httpSource({
    allowedHosts: [server.host],
    clock: manualClock(START, { autoAdvance: true }),
    random: () => 0.5,
    onRetry: ({ waitMs }) => waits.push(waitMs),
    ...more,
  });
  const fetchPath = (path: string, sizeBytesMax = 1000): Promise<SourceReply> =>
    source.fetch({ url: server.url + path, sizeBytesMax });
  return { server, source, waits, fetchPath };
}

/** Answers every request with a status. */
export function status(code: number, headers: Record<string, string> = {}): Handler {
  return (_request, response) => {
    response.writeHead(code, headers).end('answer');
  };
}

/** Writes an answer past Node's own care for its form, and cuts the connection if asked. */
export function raw(text: string, isCut = true): Handler {
  return (_request, response: ServerResponse) => {
    response.socket?.write(text, () => {
      if (isCut) response.socket?.destroy();
    });
  };
}
