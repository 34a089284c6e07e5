import type { Clock } from '../../ports/clock.ts';
import type { Counts } from '../../ports/step.ts';
import type { NodeEvent } from '../../ports/workflow-engine.ts';
import { textWidth } from './text-width.ts';
import { countsText, drawLines, durationText, fitLines } from './view-line.ts';
import { emptyTree, takeCounts, takeEvent, treeLines, waitText } from './view-tree.ts';
import type { RunTree } from './view-tree.ts';

/** What the view needs of stderr. */
export interface ViewStream {
  write(text: string): unknown;
  columns?: number | undefined;
  rows?: number | undefined;
}

export interface RunViewOptions {
  stream: ViewStream;
  /** Redraw a tree in place; else one line per phase change of a pod. */
  isTerminal: boolean;
  hasColor: boolean;
  clock: Pick<Clock, 'now'>;
  /**
   * Calls `tick` again and again until the returned function is called. Default: an interval that
   * keeps no process alive.
   */
  every?: (periodMs: number, tick: () => void) => () => void;
  /** Calls `leave` when the process ends in any way. Default: the process's `exit` event. */
  atExit?: (leave: () => void) => () => void;
}

/** A run as people watch it, on stderr. */
export interface RunView {
  onEvent(event: NodeEvent): void;
  /** What the node of that name has counted so far. */
  onProgress(nodeName: string, counts: Readonly<Partial<Counts>>): void;
  /** Writes a line of something else, such as the log, without spoiling the tree. */
  writeLine(line: string): void;
  /** Draws the end state and gives the terminal back. Twice equals once. */
  end(): void;
}

/**
 * Whether a stream is a terminal to draw on, and may have colour: `NO_COLOR` and `TERM=dumb` say
 * no.
 */
export function terminalOf(
  stream: { isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): { isTerminal: boolean; hasColor: boolean } {
  const isTerminal = stream.isTTY === true && env['TERM'] !== 'dumb';
  return { isTerminal, hasColor: isTerminal && (env['NO_COLOR'] ?? '') === '' };
}

/** A live tree on a terminal, else plain lines. */
export function runView(options: RunViewOptions): RunView {
  return options.isTerminal ? liveView(options) : plainView(options);
}

function plainView({ stream, clock }: RunViewOptions): RunView {
  const tree = emptyTree();
  return {
    onEvent(event) {
      const messageBefore = tree.nodes.get(event.name)?.event.message;
      const before = takeEvent(tree, event);
      const hasNewMessage = event.message !== undefined && event.message !== messageBefore;
      // What waits is quiet, unless it says what for: an image that cannot be pulled, a lock, the next attempt.
      const isWaiting = event.phase === 'Pending' || waitText(event) !== null;
      const isNews = isWaiting ? hasNewMessage : event.type === 'Pod' && event.phase !== before;
      if (!isNews) return;
      stream.write(`${plainLine(tree, event, clock.now())}\n`);
    },
    onProgress: (name, counts) => takeCounts(tree, name, counts),
    writeLine: (line) => void stream.write(line),
    end: () => undefined,
  };
}

/** `12:03:04 unzip(2:a) succeeded  2.9 s  12 objects`. */
function plainLine(tree: RunTree, event: NodeEvent, now: Date): string {
  const line = treeLines({ nodes: tree.nodes, roots: nodesOf(tree, event.name) })[0];
  const isRunning = event.phase === 'Running';
  const message = waitText(event) ?? line?.message;
  const facts = [
    `${now.toISOString().slice(11, 19)} ${line?.label ?? ''} ${event.phase.toLowerCase()}`,
    isRunning ? '' : durationText(event, now),
    isRunning ? '' : countsText(line?.counts ?? {}),
    message ?? '',
  ];
  return facts.filter((text) => text !== '').join('  ');
}

function nodesOf(tree: RunTree, name: string): RunTree['roots'] {
  const node = tree.nodes.get(name);
  return node === undefined ? [] : [node];
}

const FRAME_PERIOD_MS = 100;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE_END = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

function liveView(options: RunViewOptions): RunView {
  const { stream, every = unrefInterval, atExit = processExit } = options;
  const tree = emptyTree();
  let drawnWidths: number[] = [];
  let frame = 0;
  let isEnded = false;
  /**
   * Lines of others that wait for the next frame, so that a talkative log does not redraw the tree
   * for each.
   */
  let waiting = '';

  /** Up over what was drawn; a line that a narrowed window has wrapped takes several rows. */
  const toTop = (): string => {
    const columns = stream.columns || 80;
    const rowCount = drawnWidths.reduce(
      (sum, width) => sum + Math.max(1, Math.ceil(width / columns)),
      0,
    );
    return rowCount === 0 ? '' : `\r\u001b[${rowCount}A`;
  };
  const draw = (heightMax: number): void => {
    const style = {
      now: options.clock.now(),
      hasColor: options.hasColor,
      widthMax: (stream.columns || 80) - 1,
      frame,
    };
    const lines = drawLines(fitLines(treeLines(tree), heightMax), style);
    const body = lines.map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    const above = waiting === '' ? '' : CLEAR_BELOW + waiting;
    stream.write(`${toTop()}${above}${body}${CLEAR_BELOW}`);
    waiting = '';
    drawnWidths = lines.map(textWidth);
  };
  const heightNow = (): number => Math.max(1, (stream.rows || 24) - 1);

  stream.write(HIDE_CURSOR);
  const forgetExit = atExit(() => stream.write(waiting + SHOW_CURSOR));
  const stopFrames = every(FRAME_PERIOD_MS, () => {
    frame += 1;
    draw(heightNow());
  });

  return {
    onEvent: (event) => void takeEvent(tree, event),
    onProgress: (name, counts) => takeCounts(tree, name, counts),
    writeLine(line) {
      if (isEnded) stream.write(line);
      else waiting += line;
    },
    end() {
      if (isEnded) return;
      isEnded = true;
      stopFrames();
      draw(Infinity);
      stream.write(SHOW_CURSOR);
      forgetExit();
    },
  };
}

function unrefInterval(periodMs: number, tick: () => void): () => void {
  const timer = setInterval(tick, periodMs).unref();
  return () => clearInterval(timer);
}

function processExit(leave: () => void): () => void {
  process.once('exit', leave);
  return () => void process.removeListener('exit', leave);
}
