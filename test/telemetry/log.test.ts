import { describe, expect, it } from 'vitest';

import { manualClock } from '../../services/adapters/clock/manual.ts';
import { PipelineError } from '../../services/core/error.ts';
import { secret } from '../../services/core/secret.ts';
import { createLog } from '../../services/telemetry/log.ts';
import type { BoundLog, LogOptions } from '../../services/telemetry/log.ts';

const START = new Date('2026-11-21T12:03:04.005Z');
const CANARY = 'canary-5c21e0';

function capture(options: Partial<LogOptions> = {}): { log: BoundLog; lines: string[] } {
  const lines: string[] = [];
  const clock = manualClock(START);
  const write = (line: string): void => void lines.push(line);
  return {
    log: createLog({ level: 'info', format: 'json', write, clock, ...options }),
    lines,
  };
}

async function jsonOf(use: (log: BoundLog) => void, options: Partial<LogOptions> = {}) {
  const { log, lines } = capture(options);
  use(log);
  await log.flush();
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('a log in JSON', () => {
  it('writes one object a line with timestamp, level and event first', async () => {
    const { log, lines } = capture();
    log.info('object.put', { object: 'a.csv', bytes: 12 });
    log.warn('zip.unreadable', { message: 'no end record' });
    await log.flush();
    expect(lines).toEqual([
      '{"timestamp":"2026-11-21T12:03:04.005Z","level":"info","event":"object.put","object":"a.csv","bytes":12}\n',
      '{"timestamp":"2026-11-21T12:03:04.005Z","level":"warn","event":"zip.unreadable","message":"no end record"}\n',
    ]);
  });

  it('keeps the order of lines logged before and after winston is loaded', async () => {
    const { log, lines } = capture();
    for (let n = 0; n < 50; n += 1) log.info('first', { n });
    await log.flush();
    for (let n = 50; n < 100; n += 1) log.info('second', { n });
    await log.flush();
    const numbers = lines.map((line) => (JSON.parse(line) as { n: number }).n);
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  it('loses no line however large the lines are', async () => {
    const lines = await jsonOf((log) => {
      for (let n = 0; n < 500; n += 1) log.info('large', { text: 'x'.repeat(3_900), n });
    });
    expect(lines).toHaveLength(500);
    expect(lines.at(-1)).toMatchObject({ n: 499 });
  });

  it('flushes at once when nothing was logged', async () => {
    const { log, lines } = capture();
    await log.flush();
    expect(lines).toEqual([]);
  });

  it('keeps its own level and event when a field has their name', async () => {
    const [line] = await jsonOf((log) => log.info('rule.check', { level: 9, event: 'x' }));
    expect(line).toMatchObject({ level: 'info', event: 'rule.check', level_: 9, event_: 'x' });
  });

  it('drops what is below its level', async () => {
    const lines = await jsonOf(
      (log) => {
        log.debug('d');
        log.info('i');
        log.warn('w');
        log.error('e');
      },
      { level: 'warn' },
    );
    expect(lines.map((line) => line['event'])).toEqual(['w', 'e']);
  });

  it('carries bound fields, and a child adds its own without touching its parent', async () => {
    const lines = await jsonOf(
      (log) => {
        const child = log.with({ step: 'unzip' });
        child.info('a', { n: 1 });
        log.info('b');
      },
      { bind: { pipeline: 'fama-french' } },
    );
    expect(lines[0]).toMatchObject({ pipeline: 'fama-french', step: 'unzip', n: 1 });
    expect(lines[1]).toMatchObject({ pipeline: 'fama-french' });
    expect(lines[1]).not.toHaveProperty('step');
  });

  it('tells an error by its kind, message, hint and cause', async () => {
    const cause = new Error('socket hang up');
    const error = new PipelineError('unavailable', 'GET a.zip: no answer', { hint: 'wait', cause });
    const [line] = await jsonOf((log) => log.error('step.fail', { error }));
    expect(line?.['error']).toMatchObject({
      kind: 'unavailable',
      message: 'GET a.zip: no answer',
      hint: 'wait',
      cause: { message: 'socket hang up' },
    });
  });

  it('survives values that JSON cannot hold', async () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const [line] = await jsonOf((log) =>
      log.info('odd', {
        circle,
        big: 2n ** 70n,
        bytes: new Uint8Array(9),
        at: START,
        bad: new Date(Number.NaN),
        fn: () => 1,
        none: undefined,
        set: new Set([1]),
        map: new Map([['token', CANARY]]),
      }),
    );
    expect(line).toMatchObject({ big: '1180591620717411303424', bytes: '[9 bytes]', set: [1] });
    expect(JSON.stringify(line)).not.toContain(CANARY);
  });
});

describe.each(['json', 'text'] as const)('secrets in a %s log', (format) => {
  const places: [string, Record<string, unknown>][] = [
    ['a value', { message: `reply: ${CANARY}!` }],
    ['an address', { url: `https://a.test/?k=${encodeURIComponent(CANARY)}` }],
    ['a nested list', { deep: [{ list: [CANARY] }] }],
    ['a name', { [CANARY]: 1 }],
    ['an error', { error: new Error(CANARY, { cause: new Error(CANARY) }) }],
    ['a Secret', { value: secret(CANARY) }],
  ];

  it.each(places)('are hidden in %s', async (_place, fields) => {
    const { log, lines } = capture({ format, redact: [CANARY] });
    log.info('x', fields);
    await log.flush();
    expect(lines.join('')).toContain('***');
    expect(lines.join('')).not.toContain(CANARY);
  });

  it('are hidden by the name of their field alone', async () => {
    const { log, lines } = capture({ format });
    log.info('x', { password: CANARY, headers: { authorization: CANARY }, apiKey: CANARY });
    await log.flush();
    expect(lines.join('')).not.toContain(CANARY);
  });

  it('cannot be smuggled past by a forged line or an escape sequence', async () => {
    const { log, lines } = capture({ format });
    log.info('x', { object: 'a\n{"level":"error"}\u001b[2J\u009b2J\u2028' });
    await log.flush();
    expect(lines).toHaveLength(1);
    // oxlint-disable-next-line no-control-regex -- that there is none is the claim
    expect(lines[0]?.slice(0, -1)).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028]*$/);
  });
});

describe('a log for people', () => {
  it('writes short lines', () => {
    const { log, lines } = capture({ format: 'text' });
    log.warn('zip.unreadable', { object: 'raw/a.zip', message: 'no end "record"', rows: 3 });
    log.info('run.end');
    expect(lines).toEqual([
      '12:03:04 warn  zip.unreadable   object=raw/a.zip message="no end \\"record\\"" rows=3\n',
      '12:03:04 info  run.end\n',
    ]);
  });

  it('has colour only when asked', () => {
    const plain = capture({ format: 'text' });
    const colored = capture({ format: 'text', hasColor: true });
    plain.log.error('x');
    colored.log.error('x');
    expect(plain.lines[0]).not.toContain('\u001b');
    expect(colored.lines[0]).toContain('\u001b[31m');
  });
});
