import { attempt } from '../fault.ts';
import type { Report } from './report.ts';
import { titleOf } from './walk.ts';
import type { CallSite, LintScene } from './walk.ts';
import { resolveTemplate } from '../template-source.ts';
import type { Template } from '../workflow.ts';

/** Results that do not come about in a run that goes well, so that a call behind them may end a recursion. */
const RARE = /\.(?:Failed|Errored|Skipped|Omitted|AllFailed)\b/;

/** A template that calls itself, over whatever others, without a condition on the way. */
export function lintRecursion(scene: LintScene, report: Report): void {
  const edges = new Map<Template, { site: CallSite; to: Template }[]>();
  for (const { template, calls } of scene.templates) {
    edges.set(
      template,
      calls
        .filter((site) => !mayEnd(site))
        .flatMap((site) => {
          const found = attempt(
            () => resolveTemplate(scene.catalogue, site.base, site.call).template,
          );
          return 'fault' in found ? [] : [{ site, to: found.value }];
        }),
    );
  }
  for (const [template, calls] of edges) {
    for (const { site, to } of calls) {
      if (!reaches(edges, to, template)) continue;
      const message = `'${site.call.name}' calls ${titleOf(to)}, which leads back to ${titleOf(template)} without an end`;
      report(site, 'recursion', message);
    }
  }
}

function mayEnd({ call }: CallSite): boolean {
  const items = (call.withParam ?? '') !== '' || call.withSequence !== undefined;
  return (call.when ?? '') !== '' || items || RARE.test(call.depends ?? '');
}

function reaches(
  edges: ReadonlyMap<Template, readonly { to: Template }[]>,
  from: Template,
  wanted: Template,
): boolean {
  const seen = new Set([from]);
  for (const template of seen) {
    if (template === wanted) return true;
    for (const { to } of edges.get(template) ?? []) seen.add(to);
  }
  return false;
}
