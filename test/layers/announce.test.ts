import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { PipelineError } from '../../services/core/error.ts';
import { announce, type AnnounceOptions } from '../../services/layers/announce.ts';
import type { Notice, Notifier } from '../../services/ports/notifier.ts';
import type { RecordStore } from '../../services/ports/record-store.ts';

const NOTICE: Notice = {
  topic: 'pipeline',
  severity: 'error',
  pipeline: 'finance',
  runId: 'finance-7',
  title: 'failed with hunter2',
  lines: ['line\nbreak'],
  occasion: 'failed 02:00',
};

interface Told {
  channel: string;
  notice: Notice;
}

let told: Told[];
let lost: string[];
let warned: unknown[];
let records: RecordStore;

beforeEach(() => {
  [told, lost, warned] = [[], [], []];
  const clock = manualClock(new Date('2026-11-21T02:00:00Z'));
  records = objectRecords(memoryStore({ bucket: 'finance', clock }));
});

const taking = (channel: string): Notifier => ({
  send: async (notice) => void told.push({ channel, notice }),
});
const failing: Notifier = {
  send: () => Promise.reject(new PipelineError('unavailable', 'nobody there')),
};
const ignore = (): void => undefined;

function notifier(more: Partial<AnnounceOptions> = {}): Notifier {
  return announce({
    journal: taking('journal'),
    channels: [
      { name: 'webhook', notifier: taking('webhook') },
      { name: 'mail', notifier: taking('mail') },
    ],
    topics: ['pipeline', 'quality', 'cost'],
    records,
    safe: (text) => text.replaceAll('hunter2', '***'),
    log: {
      debug: ignore,
      info: ignore,
      warn: (event, fields) => void warned.push({ event, ...fields }),
      error: ignore,
    },
    signal: new AbortController().signal,
    onLost: (channel) => void lost.push(channel),
    ...more,
  });
}

const channels = (): string[] => told.map(({ channel }) => channel).toSorted();

describe('a notice that is announced', () => {
  it('goes to the journal and every channel, without secrets and on one line each', async () => {
    await notifier().send(NOTICE);
    expect(channels()).toEqual(['journal', 'mail', 'webhook']);
    for (const { notice } of told) {
      expect(notice).toEqual({ ...NOTICE, title: 'failed with ***', lines: ['line\\nbreak'] });
    }
  });

  it('of a topic that is not wanted goes to the journal alone', async () => {
    await notifier({ topics: ['quality'] }).send(NOTICE);
    expect(channels()).toEqual(['journal']);
  });

  it('reaches one channel when the other fails, which is told and counted', async () => {
    const broken = { name: 'webhook', notifier: failing };
    await notifier({ channels: [broken, { name: 'mail', notifier: taking('mail') }] }).send(NOTICE);
    expect(channels()).toEqual(['journal', 'mail']);
    expect(lost).toEqual(['webhook']);
    expect(warned).toEqual([
      {
        event: 'notice.not_sent',
        channel: 'webhook',
        kind: 'unavailable',
        reason: 'nobody there',
        hint: undefined,
      },
    ]);
  });

  it('is told once of one occasion, and again of the next', async () => {
    await notifier().send(NOTICE);
    await notifier().send(NOTICE);
    expect(channels()).toEqual(['journal', 'journal', 'mail', 'webhook']);
    await notifier().send({ ...NOTICE, occasion: 'success 03:00' });
    expect(channels().filter((name) => name === 'mail')).toHaveLength(2);
  });

  it('is told again to the channel that has not taken it, and to no other', async () => {
    const mail = { name: 'mail', notifier: taking('mail') };
    await notifier({ channels: [{ name: 'webhook', notifier: failing }, mail] }).send(NOTICE);
    await notifier().send(NOTICE);
    expect(channels()).toEqual(['journal', 'journal', 'mail', 'webhook']);
  });

  it.each([['get'], ['put']] as const)(
    'is told although its record cannot be kept (%s)',
    async (method) => {
      const down = () => Promise.reject(new PipelineError('unavailable', 'store down'));
      await notifier({ records: { ...records, [method]: down } }).send(NOTICE);
      expect(channels()).toEqual(['journal', 'mail', 'webhook']);
      expect(warned).toHaveLength(1);
    },
  );

  it('is told although its record is damaged', async () => {
    await records.put('notices/finance', 'finance-7', { occasion: NOTICE.occasion, channels: 7 });
    await notifier().send(NOTICE);
    expect(channels()).toEqual(['journal', 'mail', 'webhook']);
  });

  it('is cut to what people read', async () => {
    const lines = Array.from({ length: 1_000 }, (_, at) => `${at} ${'💸'.repeat(5_000)}`);
    await notifier().send({ ...NOTICE, title: 'x'.repeat(9_999), lines });
    const notice = told[0]?.notice;
    expect(notice?.title).toHaveLength(500);
    expect(notice?.lines).toHaveLength(41);
    expect(notice?.lines.at(-1)).toBe('… and 960 more');
    expect(notice?.lines.every((line) => line.length <= 500)).toBe(true);
  });

  it('that is stopped midway is left to the next attempt', async () => {
    const controller = new AbortController();
    const stopping: Notifier = {
      send: async () => {
        controller.abort();
        controller.signal.throwIfAborted();
      },
    };
    const mail = { name: 'mail', notifier: taking('mail') };
    const halted = notifier({
      channels: [mail, { name: 'webhook', notifier: stopping }],
      signal: controller.signal,
    });
    await expect(halted.send(NOTICE)).rejects.toThrow('aborted');
    await notifier().send(NOTICE);
    expect(channels()).toEqual(['journal', 'journal', 'mail', 'webhook']);
  });
});
