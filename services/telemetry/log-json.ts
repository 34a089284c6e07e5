import { Writable } from 'node:stream';

import type { Logger } from 'winston';

import { escapeJsonText } from './log-line.ts';
import type { LogEntry } from './log-line.ts';

/** Where winston looks for the level it filters by. */
const LEVEL = Symbol.for('level');

/** Takes entries one by one; `flush` resolves when the last of them was written. */
export interface LogSink {
  add(entry: LogEntry): void;
  flush(): Promise<void>;
}

/**
 * One JSON object a line, by winston. winston is loaded with the first entry; the entries that come
 * before it is there wait in order, so `flush` must be awaited before the process ends.
 */
export function jsonSink(write: (line: string) => void): LogSink {
  let logger: Promise<Logger> | undefined;
  let ready: Logger | undefined;
  let waiting: LogEntry[] = [];
  let unwrittenCount = 0;
  let onWritten: (() => void)[] = [];

  const written = (line: string): void => {
    write(escapeJsonText(line));
    unwrittenCount -= 1;
    if (unwrittenCount > 0) return;
    for (const done of onWritten) done();
    onWritten = [];
  };
  const load = async (): Promise<Logger> => {
    ready = await winstonLogger(written);
    for (const entry of waiting) ready.write(winstonInfo(entry));
    waiting = [];
    return ready;
  };

  return {
    add(entry) {
      unwrittenCount += 1;
      if (ready !== undefined) {
        ready.write(winstonInfo(entry));
        return;
      }
      waiting.push(entry);
      logger ??= load();
    },
    async flush() {
      await logger;
      if (unwrittenCount > 0) await new Promise<void>((resolve) => onWritten.push(resolve));
    },
  };
}

async function winstonLogger(written: (line: string) => void): Promise<Logger> {
  const { default: winston } = await import('winston');
  const stream = new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      written(line);
      done();
    },
  });
  return winston.createLogger({
    level: 'silly',
    format: winston.format.json({ deterministic: false }),
    transports: [new winston.transports.Stream({ stream, eol: '\n' })],
  });
}

/**
 * What stands first in the object stands first in the line. A field with a name of ours gets a `_`
 * behind it.
 */
function winstonInfo(entry: LogEntry): Record<string | symbol, unknown> {
  const { timestamp, level, event, fields } = entry;
  const info: Record<string | symbol, unknown> = {
    timestamp: timestamp.toISOString(),
    level,
    event,
  };
  for (const [name, value] of Object.entries(fields)) {
    info[Object.hasOwn(info, name) ? `${name}_` : name] = value;
  }
  info[LEVEL] = level;
  return info;
}
