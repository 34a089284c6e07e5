import type { PipelineError } from '../../core/error.ts';
import { humaneDuration } from '../../core/humane.ts';
import { printable } from '../../core/printable.ts';
import type { RunReport } from '../../events/run-queue.ts';
import type { WatchEvent } from '../../events/watch.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Arrival } from '../../ports/step.ts';
import { fitText } from './text-width.ts';
import type { ViewStream } from './view.ts';

export interface WatchViewOptions {
  stream: ViewStream;
  /** Keep a line of counts at the bottom; else one line per event and nothing more. */
  isTerminal: boolean;
  clock: Pick<Clock, 'now'>;
  /** What is watched, for the line at the bottom. */
  title: string;
}

/** Arrivals as people watch them, on stderr. */
export interface WatchView {
  onEvent(event: WatchEvent): void;
  /** Writes a line of something else, such as the log. */
  writeLine(line: string): void;
  /** Takes the line at the bottom away. Twice equals once. */
  end(): void;
}

/** How many keys of a run are named; the others are counted. */
const KEYS_SHOWN_MAX = 3;
/** How many things that went wrong are told of a run. */
const PROBLEMS_SHOWN_MAX = 3;
const WIDTH = 80;
const CLEAR_LINE = '\r\u001b[J';

/** One line per event; on a terminal also a last line that says what goes on. */
export function watchView(options: WatchViewOptions): WatchView {
  const tally: Tally = { running: 0, done: 0, failed: 0 };
  const paper = openPaper(options, () => tallyText(options.title, tally));
  const told = new Map<string, string>();
  const tell = (text: string): void => {
    paper.writeLine(`${options.clock.now().toISOString().slice(11, 19)} ${text}\n`);
  };
  return {
    onEvent: (event) => {
      count(tally, event);
      if (event.type === 'started') return paper.writeLine('');
      if (event.type === 'swept') {
        for (const about of told.keys()) if (/^(?:sweep$|trouble )/.test(about)) told.delete(about);
      }
      if (event.type === 'lost') told.delete('listening');
      const line = lineOf(event);
      // The same trouble again is no news, until it was over in between.
      if (line === null || (line.about !== null && told.get(line.about) === line.text)) return;
      if (line.about !== null) told.set(line.about, line.text);
      tell(line.text);
    },
    writeLine: (line) => paper.writeLine(line),
    end: () => paper.end(),
  };
}

interface Tally {
  running: number;
  done: number;
  failed: number;
}

function count(tally: Tally, event: WatchEvent): void {
  if (event.type === 'started') tally.running++;
  if (event.type === 'settled' || event.type === 'postponed') tally.running--;
  if (event.type !== 'settled') return;
  tally[event.end.error === null ? 'done' : 'failed'] += event.arrivals.length;
}

function tallyText(title: string, { running, done, failed }: Tally): string {
  const facts = [`${running} running`, `${done} done`, ...(failed > 0 ? [`${failed} failed`] : [])];
  return `${title}  ${facts.join(' · ')}`;
}

/** Lines one below the other, and on a terminal a last one that is drawn anew below each. */
function openPaper({ stream, isTerminal }: WatchViewOptions, lastLine: () => string) {
  let isOpen = isTerminal;
  const widthMax = (stream.columns ?? WIDTH) - 1;
  return {
    writeLine: (line: string): void => {
      stream.write(isOpen ? `${CLEAR_LINE}${line}${fitText(lastLine(), widthMax)}` : line);
    },
    end: (): void => {
      if (isOpen) stream.write(CLEAR_LINE);
      isOpen = false;
    },
  };
}

/** What an event has to say; with `about`, only when that was not said of it before. */
interface Line {
  about: string | null;
  text: string;
}

function lineOf(event: Exclude<WatchEvent, { type: 'started' }>): Line | null {
  const said = (about: string | null, text: string, error?: PipelineError | null): Line => ({
    about,
    text: text + whyText(error),
  });
  switch (event.type) {
    case 'settled': {
      const how = event.end.error === null ? 'done' : 'failed';
      const took = `${keysText(event.arrivals)} ${how} in ${humaneDuration(event.durationMs)}`;
      const what = took + reportText(event.end.report);
      return said(null, what, event.end.error);
    }
    case 'postponed': {
      const what = `${keysText(event.arrivals)} put off for ${humaneDuration(event.waitMs)}`;
      return said(null, what, event.end.error);
    }
    case 'trouble':
      return said(
        `trouble ${event.key}`,
        `${printable(event.key)} is left to the next sweep`,
        event.error,
      );
    case 'sweep-failed':
      return said('sweep', 'the sweep has failed and is made again', event.error);
    case 'swept':
      return event.found === 0
        ? null
        : said(null, `sweep: ${event.seen} there, ${event.found} to do`);
    case 'listening':
      return said('listening', 'listening');
    case 'lost':
      return said('lost', `changes may be missed until the next sweep: ${printable(event.reason)}`);
    case 'sweeping-only':
      return said('listening', `looking by sweeps alone: ${printable(event.reason)}`);
    case 'refused':
      break;
  }
  return said('refused', 'a notification was refused', event.error);
}

function whyText(error: PipelineError | null | undefined): string {
  if (!error) return '';
  const hint = error.hint === undefined ? '' : `\n         hint: ${printable(error.hint)}`;
  return `: ${printable(error.message)}${hint}`;
}

/** Rows, the checks that found something, and what went wrong without ending the run. */
function reportText(report: RunReport | undefined): string {
  if (report === undefined) return '';
  const { rows, problems, failures } = report;
  const facts = [
    `${rows} ${rows === 1 ? 'row' : 'rows'}`,
    ...Object.entries(failures).flatMap(([check, failed]) =>
      failed > 0 ? [`${check} ${failed}`] : [],
    ),
  ];
  const shown = problems
    .slice(0, PROBLEMS_SHOWN_MAX)
    .map(({ object, message }) => `\n         ${printable(object)}: ${printable(message)}`);
  const more = problems.length - shown.length;
  return `: ${facts.join(', ')}${shown.join('')}${more > 0 ? `\n         and ${more} more` : ''}`;
}

function keysText(arrivals: readonly Arrival[]): string {
  const shown = arrivals.slice(0, KEYS_SHOWN_MAX).map(({ key }) => printable(key));
  const more = arrivals.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
