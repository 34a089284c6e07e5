import { expect, it } from 'vitest';
import type { QualityReport, RuleVerdict, Severity } from '../../../services/core/rule.ts';
import { exitCodeOf, PipelineError } from '../../../services/core/error.ts';
import {
  blockingFailures,
  failIfBlocked,
  tellChecks,
} from '../../../services/stages/observe/verdict.ts';

function verdict(rule: string, severity: Severity, ...failures: number[]): RuleVerdict {
  const checks = failures.map((failureCount, at) => ({
    kind: 'not-null' as const,
    subject: `column-${at}`,
    observed: `${failureCount} null`,
    bound: '0 null',
    failureCount,
    isPassed: failureCount === 0,
  }));
  const isPassed = checks.every((check) => check.isPassed);
  return { rule, summary: rule, severity, isPassed, checks };
}

function report(...rules: RuleVerdict[]): QualityReport {
  return {
    dataset: 'orders',
    evaluatedAt: '2026-02-02T00:00:00.000Z',
    rowCount: 9,
    checkCount: 0,
    passedCount: 0,
    scorePercent: 0,
    rules,
  };
}

function thrownBy(work: () => void): PipelineError {
  try {
    work();
  } catch (error) {
    if (error instanceof PipelineError) return error;
  }
  throw new Error('no PipelineError was thrown');
}

it('only a blocking rule that does not hold blocks', () => {
  const mixed = report(verdict('good', 'block', 0), verdict('told', 'warn', 3));
  expect(blockingFailures(mixed)).toEqual([]);
  expect(() => failIfBlocked(mixed, 'x')).not.toThrow();
  expect(blockingFailures(report(verdict('bad', 'block', 0, 2))).map(({ rule }) => rule)).toEqual([
    'bad',
  ]);
});

it('the error names the first failing rule and check, how many more, and where to read on', () => {
  const first = report(verdict('good', 'block', 0), verdict('bad', 'block', 0, 2));
  const second = report(verdict('worse', 'block', 5), verdict('told', 'warn', 1));
  const error = thrownBy(() => failIfBlocked([first, second], 's3://b/clean/report.json'));
  expect(exitCodeOf(error.kind)).toBe(21);
  expect(error.message).toBe(
    'orders: rule bad does not hold: column-1: 2 null, asked 0 null; 1 more',
  );
  expect(error.hint).toContain('s3://b/clean/report.json');
});

it('every rule is told, with its failures added up and 0 too', () => {
  const told: [string, number][] = [];
  const check = (name: string, failures: number): void => void told.push([name, failures]);
  tellChecks({ check }, report(verdict('good', 'block', 0), verdict('bad', 'warn', 2, 3)));
  expect(told).toEqual([
    ['good', 0],
    ['bad', 5],
  ]);
});
