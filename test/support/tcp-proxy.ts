import { createServer, connect, type Socket } from 'node:net';

/** Stands between a client and a server on loopback, and can fail in the ways of a network. */
export interface TcpProxy {
  port: number;
  /** Ends all connections with a reset. */
  cut(): void;
  /** From now on not a byte comes back over the connections there are, and they stay open. */
  silence(): void;
  /** While it is on, new connections are refused with a reset. */
  refuse(isOn: boolean): void;
  /** Connections that were made so far. */
  count(): number;
  close(): Promise<void>;
}

/**
 * Starts a proxy to a port of this machine. `onSent` is told of what a client sends before it is passed on; what it does
 * to the connections by then happens before the server sees these bytes.
 */
export async function tcpProxy(
  targetPort: number,
  onSent: (bytes: Buffer) => void = () => undefined,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let count = 0;
  let isRefusing = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A connection that is cut fails at both ends; that is what it is for.
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((client) => {
    keep(client);
    if (isRefusing) {
      client.resetAndDestroy();
      return;
    }
    count++;
    const upstream = connect(targetPort, '127.0.0.1');
    keep(upstream);
    client.on('data', onSent);
    client.pipe(upstream);
    upstream.pipe(client);
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    cut: () => sockets.forEach((socket) => socket.resetAndDestroy()),
    silence: () => sockets.forEach((socket) => socket.unpipe()),
    refuse: (isOn) => {
      isRefusing = isOn;
    },
    count: () => count,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
