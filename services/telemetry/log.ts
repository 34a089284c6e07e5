import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/step.ts';
import { jsonSink } from './log-json.ts';
import type { LogSink } from './log-json.ts';
import { LOG_LEVELS, textLine } from './log-line.ts';
import type { LogLevel } from './log-line.ts';
import { redactFields } from './redact.ts';

export interface LogOptions {
  /** Messages below this level are dropped. */
  level: LogLevel;
  /** `json`: one object a line, for containers. `text`: short lines, for people. */
  format: 'json' | 'text';
  /** Takes one whole line with its line end; the CLI gives stderr. */
  write: (line: string) => void;
  clock: Pick<Clock, 'now'>;
  /** Secret values: each is replaced by `***` wherever it appears. */
  redact?: readonly string[];
  /** Fields that every line carries: pipeline, step, run. */
  bind?: Readonly<Record<string, unknown>>;
  /** Colours in the `text` format. */
  hasColor?: boolean;
}

/** A log that can hand on narrower ones and be waited for. */
export interface BoundLog extends Log {
  /** The same log with further fields on every line. */
  with(fields: Readonly<Record<string, unknown>>): BoundLog;
  /** Resolves when every line so far is written. Await it before the process ends. */
  flush(): Promise<void>;
}

/**
 * The log of a process. Secret values and fields named like a secret are shown as `***`, control
 * characters as escapes (design B6 S7). Never throws for what is logged.
 */
export function createLog(options: LogOptions): BoundLog {
  const { format, write, hasColor = false } = options;
  const sink: LogSink =
    format === 'json'
      ? jsonSink(write)
      : { add: (entry) => write(textLine(entry, hasColor)), flush: () => Promise.resolve() };
  return boundLog(options, sink, options.bind ?? {});
}

function boundLog(
  options: LogOptions,
  sink: LogSink,
  bound: Readonly<Record<string, unknown>>,
): BoundLog {
  const { level: levelMin, clock, redact = [] } = options;
  const at = (level: LogLevel) =>
    LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(levelMin)
      ? () => undefined
      : (event: string, fields?: Record<string, unknown>): void => {
          const safe = redactFields({ ...bound, ...fields }, redact);
          sink.add({ timestamp: clock.now(), level, event, fields: safe });
        };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => boundLog(options, sink, { ...bound, ...fields }),
    flush: () => sink.flush(),
  };
}
