import { describe, expect, it } from 'vitest';
import type { ObjectEvent } from '../../services/events/event.ts';
import { compareSequencers, foldEvents } from '../../services/events/event-order.ts';

const event = (key: string, change: Partial<ObjectEvent> = {}): ObjectEvent => ({
  kind: 'created',
  bucket: 'drops',
  key,
  eventTime: '2026-11-21T12:00:00.000Z',
  ...change,
});

describe('two sequencers', () => {
  it.each([
    ['18B0', '18B1', -1],
    ['18b1', '18B0', 1],
    ['18B0', '18b0', 0],
    ['18B', '18B0', 0],
    ['18B', '18B01', -1],
    ['2', '18B01', 1],
  ])('%s and %s are in the order %i', (a, b, order) => {
    expect(compareSequencers(a, b)).toBe(order);
  });
});

describe('folded events', () => {
  it('of one key are in the order of their sequencers, whatever order they came in', () => {
    const events = ['3', '1', '2'].map((sequencer) =>
      event('a', { sequencer, etag: `e${sequencer}` }),
    );
    expect(foldEvents(events).map(({ sequencer }) => sequencer)).toEqual(['1', '2', '3']);
  });

  it('without sequencers are in the order of their times', () => {
    const events = ['12:00:02', '12:00:01'].map((time) =>
      event('a', { etag: time, eventTime: `2026-11-21T${time}.000Z` }),
    );
    expect(foldEvents(events).map(({ etag }) => etag)).toEqual(['12:00:01', '12:00:02']);
  });

  it('are one for each version, or etag without versions', () => {
    const events = [
      event('a', { etag: 'e', sequencer: '1' }),
      event('a', { etag: 'e', sequencer: '2' }),
      event('a', { etag: 'e', versionId: 'v1' }),
      event('a', { etag: 'e', versionId: 'v2' }),
      event('a', { etag: 'f', versionId: 'v2' }),
    ];
    expect(foldEvents(events)).toHaveLength(3);
  });

  it('keep a removal apart from what was made, and keys and buckets apart', () => {
    const events = [
      event('a', { sequencer: '1' }),
      event('a', { sequencer: '1', kind: 'removed' }),
      event('b', { sequencer: '1' }),
      event('a', { sequencer: '1', bucket: 'other' }),
    ];
    expect(foldEvents([...events, ...events])).toHaveLength(4);
  });
});
