import { attempt } from '../fault.ts';
import { evaluateCondition, expressionEnv, EXTRA } from '../expression.ts';
import { durationMs } from '../go-text.ts';
import { filledIn } from './duration.ts';
import { judgeExpression } from './expression.ts';
import { below } from './report.ts';
import type { Report, Spot } from './report.ts';
import { effectiveSpec, rootOf, titleOf } from './walk.ts';
import type { LintScene } from './walk.ts';
import type { LoadedDocument } from '../load.ts';
import { retryVariables } from '../retry.ts';
import { kindOf } from '../workflow.ts';
import type { Parameter, RetryStrategy, Template, WorkflowSpec } from '../workflow.ts';

/** Retries, times and locks of templates and workflows. */
export function lintTimes(scene: LintScene, report: Report): void {
  for (const site of scene.templates) {
    const parameters = effectiveSpec(site.document, scene.catalogue).arguments?.parameters ?? [];
    const check = { parameters, report };
    lintTemplateTimes(site, site.template, check);
    const { retryStrategy } = site.template;
    if (retryStrategy === undefined) continue;
    const spot = below(site, '.retryStrategy');
    lintRetry(spot, retryStrategy, check);
    const kind = kindOf(site.template);
    if (kind === 'dag' || kind === 'steps') {
      report(spot, 'retry-non-leaf', `${titleOf(site.template)} retries a whole ${kind} template`);
    }
  }
  for (const document of scene.set.documents) lintSpecTimes(scene, document, report);
}

interface Check {
  parameters: readonly Parameter[];
  report: Report;
}

function lintTemplateTimes(spot: Spot, template: Partial<Template>, check: Check): void {
  const { timeout, pendingTimeout, suspend, memoize } = template;
  lintDuration(below(spot, '.timeout'), timeout, check);
  lintDuration(below(spot, '.pendingTimeout'), pendingTimeout, check);
  lintDuration(below(spot, '.suspend.duration'), suspend?.duration, check);
  const { maxAge } = memoize ?? {};
  lintDuration(below(spot, '.memoize.maxAge'), maxAge, check);
  if (/^\d+$/.test(maxAge ?? '')) {
    check.report(below(spot, '.memoize.maxAge'), 'duration', `maxAge ${maxAge ?? ''} has no unit`);
  }
}

function lintSpecTimes(scene: LintScene, document: LoadedDocument, report: Report): void {
  const { spec } = document;
  const parameters = effectiveSpec(document, scene.catalogue).arguments?.parameters ?? [];
  const check = { parameters, report };
  const spot = { document, path: rootOf(document) };
  const { templateDefaults, podGC, ttlStrategy } = spec;
  lintInherited(spot, spec, check);
  if (templateDefaults !== undefined) {
    lintTemplateTimes(below(spot, '.templateDefaults'), templateDefaults, check);
  }
  lintDuration(below(spot, '.podGC.deleteDelayDuration'), podGC?.deleteDelayDuration, check);
  for (const [name, seconds] of Object.entries(ttlStrategy ?? {})) {
    if (seconds >= 0) continue;
    report(
      below(spot, `.ttlStrategy.${name}`),
      'duration',
      `${name} is below 0: the workflow is deleted at once`,
    );
  }
}

/** A retryStrategy that is given to every template, DAGs and steps too (source: woc.retryStrategy). */
function lintInherited(spot: Spot, spec: WorkflowSpec, check: Check): void {
  const places = [
    { at: below(spot, '.retryStrategy'), strategy: spec.retryStrategy },
    {
      at: below(spot, '.templateDefaults.retryStrategy'),
      strategy: spec.templateDefaults?.retryStrategy,
    },
  ];
  for (const { at, strategy } of places) {
    if (strategy === undefined) continue;
    lintRetry(at, strategy, check);
    check.report(
      at,
      'retry-inherited',
      'every template gets this retryStrategy, DAGs and steps too',
    );
  }
}

const POLICIES = new Set(['', 'Always', 'OnError', 'OnFailure', 'OnTransientError']);

function lintRetry(spot: Spot, strategy: RetryStrategy, check: Check): void {
  const { report } = check;
  const { limit, retryPolicy = '', expression = '', backoff } = strategy;
  if (!POLICIES.has(retryPolicy)) {
    report(
      below(spot, '.retryPolicy'),
      'retry-policy',
      `${retryPolicy} is not a valid RetryPolicy`,
    );
  }
  if (limit !== undefined && !isWhole(String(limit), check)) {
    report(below(spot, '.limit'), 'retry-limit', `limit ${limit} is no whole number`);
  }
  if (expression !== '') lintRetryExpression(below(spot, '.expression'), expression, report);
  if (backoff === undefined) return;
  const { duration = '', factor, cap, maxDuration } = backoff;
  if (duration === '') {
    report(
      below(spot, '.backoff'),
      'duration',
      'a backoff needs a duration: without it the node is an Error',
    );
  }
  if (factor !== undefined && !isWhole(String(factor), check)) {
    report(below(spot, '.backoff.factor'), 'retry-limit', `factor ${factor} is no whole number`);
  }
  for (const [name, value] of Object.entries({ duration, cap, maxDuration })) {
    lintDuration(below(spot, `.backoff.${name}`), value, check);
  }
}

function isWhole(text: string, { parameters }: Check): boolean {
  const value = filledIn(text, parameters);
  return value === null || /^[+-]?\d+$/.test(value);
}

/** The names of a retry expression (source: buildRetryStrategyLocalScope). */
const RETRY_ENV = { lastRetry: {}, retries: '', ...EXTRA };
const RETRY_NAMES = /^lastRetry\.(?:exitCode|status|duration|message)$/;
/** How attempts end: failed with an exit code, and an Error without one. */
const ENDS = [
  { phase: 'Failed', exitCode: '40' },
  { phase: 'Error', exitCode: '-1' },
] as const;

/** An expression that the controller cannot compile, or that fails on the texts that it gets. */
function lintRetryExpression(spot: Spot, expression: string, report: Report): void {
  if (expression.includes('{{')) return;
  const { faults } = judgeExpression(expression, RETRY_ENV);
  for (const { message } of faults) report(spot, 'retry-expression', message);
  if (faults.length > 0) return;
  for (const { phase, exitCode } of ENDS) {
    const variables = retryVariables(0, undefined, exitCode);
    variables.set('lastRetry.status', phase);
    const result = attempt(() => evaluateCondition(expression, expressionEnv(variables)));
    if (!('fault' in result)) continue;
    const [first = ''] = result.fault.message.split('\n');
    const reason = first.replace(/^unable to evaluate expression '[^]*': /, '');
    report(
      spot,
      'retry-expression',
      `after an attempt that ${phase === 'Error' ? 'errored' : 'failed'}: ${reason}`,
    );
    return;
  }
  const unknown = /lastRetry\.\w+/g;
  for (const [name] of expression.matchAll(unknown)) {
    if (!RETRY_NAMES.test(name)) report(spot, 'retry-expression', `there is no ${name}`);
  }
}

function lintDuration(spot: Spot, text: string | undefined, { parameters, report }: Check): void {
  if (text === undefined || text === '') return;
  const value = filledIn(text, parameters);
  if (value === null || value === '') return;
  const result = attempt(() => durationMs(value));
  if ('fault' in result) report(spot, 'duration', result.fault.message);
}
