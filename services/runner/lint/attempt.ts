import { filledIn } from './duration.ts';
import { neededNames, tagsOf } from './expression.ts';
import { below } from './report.ts';
import type { Report } from './report.ts';
import { attempt } from '../fault.ts';
import { durationMs } from '../go-text.ts';
import { withDefaults } from '../template-source.ts';
import { eachText } from './text.ts';
import { effectiveSpec, runningSpecs, titleOf } from './walk.ts';
import type { LintScene, TemplateSite } from './walk.ts';
import type { Parameter, RetryStrategy, Template } from '../workflow.ts';

/** What the attempts of a leaf need of each other: time for a second one, and a retryStrategy for tags that count them. */
export function lintAttempts(scene: LintScene, report: Report): void {
  const specs = runningSpecs(scene);
  for (const site of scene.templates.filter(({ template }) => template.container !== undefined)) {
    const parameters = effectiveSpec(site.document, scene.catalogue).arguments?.parameters ?? [];
    for (const spec of specs.get(site.template) ?? []) {
      const merged = withDefaults(site.template, spec.templateDefaults);
      const strategy = merged.retryStrategy ?? spec.retryStrategy;
      if (strategy === undefined) lintTags(site, merged, report);
      else lintMaxDuration(site, { merged, strategy, parameters }, report);
    }
  }
}

/** Argo gives these only to the attempts of a Retry node (source: woc.executeTemplate). */
const RETRY_TAG = /^(?:retries|lastRetry\.\w+)$/;

function lintTags(site: TemplateSite, merged: Template, report: Report): void {
  eachText(merged, '', (text, path) => {
    for (const { name, expression } of tagsOf(text)) {
      const names = expression === undefined ? [name ?? ''] : neededNames(expression);
      const found = names.find((one) => RETRY_TAG.test(one));
      if (found === undefined) continue;
      const message = `${titleOf(merged)} has no retryStrategy, so ${found} in ${path.slice(1)} is not filled in`;
      report(site, 'retry-tag', message);
    }
  });
}

interface Attempts {
  /** The template as it runs. */
  merged: Template;
  strategy: RetryStrategy;
  parameters: readonly Parameter[];
}

/**
 * A backoff whose time is over before the second attempt can begin: it counts from the start of the first, and an
 * attempt that would begin behind it is not made (source: woc.processNodeRetries).
 */
function lintMaxDuration(site: TemplateSite, attempts: Attempts, report: Report): void {
  const { merged, strategy, parameters } = attempts;
  const { duration, cap, maxDuration } = strategy.backoff ?? {};
  const [mostMs, waitMs, capMs, timeoutMs] = [maxDuration, duration, cap, merged.timeout].map(
    (text) => msOf(text, parameters),
  );
  if (mostMs === undefined || waitMs === undefined) return;
  const firstWaitMs = Math.min(waitMs, capMs ?? Infinity);
  if (mostMs > firstWaitMs + (timeoutMs ?? 0)) return;
  const isOwn = site.template.retryStrategy !== undefined;
  const spot = isOwn ? below(site, '.retryStrategy.backoff.maxDuration') : site;
  const why =
    mostMs <= firstWaitMs
      ? `the first wait of ${duration ?? ''} outlasts it, so there is never a second attempt`
      : `an attempt may take ${merged.timeout ?? ''}, and after one that does there is no other`;
  report(
    spot,
    'retry-time',
    `maxDuration ${maxDuration ?? ''} counts from the first start: ${why}`,
  );
}

/** `undefined` for none, and for what cannot be told or is told elsewhere. */
function msOf(text: string | undefined, parameters: readonly Parameter[]): number | undefined {
  const value = filledIn(text ?? '', parameters) ?? '';
  if (value === '') return undefined;
  const result = attempt(() => durationMs(value));
  return 'fault' in result ? undefined : result.value;
}
