import { expect, it } from 'vitest';
import { spendNotices } from '../../../services/pipelines/commerce/upkeep/spend.ts';
import type { RunIdentity } from '../../../services/ports/step.ts';

const RUN: RunIdentity = {
  runId: 'run-9',
  pipeline: 'commerce',
  logicalDate: '2026-01-31',
  trigger: 'cron',
  system: 'argo',
  actor: 'pod',
};

function told(before: number[], cost: number, budgetUsd = 10) {
  const notices = spendNotices(RUN, { month: '2026-01', budgetUsd, before, cost });
  return notices.map(({ severity, occasion }) => `${severity} ${occasion}`);
}

it.each<[string, number[], number, string[]]>([
  ['within the budget', [4, 5], 1, []],
  ['above it', [4, 5], 1.01, ['warning budget 2026-01 warning']],
  ['above it once more', [4, 5, 1.5], 0.5, []],
  ['a fifth above it', [4, 5, 1.5], 1.6, ['error budget 2026-01 error']],
  ['from within to a fifth above', [4, 5], 4, ['error budget 2026-01 error']],
  ['still a fifth above', [4, 5, 4], 1, []],
])('%s: it is told once a level', (_name, before, cost, expected) => {
  expect(told(before, cost)).toEqual(expected);
});

it('a budget of 0 is not watched', () => {
  expect(told([400], 500, 0)).toEqual([]);
});

it.each<[number[], number, string[]]>([
  [[1, 1, 1, 1, 1], 2, []],
  [[1, 1, 1, 1, 1], 2.01, ['warning cost anomaly']],
  [[1, 1, 1, 1], 9, []],
])('after runs of %j one of %d is told as %j', (before, cost, expected) => {
  expect(told(before, cost, 1000)).toEqual(expected);
});

it('says what was spent, and is of the topic cost', () => {
  const [notice] = spendNotices(RUN, { month: '2026-01', budgetUsd: 10, before: [9], cost: 2 });
  expect(notice).toMatchObject({
    topic: 'cost',
    title: 'commerce has cost $11.00 in 2026-01: the budget is $10.00',
  });
});

it('checks and pages belong to the budget, and are compared with nothing', () => {
  const of = { month: '2026-01', before: [1, 1, 1, 1, 1], besides: [0.01, 0.01, 0.01, 5] };
  const occasions = (more: { budgetUsd: number; cost: number; isBeside: boolean }) =>
    spendNotices(RUN, { ...of, ...more }).map(({ occasion }) => occasion);
  expect(occasions({ budgetUsd: 1000, cost: 1.9, isBeside: false })).toEqual([]);
  expect(occasions({ budgetUsd: 1000, cost: 2.1, isBeside: false })).toEqual(['cost anomaly']);
  expect(occasions({ budgetUsd: 1000, cost: 9, isBeside: true })).toEqual([]);
  expect(occasions({ budgetUsd: 10.5, cost: 1, isBeside: true })).toEqual([
    'budget 2026-01 warning',
  ]);
});
