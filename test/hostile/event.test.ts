import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../services/core/error.ts';
import { decodeEventBody } from '../../services/events/event.ts';
import { EVENT_CASES, type EventCase } from './event-cases.ts';

const EXPECTED = { bucket: 'drops', prefix: 'uploads/', suffixes: ['.csv'] };

describe.each(Object.entries(EVENT_CASES))('a notification that forges its %s', (_group, cases) => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', (_name, { body, gives }) => {
    const outcome = outcomeOf(body);
    const [kind, word, isRefused] = gives;
    const wanted = isRefused === true ? refusal(kind ?? '', word ?? '') : gives;
    expect(outcome).toEqual(wanted);
  });
});

it('there are at least 60 such cases', () => {
  expect(Object.values(EVENT_CASES).flat().length).toBeGreaterThanOrEqual(60);
});

it('what a notification inherits is changed by none of them', () => {
  for (const { body } of Object.values(EVENT_CASES).flat()) outcomeOf(body);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect('key' in {}).toBe(false);
});

/** An error of this kind that says it on one line of a bounded length. */
function refusal(kind: string, word: string): unknown {
  const literal = word.replaceAll(/[^\w ]/g, String.raw`\$&`);
  const form = new RegExp(`^(?=.{1,400}$)(?:event|key)\\b.*${literal}.*$`);
  return expect.objectContaining({ kind, message: expect.stringMatching(form) });
}

/** The keys, or the error; anything else that is thrown fails the test. */
function outcomeOf(body: EventCase['body']): string[] | PipelineError {
  try {
    return decodeEventBody(body, EXPECTED).map(({ key }) => key);
  } catch (error) {
    if (error instanceof PipelineError) return error;
    throw error;
  }
}
