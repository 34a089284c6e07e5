import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

import { caseNames, certain, play, readCase, withoutExtraAttempts } from './case.ts';
import { eventProblems, timeProblems, verdictProblems } from './case-times.ts';

const OWN = fileURLToPath(new URL('./cases/', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../shared/argo/cases/', import.meta.url));
const sharedIsHere = existsSync(SHARED);
const mustBeHere = process.env['ARGOSY_TEST_REQUIRE'] === 'all';

/**
 * Cases whose number of attempts hangs on the period of about 10 s in which Argo's controller looks
 * at a workflow: how many fit before `maxDuration`. The phase, the message and every attempt that was
 * recorded are compared all the same.
 */
const MORE_ATTEMPTS = new Set(['retry-backoff-max-duration']);

/** Plays a case and compares everything that was recorded of it. */
async function compareCase(folder: string, name: string): Promise<void> {
  const { yaml, recorded } = readCase(folder, name);
  const played = await play(name, yaml);
  const problems = [
    ...verdictProblems('lint', played.lint, recorded.lintOffline),
    ...verdictProblems('submit', played.submit, recorded.submit),
    ...timeProblems(name, played, recorded),
    ...eventProblems(played),
  ];
  const { workflow = played.run.workflow, nodes = [] } = recorded;
  const shown = JSON.stringify(recorded).includes('DURATION');
  const expected = certain({ workflow, nodes }, shown);
  const actual = certain(played.run, shown);
  expect({
    problems,
    ...(MORE_ATTEMPTS.has(name) ? withoutExtraAttempts(actual, expected) : actual),
  }).toEqual({ problems: [], ...expected });
}

describe('our own cases of what Argo does', () => {
  it('are at least 25', () => {
    expect(caseNames(OWN).length).toBeGreaterThanOrEqual(25);
  });
  it.each(caseNames(OWN))('%s: as recorded', async (name) => {
    await expect(compareCase(OWN, name)).resolves.toBeUndefined();
  });
});

describe('the cases recorded from Argo 4.1.2', () => {
  it.skipIf(!sharedIsHere && !mustBeHere)('in ../shared/argo/cases are all here', () => {
    expect(sharedIsHere ? caseNames(SHARED).length : 0).toBe(118);
  });
  it.skipIf(!sharedIsHere).each(sharedIsHere ? caseNames(SHARED) : ['none'])(
    '%s: as recorded',
    async (name) => {
      await expect(compareCase(SHARED, name)).resolves.toBeUndefined();
    },
  );
});
