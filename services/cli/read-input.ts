import { constants, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** All of standard input; rejects with an `AbortError` as soon as the signal aborts. */
export function readStdin(stdin: NodeJS.ReadableStream, signal: AbortSignal): Promise<string> {
  return text(addAbortSignal(signal, stdin as Readable));
}

/**
 * All of a named pipe or a shell's `<(…)`, `null` when the path is none of them. Read as a socket, since a thread that
 * waits in a plain read could not be called back by the signal, and would keep the process from ending.
 */
export async function readPipe(path: string, signal: AbortSignal): Promise<string | null> {
  if (!(await stat(path)).isFIFO()) return null;
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return text(addAbortSignal(signal, new Socket({ fd, readable: true, writable: false })));
}
