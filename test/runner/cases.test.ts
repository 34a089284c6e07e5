import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { beforeAll, describe, expect, it } from 'vitest';

import { byName, caseNames, certain, maxPods, play, readCase } from './case.ts';
import type { Case, Played } from './case.ts';

const OWN = fileURLToPath(new URL('./cases/', import.meta.url));
const SHARED = fileURLToPath(new URL('../../../shared/argo/cases/', import.meta.url));
const sharedIsHere = existsSync(SHARED);
const mustBeHere = process.env['ARGOSY_TEST_REQUIRE'] === 'all';

/**
 * Cases whose number of attempts hangs on the period of about 10 s in which Argo's controller looks at a workflow: how
 * many fit before `maxDuration`. The phase, the message and every attempt that was recorded are compared all the same.
 */
const MORE_ATTEMPTS = new Set(['retry-backoff-max-duration']);

/** Says the whole of what was recorded, of one case. */
function compareCase(folder: string, name: string): void {
  let played: Played;
  let recorded: Case;
  beforeAll(async () => {
    const read = readCase(folder, name);
    recorded = read.recorded;
    played = await play(name, read.yaml);
  });

  it('is accepted or refused by lint and submit in the recorded words', () => {
    compareVerdict(played.lint, recorded.lintOffline);
    compareVerdict(played.submit, recorded.submit);
  });

  it('ends with the recorded phase, message, outputs and nodes', () => {
    if (recorded.workflow === undefined) return;
    const shown = JSON.stringify(recorded).includes('DURATION');
    const { workflow, nodes = [] } = recorded;
    const expected = certain({ workflow, nodes }, shown);
    const actual = certain(played.run, shown);
    if (MORE_ATTEMPTS.has(name)) dropExtraAttempts(actual, expected);
    expect(actual).toEqual(expected);
  });

  it('keeps the recorded order, bounds and waits', () => {
    for (const [first, second] of recorded.order ?? []) {
      const [a, b] = [played.times.get(first), played.times.get(second)];
      const edge = a === undefined || b === undefined || a.endMs <= b.startMs;
      // A DAG or steps node is the parent of what runs inside it and of nothing that starts after it.
      if (a?.type === 'DAG' || a?.type === 'Steps') continue;
      expect(edge, `${first} ends before ${second} starts`).toBe(true);
    }
    if (/parallelism/.test(name)) {
      expect(maxPods(played.times)).toBeLessThanOrEqual(recorded.maxOverlap?.podNodes ?? Infinity);
    }
    if (/mutex/.test(name)) expect(played.maxContainers).toBe(1);
    for (const [retry, gaps] of Object.entries(recorded.retryGapSeconds ?? {})) {
      checkGaps(played, retry, gaps);
    }
  });

  it('tells each node of the run, its parent first', () => {
    const seen = new Set<string>();
    for (const event of played.events) {
      if (event.parentName !== undefined) expect(seen).toContain(event.parentName);
      seen.add(event.name);
    }
    expect(seen.size).toBe(played.run.nodes.length);
  });
}

function compareVerdict(actual: Played['lint'], expected: Case['lintOffline']): void {
  expect(actual.accepted, actual.text).toBe(expected.accepted);
  if (expected.accepted) return;
  // The recorded text begins with the tool's own prefix, and quotes are escaped in a log line.
  expect(expected.text?.replaceAll('\\"', '"')).toContain(actual.text);
}

function dropExtraAttempts(actual: Played['run'], expected: Played['run']): void {
  const known = byName(expected);
  for (const node of actual.nodes) {
    if (node.type !== 'Retry') continue;
    node.children = (node.children ?? []).filter((child) => known.has(child));
  }
  actual.nodes = actual.nodes.filter((node) => known.has(node.name));
}

/** Between attempts at least the backoff passes; the recorded gap has the controller's period in it and is longer. */
function checkGaps({ times }: Played, retry: string, gaps: readonly number[]): void {
  for (const index of gaps.keys()) {
    const [before, after] = [times.get(`${retry}(${index})`), times.get(`${retry}(${index + 1})`)];
    if (before === undefined || after === undefined) continue;
    const gapMs = after.startMs - before.endMs;
    expect(gapMs).toBeGreaterThanOrEqual(retry === 'WORKFLOW.a' ? backoffMs(gaps, index) : 0);
  }
}

/** The backoff of the one recorded case that has one: 12 s, then 24 s. */
function backoffMs(gaps: readonly number[], index: number): number {
  const isBackoffCase = gaps[0] === 15 && gaps[1] === 42;
  return isBackoffCase ? 12_000 * 2 ** index : 0;
}

describe('our own cases of what Argo does', () => {
  it('are at least 25', () => {
    expect(caseNames(OWN).length).toBeGreaterThanOrEqual(25);
  });
  for (const name of caseNames(OWN)) describe(name, () => compareCase(OWN, name));
});

describe('the cases recorded from Argo 4.1.2', () => {
  it.skipIf(!sharedIsHere && !mustBeHere)('are all here', () => {
    expect(sharedIsHere, '../shared/argo/cases must be here').toBe(true);
    expect(caseNames(SHARED)).toHaveLength(118);
  });
  for (const name of sharedIsHere ? caseNames(SHARED) : []) {
    describe(name, () => compareCase(SHARED, name));
  }
});
