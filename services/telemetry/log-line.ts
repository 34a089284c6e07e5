import { styleText } from 'node:util';

import { printable } from '../core/printable.ts';

/** The levels, from the one that tells most. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** One message, redacted already. */
export interface LogEntry {
  timestamp: Date;
  level: LogLevel;
  event: string;
  fields: Readonly<Record<string, unknown>>;
}

const COLORS = { debug: 'gray', info: 'cyan', warn: 'yellow', error: 'red' } as const;

/** Width of the event's column: the common events fit, a longer one pushes its own line only. */
const EVENT_WIDTH = 16;

/**
 * An entry for people: `12:03:04 warn  zip.unreadable  object=a.zip message="no end record"`. Time
 * is UTC.
 */
export function textLine(entry: LogEntry, hasColor: boolean): string {
  const time = entry.timestamp.toISOString().slice(11, 19);
  const level = paint(COLORS[entry.level], entry.level.padEnd(5), hasColor);
  const pairs = Object.entries(entry.fields).map(
    ([name, value]) => `${paint('gray', `${printable(name)}=`, hasColor)}${textValue(value)}`,
  );
  const event = printable(entry.event).padEnd(pairs.length > 0 ? EVENT_WIDTH : 0);
  return `${[`${time} ${level} ${event}`, ...pairs].join(' ')}\n`;
}

/**
 * A line of JSON in which no character can steer a terminal: those that JSON leaves alone are
 * escaped as well.
 */
export function escapeJsonText(line: string): string {
  return printable(line.replace(/\n$/, '')) + '\n';
}

/**
 * Numbers, plain words and keys as they are; all else in quotes, so that a line can be taken apart
 * again.
 */
function textValue(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const isPlain = typeof value !== 'string' || /^[^\s"=]+$/.test(value);
  return printable(isPlain ? text : `"${text.replaceAll('"', '\\"')}"`);
}

function paint(color: Parameters<typeof styleText>[0], text: string, hasColor: boolean): string {
  return hasColor ? styleText(color, text, { validateStream: false }) : text;
}
