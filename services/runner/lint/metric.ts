import { METRIC_ENV, tagsOf } from './expression.ts';
import { below } from './report.ts';
import type { Report, Spot } from './report.ts';
import { lintWhen } from './when.ts';
import { effectiveSpec, rootOf } from './walk.ts';
import type { LintScene } from './walk.ts';
import { METRIC_NAME as NAME } from '../validate/leaf.ts';
import type { Metric, Parameter } from '../workflow.ts';

/** What is another value in every run, or every day. */
const UNBOUNDED =
  /^(?:workflow\.(?:name|uid|duration|failures|creationTimestamp.*|scheduledTime|parameters\.(?:.*(?:date|day|time|run|id|key|file).*))|pod\.name|node\.name|item(?:\..*)?)$/;

interface Site {
  spot: Spot;
  metric: Metric;
  parameters: readonly Parameter[];
}

/** Argo's own metrics: its lint looks at those of templates only, and at no expression. */
export function lintMetrics(scene: LintScene, report: Report): void {
  const sites = sitesOf(scene);
  for (const site of sites) lintMetric(site, report);
  const first = new Map<string, Site>();
  for (const site of sites) {
    const name = site.metric.name ?? '';
    const before = first.get(name);
    if (before === undefined) first.set(name, site);
    else lintConflict(site, before, report);
  }
}

function sitesOf({ set, templates, catalogue }: LintScene): Site[] {
  const sites: Site[] = [];
  const add = (
    spot: Spot,
    metrics: readonly Metric[] = [],
    parameters: readonly Parameter[] = [],
  ): void => {
    for (const [index, metric] of metrics.entries()) {
      sites.push({ spot: below(spot, `.metrics.prometheus[${index}]`), metric, parameters });
    }
  };
  for (const document of set.documents) {
    const parameters = effectiveSpec(document, catalogue).arguments?.parameters;
    add({ document, path: rootOf(document) }, document.spec.metrics?.prometheus, parameters);
  }
  for (const { template, document, path } of templates) {
    const parameters = effectiveSpec(document, catalogue).arguments?.parameters;
    add({ document, path }, template.metrics?.prometheus, parameters);
  }
  return sites;
}

function lintMetric({ spot, metric, parameters }: Site, report: Report): void {
  const { name = '', help = '', when = '', labels = [] } = metric;
  if (!NAME.test(name)) {
    report(below(spot, '.name'), 'metric-name', `the metric name "${name}" cannot be`);
  }
  if (help === '') report(below(spot, '.help'), 'metric-help', `the metric ${name} has no help`);
  lintValue(spot, metric, report);
  for (const [index, { key = '', value = '' }] of labels.entries()) {
    const at = below(spot, `.labels[${index}]`);
    if (!NAME.test(key))
      report(below(at, '.key'), 'metric-name', `the label name "${key}" cannot be`);
    const unbounded = tagsOf(value).find((tag) => UNBOUNDED.test(tag.name ?? ''));
    if (unbounded === undefined) continue;
    const message = `the label ${key} of ${name} is {{${unbounded.name ?? ''}}}, another value in every run`;
    report(below(at, '.value'), 'metric-label', message);
  }
  if (when !== '') lintWhen(below(spot, '.when'), when, { parameters, report, env: METRIC_ENV });
}

function lintValue(
  spot: Spot,
  { name = '', gauge, histogram, counter }: Metric,
  report: Report,
): void {
  const kinds = { gauge, histogram, counter };
  const given = Object.entries(kinds).filter(([, kind]) => kind !== undefined);
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none' : given.map(([kind]) => kind).join(' and ');
    report(
      spot,
      'metric-value',
      `the metric ${name} needs one of gauge, counter and histogram, and has ${found}`,
    );
    return;
  }
  const [kind, values] = given[0] ?? ['', undefined];
  const value = values?.value ?? '';
  const at = below(spot, `.${kind}.value`);
  const isNumber = value.trim() !== '' && Number.isFinite(Number(value));
  if (value === '') report(at, 'metric-value', `the metric ${name} has no value`);
  else if (!value.includes('{{') && !isNumber) {
    report(at, 'metric-value', `the value ${value} of the metric ${name} is no number`);
  }
  if (
    gauge?.realtime === true &&
    (!/^\{\{[^{}]*\}\}$/.test(value) || value.includes('resourcesDuration.'))
  ) {
    report(
      at,
      'metric-value',
      `the gauge ${name} in real time takes one tag, such as {{workflow.duration}}`,
    );
  }
  if (gauge !== undefined && !['', 'Set', 'Add', 'Sub'].includes(gauge.operation ?? '')) {
    report(
      below(spot, '.gauge.operation'),
      'metric-value',
      `${gauge.operation ?? ''} is none of Set, Add and Sub`,
    );
  }
}

function kindOf({ gauge, histogram }: Metric): string {
  return gauge !== undefined ? 'gauge' : histogram !== undefined ? 'histogram' : 'counter';
}

function lintConflict(site: Site, before: Site, report: Report): void {
  const [now, then] = [site.metric, before.metric];
  const differs: string[] = [];
  if (kindOf(now) !== kindOf(then)) differs.push('type');
  if (now.help !== then.help) differs.push('help');
  if (JSON.stringify(now.histogram?.buckets) !== JSON.stringify(then.histogram?.buckets)) {
    differs.push('buckets');
  }
  if (differs.length === 0) return;
  const message = `the metric ${now.name ?? ''} has another ${differs.join(', ')} at ${before.spot.document.file} ${before.spot.path}`;
  report(site.spot, 'metric-conflict', message);
}
