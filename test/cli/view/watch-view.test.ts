import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { type WatchViewOptions, watchView } from '../../../services/cli/view/watch-view.ts';
import { PipelineError } from '../../../services/core/error.ts';
import { screen } from '../../support/screen.ts';

const clock = manualClock(new Date('2026-11-21T12:00:00Z'));
const arrivals = ['a', 'b\u001b[2J', 'c', 'd'].map((key) => ({ key, etag: 'e', sizeBytes: 1 }));
const good = { runName: 'r', error: null };
const bad = { runName: 'r', error: new PipelineError('denied', 'no\nright', { hint: 'ask' }) };

function viewOf(options: Partial<WatchViewOptions> = {}) {
  const written: string[] = [];
  const terminal = screen(60);
  const write = (text: string): void => {
    written.push(text);
    if (options.isTerminal === true) terminal.write(text);
  };
  const stream = { write, columns: 60 };
  const view = watchView({ stream, isTerminal: false, clock, title: 'watching x', ...options });
  return { view, text: () => written.join(''), lines: () => terminal.lines() };
}

describe('the lines of a watcher', () => {
  it('name what was done and what failed and why, with control characters shown', () => {
    const { view, text } = viewOf();
    view.onEvent({ type: 'settled', arrivals, end: good, durationMs: 1_500 });
    view.onEvent({ type: 'settled', arrivals: arrivals.slice(0, 1), end: bad, durationMs: 5 });
    expect(text()).not.toContain('\u001b');
    const lines = text().trimEnd().split('\n');
    expect(lines[0]).toMatch(/^12:00:00 a, b.*\[2J, c and 1 more done in 1\.5 s$/);
    expect(lines[1]).toMatch(/^12:00:00 a failed in 5 ms: no.*right$/);
    expect(lines[2]).toMatch(/^ +hint: ask$/);
  });

  it('tell what a good run found: rows, failed checks, and what was wrong with a file', () => {
    const { view, text } = viewOf();
    const problem = { object: 'uploads/a.csv', message: 'no \u001b table' };
    const report = { rows: 1, problems: [problem], failures: { 'cell-valid': 2, 'row-whole': 0 } };
    const end = { ...good, report };
    view.onEvent({ type: 'settled', arrivals: arrivals.slice(0, 1), end, durationMs: 5 });
    expect(text()).not.toContain('\u001b');
    const lines = text().trimEnd().split('\n');
    expect(lines[0]).toBe('12:00:00 a done in 5 ms: 1 row, cell-valid 2');
    expect(lines[1]).toMatch(/^ +uploads\/a\.csv: no .* table$/);
  });

  it('tell the same trouble once, and again after it was over', () => {
    const { view, text } = viewOf();
    const error = new PipelineError('unavailable', 'away');
    for (let time = 0; time < 5; time++) view.onEvent({ type: 'sweep-failed', error });
    expect(text().match(/away/g)).toHaveLength(1);
    view.onEvent({ type: 'swept', seen: 0, found: 0 });
    view.onEvent({ type: 'sweep-failed', error });
    expect(text().match(/away/g)).toHaveLength(2);
  });
});

describe('the trouble with each of some objects', () => {
  it('is told once until the next sweep', () => {
    const { view, text } = viewOf();
    const error = new PipelineError('conflict', 'is still being written');
    const tell = (key: string) => view.onEvent({ type: 'trouble', key, error });
    for (let time = 0; time < 3; time++) for (const key of ['a', 'b']) tell(key);
    expect(text().match(/still being written/g)).toHaveLength(2);
    view.onEvent({ type: 'swept', seen: 0, found: 0 });
    for (const key of ['a', 'b']) tell(key);
    expect(text().match(/still being written/g)).toHaveLength(4);
  });
});

describe('on a terminal', () => {
  it('the last line counts what goes on, stays last, and is gone at the end', () => {
    const { view, lines } = viewOf({ isTerminal: true });
    view.onEvent({ type: 'started', arrivals: arrivals.slice(0, 1) });
    view.writeLine('a log line\n');
    expect(lines().at(-1)).toBe('watching x  1 running · 0 done');
    view.onEvent({ type: 'settled', arrivals: arrivals.slice(0, 1), end: bad, durationMs: 5 });
    expect(lines().at(-1)).toBe('watching x  0 running · 0 done · 1 failed');
    view.end();
    view.end();
    expect(lines().join('\n')).not.toContain('running');
    expect(lines()[0]).toBe('a log line');
  });
});
