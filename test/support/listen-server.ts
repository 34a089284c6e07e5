import { createServer, type ServerResponse } from 'node:http';

/** A server on loopback that answers MinIO's ListenBucketNotification, and nothing else. */
export interface ListenServer {
  port: number;
  /** Sends a notification to everyone who listens. */
  send(body: unknown): void;
  /** Ends all answers in good order, as MinIO does when it is restarted. */
  end(): void;
  /** How many listen. */
  count(): number;
  /** How often anybody asked, since the start. */
  askedCount(): number;
  close(): Promise<void>;
}

export interface ListenServerOptions {
  /** False: the answer never begins, as of a MinIO that does not flush. */
  isFlushing?: boolean;
  /** Of every answer that begins. */
  contentType?: string;
  /** True: each answer ends as soon as it has begun. */
  isEnding?: boolean;
}

const BLANK_MS = 100;

/** Starts the server; its requests are not checked. */
export async function listenServer(options: ListenServerOptions = {}): Promise<ListenServer> {
  const answers = new Set<ServerResponse>();
  let askedCount = 0;
  const server = createServer((_request, response) => {
    askedCount++;
    answers.add(response);
    response.once('close', () => answers.delete(response));
    response.setHeader('content-type', options.contentType ?? 'text/event-stream');
    response.setHeader('server', 'MinIO');
    if (options.isFlushing === false) return;
    response.write(' ');
    if (options.isEnding === true) {
      response.end();
      return;
    }
    const timer = setInterval(() => response.write(' '), BLANK_MS);
    response.once('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    send: (body) => answers.forEach((answer) => answer.write(`${JSON.stringify(body)}\n`)),
    end: () => answers.forEach((answer) => answer.end()),
    count: () => answers.size,
    askedCount: () => askedCount,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
