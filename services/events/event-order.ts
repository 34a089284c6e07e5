import type { ObjectEvent } from './event.ts';

/**
 * The order of two events of one key: as S3 tells it, the shorter text is filled with zeros on the right and the two
 * are compared as texts.
 */
export function compareSequencers(a: string, b: string): number {
  const length = Math.max(a.length, b.length);
  const [left, right] = [a, b].map((text) => text.toUpperCase().padEnd(length, '0'));
  if (left === right) return 0;
  return (left ?? '') < (right ?? '') ? -1 : 1;
}

/**
 * The events without repeats, those of one key in the order in which they happened, keys in the order of their first
 * event here. Two events are one when they tell the same of the same version (or, without versions, of the same etag).
 */
export function foldEvents(events: readonly ObjectEvent[]): ObjectEvent[] {
  const byKey = new Map<string, Map<string, ObjectEvent>>();
  for (const event of events) {
    const place = JSON.stringify([event.bucket, event.key]);
    const ofKey = byKey.get(place) ?? new Map<string, ObjectEvent>();
    byKey.set(place, ofKey);
    const identity = identityOf(event);
    const earlier = ofKey.get(identity);
    if (!earlier || compareEvents(event, earlier) < 0) ofKey.set(identity, event);
  }
  return [...byKey.values()].flatMap((ofKey) => [...ofKey.values()].toSorted(compareEvents));
}

function identityOf({ kind, versionId, etag, sequencer, eventTime }: ObjectEvent): string {
  return `${kind} ${versionId ?? etag ?? sequencer ?? eventTime}`;
}

function compareEvents(a: ObjectEvent, b: ObjectEvent): number {
  if (a.sequencer !== undefined && b.sequencer !== undefined)
    return compareSequencers(a.sequencer, b.sequencer);
  return a.eventTime === b.eventTime ? 0 : a.eventTime < b.eventTime ? -1 : 1;
}
