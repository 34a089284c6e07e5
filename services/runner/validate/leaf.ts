import { attempt, fault } from '../fault.ts';
import type { TemplateBase } from '../template-source.ts';
import { checkTags } from './scope.ts';
import type { Lint, Scope } from './scope.ts';
import type { Metric, Template, WorkflowSpec } from '../workflow.ts';

/** Checks a container or suspend template, in Argo's order. */
export function checkLeaf(
  template: Template,
  base: TemplateBase,
  { scope, lint }: { scope: Scope; lint: Lint },
): void {
  const path = `templates.${template.name}`;
  const tags = attempt(() => checkTags(template, scope, lint), `${path}: `);
  if ('fault' in tags) throw tags.fault;
  const { container, activeDeadlineSeconds: deadline } = template;
  checkMounts(template);
  const image = container?.image ?? base.spec.templateDefaults?.container?.image ?? '';
  if (container !== undefined && image === '')
    throw fault(`${path}.container.image may not be empty`);
  if (deadline !== undefined) {
    const text = String(deadline);
    const valid = /^\d+$/.test(text) || text.includes(PLACEHOLDER_MARK) || text.startsWith('{{');
    if (!valid) {
      throw fault(
        `${path}.activeDeadlineSeconds must be a positive integer > 0 or an argo variable`,
      );
    }
  }
  if (template.parallelism !== undefined) {
    throw fault(`${path}.parallelism is only valid for steps and dag templates`);
  }
}

const PLACEHOLDER_MARK = '__argo__';

function checkMounts({ name, container }: Template): void {
  const taken = new Map<string, string>();
  for (const [index, mount] of (container?.volumeMounts ?? []).entries()) {
    const { mountPath = '' } = mount;
    const before = taken.get(mountPath);
    if (before !== undefined) {
      const place = `templates.${name}.container.volumeMounts[${index}].mountPath`;
      throw fault(`${place} '${mountPath}' already mounted in ${before}`);
    }
    taken.set(mountPath, `container.volumeMounts.${mount.name ?? ''}`);
  }
}

/** Prometheus' names without the colon (source: workflow/metrics/util.go). */
export const METRIC_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Checks the metrics of a template; those of the workflow Argo does not check. */
export function checkMetrics({ name, metrics }: Template): void {
  for (const metric of metrics?.prometheus ?? []) {
    const { name: title = '', help = '', labels = [] } = metric;
    if (!METRIC_NAME.test(title)) {
      const must = "Metric names must contain alphanumeric characters or '_'";
      throw fault(`templates.${name} metric name '${title}' is invalid. ${must}`);
    }
    for (const { key = '' } of labels) {
      if (METRIC_NAME.test(key)) continue;
      const must = "keys may only contain alphanumeric characters or '_'";
      throw fault(`metric label '${key}' is invalid: ${must}`);
    }
    const path = `templates.${name} metric '${title}'`;
    if (help === '') throw fault(`${path} must contain a help string under 'help: ' field`);
    const wrong = metricValueFault(metric);
    if (wrong !== null) throw fault(`${path} error: ${wrong}`);
  }
}

function metricValueFault({ gauge, counter, histogram }: Metric): string | null {
  if (gauge !== undefined && (gauge.value ?? '') === '') return 'missing gauge.value';
  if (gauge?.realtime === true && gauge.value?.includes('resourcesDuration.') === true) {
    return "'resourcesDuration.*' metrics cannot be used in real-time";
  }
  if (counter !== undefined && (counter.value ?? '') === '') return 'missing counter.value';
  const isEmpty = histogram !== undefined && (histogram.value ?? '') === '';
  return isEmpty ? 'missing histogram.value' : null;
}

const POD_GC = new Set([
  '',
  'OnPodCompletion',
  'OnPodSuccess',
  'OnWorkflowCompletion',
  'OnWorkflowSuccess',
]);

/** Checks when pods are removed. */
export function checkPodGc({ podGC }: WorkflowSpec): void {
  const strategy = podGC?.strategy ?? '';
  if (!POD_GC.has(strategy)) throw fault(`podGC.strategy unknown strategy '${strategy}'`);
}
