import { describe, expect, it } from 'vitest';

import { dependsHolds, readDependencies, unknownResult } from '../../services/runner/depends.ts';
import type { DagTask } from '../../services/runner/workflow.ts';

const tasks: Record<string, DagTask> = {
  a: { name: 'a' },
  'b-2': { name: 'b-2', continueOn: { failed: true } },
};
const read = (task: Partial<DagTask>) =>
  readDependencies({ name: 't', ...task }, (name) => tasks[name]);
const ended = (phase: string) => ({ phase, anySucceeded: false, allFailed: false });

describe('depends', () => {
  it('writes a bare name out as succeeded, skipped or daemoned', () => {
    expect(read({ depends: 'a' }).condition).toBe('(a.Succeeded || a.Skipped || a.Daemoned)');
  });

  it('of a list is a conjunction that knows continueOn', () => {
    const { condition, names } = read({ dependencies: ['a', 'b-2'] });
    expect(condition).toContain(' && (b-2.Succeeded || b-2.Skipped || b-2.Daemoned || b-2.Failed)');
    expect([...names.keys()]).toEqual(['a', 'b-2']);
  });

  it('marks a dependency on the items of a fan-out', () => {
    expect(read({ depends: 'a.AnySucceeded || b-2.Failed' }).names).toEqual(
      new Map([
        ['a', 'items'],
        ['b-2', 'task'],
      ]),
    );
  });

  it.each([
    ['a.Succeeded && !b-2.Failed', 'Succeeded', 'Skipped', true],
    ['(a.Failed || a.Errored) && b-2', 'Error', 'Succeeded', true],
    ['a.Failed', 'Error', 'Succeeded', false],
    ['a && b-2', 'Omitted', 'Succeeded', false],
    ['a.Omitted', 'Omitted', 'Succeeded', true],
  ])('%s with a %s and b-2 %s is %s', (depends, a, b, expected) => {
    const { condition } = read({ depends });
    const results = new Map([
      ['a', ended(a)],
      ['b-2', ended(b)],
    ]);
    expect(dependsHolds(condition, results)).toBe(expected);
  });

  it('refuses a result that does not exist', () => {
    expect(unknownResult('a.Finished')).toBe("task result 'Finished' for task 'a' is invalid");
    expect(unknownResult('a.Failed || b')).toBeNull();
  });
});
