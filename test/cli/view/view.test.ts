import { describe, expect, it } from 'vitest';

import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { textWidth } from '../../../services/cli/view/text-width.ts';
import { runView, terminalOf } from '../../../services/cli/view/view.ts';
import type { RunView } from '../../../services/cli/view/view.ts';
import type { NodeEvent } from '../../../services/ports/workflow-engine.ts';
import { screen } from '../../support/screen.ts';

const START = new Date('2026-11-21T12:03:04Z');
const at = (seconds: number): Date => new Date(START.getTime() + seconds * 1000);

function node(name: string, event: Partial<NodeEvent> = {}): NodeEvent {
  return { id: name, name, displayName: name, type: 'Pod', phase: 'Running', ...event };
}

function watch(options: { columns?: number; rows?: number; isTerminal?: boolean } = {}) {
  const stream = screen(options.columns, options.rows);
  const clock = manualClock(START);
  let tick = (): void => undefined;
  let leave = (): void => undefined;
  let isTicking = true;
  const view: RunView = runView({
    stream,
    isTerminal: options.isTerminal ?? true,
    hasColor: false,
    clock,
    every: (_periodMs, draw) => {
      tick = draw;
      return () => (isTicking = false);
    },
    atExit: (restore) => {
      leave = restore;
      return () => undefined;
    },
  });
  return { view, stream, clock, tick: () => tick(), leave: () => leave(), ticks: () => isTicking };
}

function fanOut(view: RunView, count: number): void {
  view.onEvent(node('run', { type: 'DAG' }));
  view.onEvent(node('convert', { type: 'TaskGroup', parentName: 'run' }));
  for (let item = 0; item < count; item += 1) {
    const name = `convert(${item}:z)`;
    const phase = item < count - 2 ? 'Succeeded' : 'Running';
    view.onEvent(node(name, { parentName: 'convert', phase, startedAt: at(0) }));
    view.onProgress(name, { rowsWritten: 100 });
  }
}

describe('the live tree', () => {
  it('shows each step under its parent with its state, time and rows', async () => {
    const { view, stream, clock, tick } = watch();
    view.onEvent(node('fama-french', { type: 'DAG', startedAt: at(0) }));
    const parentName = 'fama-french';
    view.onEvent(
      node('fetch', { parentName, phase: 'Succeeded', startedAt: at(0), finishedAt: at(2.9) }),
    );
    view.onEvent(node('convert', { parentName, startedAt: at(2.9) }));
    view.onEvent(node('load', { parentName, phase: 'Pending' }));
    view.onEvent(node('repair', { parentName, phase: 'Skipped' }));
    view.onProgress('convert', { rowsWritten: 49_740, rowsRejected: 3 });
    await clock.advance(10_000);
    tick();
    expect(stream.lines()).toEqual([
      '⠙ fama-french   10.0 s',
      '  ✔ fetch        2.9 s',
      '  ⠙ convert      7.1 s  49,740 rows, 3 rejected',
      '  ◌ load',
      '  ○ repair              skipped',
    ]);
  });

  it('puts what has started above what waits, in the order of starting', () => {
    const { view, stream, tick } = watch();
    view.onEvent(node('third', { phase: 'Pending' }));
    view.onEvent(node('second', { startedAt: at(1) }));
    view.onEvent(node('first', { startedAt: at(0) }));
    tick();
    expect(stream.lines().map((line) => line.split(' ')[1])).toEqual(['first', 'second', 'third']);
  });

  it('redraws in place', () => {
    const { view, stream, tick } = watch();
    view.onEvent(node('fetch'));
    for (let frame = 0; frame < 20; frame += 1) tick();
    view.onEvent(node('fetch', { phase: 'Succeeded' }));
    tick();
    expect(stream.lines()).toEqual(['✔ fetch']);
  });

  it('draws per tick, not per event', () => {
    const { view, stream, tick } = watch();
    const before = stream.writeCount();
    for (let n = 0; n < 1_000; n += 1) view.onProgress('x', { rowsRead: n });
    fanOut(view, 500);
    tick();
    expect(stream.writeCount() - before).toBe(1);
  });

  it('shows attempts as one line, with what the last one said and counted', () => {
    const { view, stream, tick } = watch();
    view.onEvent(node('fetch', { type: 'Retry' }));
    view.onEvent(node('fetch(0)', { parentName: 'fetch', phase: 'Failed', message: 'timeout' }));
    view.onEvent(node('fetch(1)', { parentName: 'fetch' }));
    view.onProgress('fetch(0)', { objectsRead: 1 });
    view.onProgress('fetch(1)', { objectsRead: 2 });
    tick();
    expect(stream.lines()).toEqual(['⠙ fetch (attempt 2)           2 objects']);
  });

  it('does not draw groups of steps but their members', () => {
    const { view, stream, tick } = watch();
    view.onEvent(node('run', { type: 'Steps' }));
    view.onEvent(node('run[0]', { type: 'StepGroup', parentName: 'run', displayName: '[0]' }));
    view.onEvent(node('run[0].a', { parentName: 'run[0]', displayName: 'a' }));
    tick();
    expect(stream.lines()).toEqual(['⠙ run', '  ⠙ a']);
  });

  it('folds a long fan-out and sums its rows', () => {
    const { view, stream, tick } = watch();
    fanOut(view, 500);
    tick();
    const lines = stream.lines();
    expect(lines).toHaveLength(7);
    expect(lines[1]).toMatch(/⠙ convert .* 50,000 rows$/);
    expect(lines.at(-1)).toContain('… 496 succeeded');
  });

  it('shows what failed in a folded fan-out, with its message', () => {
    const { view, stream, tick } = watch();
    fanOut(view, 30);
    view.onEvent(
      node('convert(3:z)', { parentName: 'convert', phase: 'Failed', message: 'exit code 20' }),
    );
    tick();
    expect(stream.lines().find((line) => line.includes('✖'))).toMatch(
      /convert\(3:z\).*exit code 20/,
    );
  });

  it.each([3, 5, 10])('stays within %i rows and keeps what runs or has failed', (rows) => {
    const { view, stream, tick } = watch({ rows });
    for (let n = 0; n < 30; n += 1) view.onEvent(node(`done-${n}`, { phase: 'Succeeded' }));
    view.onEvent(node('failed', { phase: 'Failed' }));
    tick();
    tick();
    expect(stream.lines().length).toBeLessThan(rows);
    expect(stream.lines().join('\n')).toContain('✖ failed');
    expect(stream.lines().at(-1)).toMatch(/… \d+ lines not shown/);
  });

  it('stays within its columns whatever names and messages are', () => {
    const { view, stream, tick } = watch({ columns: 40 });
    view.onEvent(node('大'.repeat(50), { phase: 'Failed', message: 'm'.repeat(300) }));
    tick();
    for (const line of stream.lines()) expect(textWidth(line)).toBeLessThan(40);
  });

  it('lets no name or message steer the terminal', () => {
    const { view, stream, tick } = watch();
    view.onEvent(node('a\u001b[2J\nb', { phase: 'Failed', message: 'x\u001b[1Ay' }));
    tick();
    expect(stream.lines()).toHaveLength(1);
  });

  it('draws a node under the one that it turns out to belong to', () => {
    const { view, stream, tick } = watch();
    view.onEvent(node('run', { type: 'DAG', startedAt: at(0) }));
    view.onEvent(node('fetch(0)', { parentName: 'run', displayName: 'fetch' }));
    view.onEvent(node('other', { parentName: 'run' }));
    view.onEvent(node('group', { type: 'DAG', parentName: 'run' }));
    view.onEvent(node('fetch(0)', { parentName: 'group', displayName: 'fetch' }));
    tick();
    const names = stream.lines().map((line) => line.trim().split(' ')[1]);
    expect(names).toEqual(['run', 'other', 'group', 'fetch']);
    expect(stream.lines().map((line) => line.search(/\S/))).toEqual([0, 2, 2, 4]);
  });

  it('writes lines of the log above itself', () => {
    const { view, stream, tick } = watch();
    view.onEvent(node('fetch'));
    tick();
    view.writeLine('one\n');
    view.writeLine('two\n');
    tick();
    view.end();
    expect(stream.lines()).toEqual(['one', 'two', '⠹ fetch']);
  });

  it('draws all lines at its end, gives the cursor back and stops', () => {
    const { view, stream, ticks } = watch({ rows: 5 });
    expect(stream.isCursorShown()).toBe(false);
    for (let n = 0; n < 30; n += 1) view.onEvent(node(`done-${n}`, { phase: 'Succeeded' }));
    view.end();
    const count = stream.writeCount();
    view.end();
    expect(stream.lines()).toHaveLength(30);
    expect(stream.isCursorShown()).toBe(true);
    expect(ticks()).toBe(false);
    expect(stream.writeCount()).toBe(count);
  });

  it('gives the cursor and the last log lines back when the process ends early', () => {
    const { view, stream, leave } = watch();
    view.writeLine('last words\n');
    leave();
    expect(stream.isCursorShown()).toBe(true);
    expect(stream.lines()).toEqual(['last words']);
  });
});

describe('the plain view', () => {
  it('says what a step waits for, once', () => {
    const { view, stream } = watch({ isTerminal: false });
    const waits = { phase: 'Pending', message: 'ErrImagePull: no such image' } as const;
    view.onEvent(node('run', { type: 'DAG', phase: 'Pending', message: 'waits for a lock' }));
    view.onEvent(node('run', { type: 'DAG' }));
    view.onEvent(node('fetch', { parentName: 'run', phase: 'Pending' }));
    view.onEvent(node('fetch', { parentName: 'run', ...waits }));
    view.onEvent(node('fetch', { parentName: 'run', ...waits }));
    expect(stream.lines()).toEqual([
      '12:03:04 run pending  waits for a lock',
      '12:03:04 fetch pending  ErrImagePull: no such image',
    ]);
  });

  it('says when a step is tried again', () => {
    const { view, stream } = watch({ isTerminal: false });
    view.onEvent(node('load', { type: 'Retry' }));
    const attempt = { parentName: 'load', startedAt: at(0) };
    view.onEvent(node('load(0)', attempt));
    view.onEvent(
      node('load(0)', {
        ...attempt,
        phase: 'Failed',
        finishedAt: at(1),
        message: 'main: Error (exit code 30)',
        error: 'postgres://db: no answer\nhint: see that it runs',
      }),
    );
    const waits = { type: 'Retry', message: 'Backoff for 5 minutes 0 seconds' } as const;
    view.onEvent(node('load', waits));
    view.onEvent(node('load', waits));
    view.onEvent(node('load', { type: 'Retry', phase: 'Failed', message: 'exit code 30' }));
    expect(stream.lines().slice(1)).toEqual([
      '12:03:04 load(0) failed  1.0 s  postgres://db: no answer',
      '12:03:04 load running  next attempt in 5 minutes',
    ]);
  });

  it('shows in the tree what a step waits for between attempts, and why', () => {
    const { view, stream, tick } = watch();
    const message = 'Backoff for 5 minutes 0 seconds';
    view.onEvent(node('load', { type: 'Retry', message }));
    const failed = { phase: 'Failed', message: 'main: Error (exit code 30)' } as const;
    view.onEvent(
      node('load(0)', { ...failed, parentName: 'load', error: 'no answer\nhint: wait' }),
    );
    tick();
    expect(stream.lines()).toEqual([
      expect.stringMatching(/load .*next attempt in 5 minutes: no answer$/),
    ]);
    view.onEvent(node('load', { type: 'Retry' }));
    view.onEvent(node('load(1)', { parentName: 'load' }));
    tick();
    expect(stream.lines()).toEqual([expect.stringMatching(/load \(attempt 2\)$/)]);
  });

  it('writes one line per change of phase of a pod, and no escape sequence', () => {
    const { view, stream } = watch({ isTerminal: false });
    view.onEvent(node('run', { type: 'DAG' }));
    view.onEvent(node('fetch', { phase: 'Pending', parentName: 'run' }));
    view.onEvent(node('fetch', { parentName: 'run', startedAt: at(0) }));
    view.onEvent(node('fetch', { parentName: 'run', startedAt: at(0) }));
    view.onProgress('fetch', { objectsRead: 1 });
    const end = { parentName: 'run', startedAt: at(0), finishedAt: at(2.9) };
    view.onEvent(node('fetch', { ...end, phase: 'Failed', message: 'exit code 30' }));
    view.writeLine('log\n');
    view.end();
    expect(stream.lines()).toEqual([
      '12:03:04 fetch running',
      '12:03:04 fetch failed  2.9 s  1 object  exit code 30',
      'log',
    ]);
  });
});

describe('terminalOf', () => {
  it.each([
    [{ isTTY: true }, {}, true, true],
    [{ isTTY: true }, { NO_COLOR: '1' }, true, false],
    [{ isTTY: true }, { NO_COLOR: '' }, true, true],
    [{ isTTY: true }, { TERM: 'dumb' }, false, false],
    [{ isTTY: false }, {}, false, false],
    [{}, { TERM: 'xterm' }, false, false],
  ])('of %j with %j: terminal %s, colour %s', (stream, env, isTerminal, hasColor) => {
    expect(terminalOf(stream, env)).toEqual({ isTerminal, hasColor });
  });
});
