import { outsideSubset } from '../expression.ts';
import { judgeExpression, METRIC_ENV, tagsOf, WORKFLOW_ENV } from './expression.ts';
import type { Report, Spot } from './report.ts';
import { meant } from './report.ts';
import { rootOf } from './walk.ts';
import type { LintScene } from './walk.ts';

const ROOTS = 'workflow inputs outputs tasks steps item pod node retries lastRetry'.split(' ');
const METRIC_ROOTS = [...ROOTS, 'status', 'duration', 'exitCode', 'resourcesDuration'];
const WORKFLOW_NAMES =
  /^workflow\.(?:name|namespace|mainEntrypoint|serviceAccountName|uid|status|duration|priority|failures|scheduledTime|creationTimestamp(?:\.\w+)?|(?:annotations|labels|parameters)(?:\..+)?|outputs\.(?:parameters|artifacts)\..+)$/;
/** Fields whose expressions a run leaves to the cluster. */
const CLUSTER = /\.(?:metrics|podSpecPatch|volumes|metadata|memoize|podMetadata)(?:[.[]|$)/;

/** The tags and expressions in every text of the workflows. */
export function lintTexts(scene: LintScene, report: Report): void {
  for (const document of scene.set.documents) {
    const root = rootOf(document);
    eachText(document.spec, root, (text, path) => {
      if (path.endsWith('.description')) return;
      const spot = { document, path };
      for (const { name, expression } of tagsOf(text)) {
        if (expression !== undefined) lintExpressionTag(spot, expression, report);
        else if (name !== undefined) lintName(spot, name, { root, report });
      }
    });
  }
}

/** Visits every text below a value with its path. */
export function eachText(
  value: unknown,
  path: string,
  visit: (text: string, path: string) => void,
): void {
  if (typeof value === 'string') visit(value, path);
  else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) eachText(item, `${path}[${index}]`, visit);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) eachText(item, `${path}.${key}`, visit);
  }
}

function lintExpressionTag(spot: Spot, source: string, report: Report): void {
  const env = spot.path.includes('.metrics.') ? METRIC_ENV : WORKFLOW_ENV;
  const { faults } = judgeExpression(source, env);
  for (const { rule, message } of faults) report(spot, rule, message);
  lintSubset(spot, source, { report, isSound: faults.length === 0 });
}

/** Tells of what a local run cannot evaluate, although it is right. */
export function lintSubset(
  spot: Spot,
  source: string,
  { report, isSound }: { report: Report; isSound: boolean },
): void {
  const outside = isSound && !CLUSTER.test(spot.path) ? outsideSubset(source) : null;
  if (outside === null) return;
  report(
    spot,
    'expression-subset',
    `${outside} in ${source.trim()} is outside what a local run has`,
  );
}

function lintName(
  spot: Spot,
  name: string,
  { root, report }: { root: string; report: Report },
): void {
  if (!/^[\w-]+(?:\.[\w*[\]/-]+)*$/.test(name)) return;
  const roots = spot.path.includes('.metrics.') ? METRIC_ROOTS : ROOTS;
  const first = name.split('.')[0] ?? '';
  if (!roots.includes(first)) {
    report(spot, 'tag-root', `{{${name}}} is no variable${meant(first, roots)}`);
    return;
  }
  if (spot.path.startsWith(`${root}.templates[`)) return;
  if (first === 'workflow' && !WORKFLOW_NAMES.test(name)) {
    report(spot, 'tag-unresolved', `{{${name}}} is no variable of the workflow`);
  }
}
