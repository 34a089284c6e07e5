import type { Problem } from '../decode.ts';
import { placeOfText } from '../lint.ts';
import { below } from './report.ts';
import type { Report } from './report.ts';
import type { LintRule } from './rule.ts';
import type { LintScene } from './walk.ts';
import { rootOf } from './walk.ts';
import type { LoadedDocument, LoadedSet } from '../load.ts';
import { templateProblems } from '../local-rules.ts';
import { workflowFaults } from '../validate.ts';
import { cronMetadata } from '../select-workflow.ts';

const LOADER_RULES: Readonly<Record<Problem['kind'], LintRule>> = {
  syntax: 'yaml',
  type: 'field-type',
  unknown: 'field-unknown',
  unsupported: 'field-refused',
  invalid: 'yaml',
};

/** What the loader has against the files: syntax, types, fields that are in no list. */
export function lintLoading({ problems, unquoted }: LoadedSet, report: Report): void {
  for (const { file, path, line } of unquoted) {
    const document = { file, lines: new Map([[path, line]]) };
    const message = 'a number or boolean without quotes, where the cluster wants a text';
    report({ document, path }, 'text-unquoted', message);
  }
  for (const { kind, file, line, path, text } of problems) {
    const document = { file, lines: new Map([[path, line]]) };
    report({ document, path }, LOADER_RULES[kind], text.replace(/ at line \d+, column \d+:?$/, ''));
  }
}

/** Argo's words for a mistake, and the rule it comes under. */
const ARGO_RULES: readonly [RegExp, LintRule][] = [
  [
    /template name '.*' undefined|template reference .* not found|failed to get a template/,
    'template-missing',
  ],
  [/couldn't find workflow template/, 'workflow-template-missing'],
  [/failed to resolve|missing dependency '/, 'tag-unresolved'],
  [/is not a valid RetryPolicy/, 'retry-policy'],
  [/enum list|\.enum should|\.value is required$/, 'enum-value'],
  [/parallelism is only valid/, 'leaf-parallelism'],
  [/was not supplied|or .*\.valueFrom is required/, 'argument-missing'],
  [/container\.image may not be empty/, 'image-empty'],
  [/doesn't support (?:timeout|pendingTimeout) field/, 'timeout-non-leaf'],
  [/invalid duration format in timeout/, 'duration'],
  [/is not unique|duplicated nodeName/, 'name-duplicate'],
  [/sorting failed|task result '|dependency '|'depends'|'dependencies'/, 'depends'],
  [/only one of (?:count|withItems)/, 'loop-size'],
  [/Cannot find end tag/, 'tag-unresolved'],
];

/** Told by rules that find more of the kind: in DAGs, in metrics of the workflow, in what templateDefaults bring. */
const OWN = /Expression required$| metric (?:name |label )?'|^metric label '|' already mounted in /;

/** What Argo's own lint refuses, each mistake once, with its place; and the rules of a local run. */
export function lintAsArgo(scene: LintScene, report: Report): void {
  const seen = new Set<string>();
  for (const document of scene.set.documents) {
    const { kind, spec, metadata } = document;
    const as = kind === 'Workflow' ? 'lint' : kind === 'CronWorkflow' ? 'cron' : 'template';
    const options = { spec, catalogue: scene.catalogue, as } as const;
    const own = kind === 'CronWorkflow' ? cronMetadata(document) : metadata;
    for (const { message } of workflowFaults({ ...options, metadata: own })) {
      if (OWN.test(message)) continue;
      const text = innermost(message);
      const at = placeOf(scene, document, message);
      const key = `${at.document.file}:${at.path}:${text}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const rule = ARGO_RULES.find(([pattern]) => pattern.test(message))?.[1] ?? 'argo-refuses';
      report(at, rule, text);
    }
    for (const { path, text, rule } of templateProblems(document)) {
      report({ document, path }, rule, text);
    }
  }
}

/** Argo's text from the innermost template on: that is where the mistake is. */
function innermost(message: string): string {
  const at = message.lastIndexOf('templates.');
  return at < 0 || message.startsWith('spec.templates') ? message : message.slice(at);
}

function placeOf(
  scene: LintScene,
  document: LoadedDocument,
  message: string,
): { document: LoadedDocument; path: string } {
  const undefinedName = /^template name '(.*)' undefined$/.exec(message)?.[1];
  const spot = { document, path: rootOf(document) };
  if (undefinedName !== undefined) {
    const field = document.spec.onExit === undefinedName ? '.onExit' : '.entrypoint';
    return { document, path: below(spot, field).path };
  }
  if (message.startsWith("couldn't find workflow template")) {
    return { document, path: below(spot, '.workflowTemplateRef').path };
  }
  const found = placeOfText(scene.set, document, message);
  if (found.path !== '') return found;
  if (message.startsWith('podGC.strategy'))
    return { document, path: `${spot.path}.podGC.strategy` };
  const written = /^spec(\.[a-zA-Z.]+\[\d+\])/.exec(message)?.[1];
  return written === undefined ? spot : { document, path: below(spot, written).path };
}
