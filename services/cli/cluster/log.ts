import { printable } from '../../core/printable.ts';
import { redactText } from '../../core/secret.ts';
import { LOG_LEVELS, type LogLevel, textLine } from '../../telemetry/log-line.ts';

/** What a step's pod has printed last, for people, and what it says of its failure. */
export interface PodSaid {
  lines: readonly string[];
  /** The step's own reason, as its log or its last error line has it. */
  reason?: string;
  hint?: string;
}

/** Argo's executor writes its own lines into the container's output; they say nothing about the step. */
const EXECUTOR_LINE = /^time=\S+ level=\S+ msg=.*\bargo=true\b|^Error: exit status \d+$/;

/** Reads a pod's lines: secrets masked, control characters escaped, JSON entries as text. */
export function readPodLines(lines: readonly string[], secrets: readonly string[]): PodSaid {
  const said: PodSaid & { lines: string[] } = { lines: [] };
  for (const raw of lines) {
    if (EXECUTOR_LINE.test(raw)) continue;
    const line = redactText(raw, secrets);
    const entry = entryOf(line);
    said.lines.push(entry === null ? printable(line) : textOf(entry));
    const reason = entry === null ? behind(line, 'error: ') : failureIn(entry);
    const hint = entry === null ? behind(line, 'hint: ') : textIn(entry, 'hint');
    if (reason !== undefined) said.reason = reason;
    if (hint !== undefined && (entry === null || reason !== undefined)) said.hint = hint;
  }
  return said;
}

type Entry = Record<string, unknown>;

function entryOf(line: string): Entry | null {
  if (!line.startsWith('{')) return null;
  try {
    const value = JSON.parse(line) as unknown;
    return typeof value === 'object' && value !== null && 'event' in value ? value : null;
  } catch {
    // Cut at its end by the limit of bytes, or not ours: it is shown as it is.
    return null;
  }
}

function textOf(entry: Entry): string {
  const { timestamp, level, event, pipeline: _pipeline, step: _step, ...fields } = entry;
  const at = new Date(typeof timestamp === 'string' ? timestamp : 0);
  return textLine(
    {
      timestamp: Number.isNaN(at.getTime()) ? new Date(0) : at,
      level: isLevel(level) ? level : 'info',
      event: String(event),
      fields,
    },
    false,
  ).trimEnd();
}

function isLevel(level: unknown): level is LogLevel {
  return LOG_LEVELS.some((one) => one === level);
}

function failureIn(entry: Entry): string | undefined {
  return entry['event'] === 'step.failed' ? textIn(entry, 'reason') : undefined;
}

function textIn(entry: Entry, name: string): string | undefined {
  const value = entry[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function behind(line: string, start: string): string | undefined {
  return line.startsWith(start) ? line.slice(start.length) : undefined;
}
