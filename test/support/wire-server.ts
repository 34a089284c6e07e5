import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** What the server answers to a statement: rows of text, or an error as PostgreSQL's wire has it. */
export type WireAnswer =
  | { tag: string; columns?: readonly string[]; rows?: readonly (readonly (string | null)[])[] }
  | { code: string; message: string; detail?: string };

export interface WireServer {
  port: number;
  /** Every statement, with its values, in order. */
  readonly statements: string[];
  close(): Promise<void>;
}

/** A server that speaks PostgreSQL's wire and answers from a list: for what no real server is at hand. */
export async function wireServer(answerTo: (sql: string) => WireAnswer): Promise<WireServer> {
  const statements: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket, (sql) => {
      statements.push(sql);
      return answerTo(sql);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    statements,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

function serve(socket: Socket, answerTo: (sql: string) => WireAnswer): void {
  let pending = Buffer.alloc(0);
  let isStarted = false;
  let prepared = '';
  let isFailed = false;
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    for (;;) {
      const head = isStarted ? 5 : 4;
      if (pending.length < head) return;
      const length = pending.readInt32BE(head - 4) + head - 4;
      if (pending.length < length) return;
      const type = isStarted ? String.fromCodePoint(pending[0] ?? 0) : 'start';
      const body = pending.subarray(head, length);
      pending = pending.subarray(length);
      handle(type, body);
    }
  });
  const handle = (type: string, body: Buffer): void => {
    if (type === 'start') {
      if (body.readInt32BE(0) === 80_877_103) socket.write('N');
      else {
        isStarted = true;
        socket.write(Buffer.concat([message('R', int32(0)), message('Z', 'I')]));
      }
    } else if (type === 'Q') {
      socket.write(
        Buffer.concat([answerBytes(answerTo(textAt(body, 0)), true), message('Z', 'I')]),
      );
    } else if (type === 'P') {
      const name = textAt(body, 0);
      prepared = textAt(body, Buffer.byteLength(name) + 1);
      isFailed = false;
      socket.write(message('1', ''));
    } else if (type === 'B') socket.write(message('2', ''));
    else if (type === 'E') {
      const answer = answerTo(prepared);
      isFailed = 'code' in answer;
      socket.write(answerBytes(answer, true));
    } else if (type === 'S') socket.write(message('Z', isFailed ? 'E' : 'I'));
    else if (type === 'X') socket.end();
  };
}

function answerBytes(answer: WireAnswer, withHead: boolean): Buffer {
  if ('code' in answer) {
    const { code, message: text, detail } = answer;
    const fields = [
      `SERROR\0C${code}\0M${text}\0`,
      detail === undefined ? '' : `D${detail}\0`,
      '\0',
    ];
    return message('E', fields.join(''));
  }
  const { tag, columns, rows = [] } = answer;
  const head = columns === undefined || !withHead ? [] : [rowHead(columns)];
  return Buffer.concat([...head, ...rows.map(rowBytes), message('C', `${tag}\0`)]);
}

function rowHead(columns: readonly string[]): Buffer {
  const fields = columns.map((name) =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      int32(0),
      int16(0),
      int32(1043),
      int16(-1),
      int32(-1),
      int16(0),
    ]),
  );
  return message('T', Buffer.concat([int16(columns.length), ...fields]));
}

function rowBytes(row: readonly (string | null)[]): Buffer {
  const cells = row.map((cell) =>
    cell === null ? int32(-1) : Buffer.concat([int32(Buffer.byteLength(cell)), Buffer.from(cell)]),
  );
  return message('D', Buffer.concat([int16(row.length), ...cells]));
}

function message(type: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(type), int32(bytes.length + 4), bytes]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function textAt(body: Buffer, start: number): string {
  return body.toString('utf8', start, body.indexOf(0, start));
}
