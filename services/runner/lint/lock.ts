import { attempt } from '../fault.ts';
import { evaluateExpression, expressionEnv } from '../expression.ts';
import { judgeExpression, namesRead, neededNames, WORKFLOW_ENV } from './expression.ts';
import { below } from './report.ts';
import type { Report, Spot } from './report.ts';
import { lintSubset } from './text.ts';
import { canRun, effectiveSpec, rootOf, startersOf } from './walk.ts';
import type { LintScene } from './walk.ts';
import type { LoadedDocument } from '../load.ts';
import type { Parameter, Synchronization } from '../workflow.ts';
import { workflowVariables } from '../workflow-variables.ts';

const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)?$/;

/** Locks, and labels that are worked out when a workflow starts. */
export function lintStart(scene: LintScene, report: Report): void {
  for (const { template, document, path } of scene.templates) {
    lintLocks({ document, path }, template.synchronization, { scene, report });
  }
  for (const document of scene.set.documents) {
    const spot = { document, path: rootOf(document) };
    lintLocks(spot, document.spec.synchronization, { scene, report });
    const names = (document.spec.synchronization?.mutexes ?? []).map(({ name = '' }) => name);
    for (const [index, name] of names.entries()) {
      const at = below(spot, `.synchronization.mutexes[${index}].name`);
      lintRaw(scene, document, { at, names: namesRead(name), what: 'the lock', report });
    }
    lintLabels(scene, document, report);
  }
}

function lintLocks(
  spot: Spot,
  locks: Synchronization | undefined,
  { scene, report }: { scene: LintScene; report: Report },
): void {
  for (const [index, { name = '' }] of (locks?.mutexes ?? []).entries()) {
    const at = below(spot, `.synchronization.mutexes[${index}]`);
    if (name.trim() === '') report(at, 'lock-name', 'a mutex has no name');
  }
  for (const [index, { configMapKeyRef, database }] of (locks?.semaphores ?? []).entries()) {
    const at = below(spot, `.synchronization.semaphores[${index}]`);
    if (database !== undefined) continue;
    const { name = '', key = '' } = configMapKeyRef ?? {};
    if (name === '' || key === '') {
      report(at, 'semaphore', 'a semaphore needs configMapKeyRef.name and .key');
      continue;
    }
    const missing = missingKey(scene, name, key);
    if (missing) report(at, 'semaphore', `the ConfigMap ${name} of this set has no key ${key}`);
  }
}

function missingKey({ set }: LintScene, name: string, key: string): boolean {
  const maps = set.others.filter(
    ({ kind, value }) => kind === 'ConfigMap' && nameOf(value) === name,
  );
  return maps.length > 0 && !maps.some(({ value }) => hasKey(value['data'], key));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function hasKey(value: unknown, key: string): boolean {
  return isRecord(value) && Object.hasOwn(value, key);
}

/** The name in the metadata of a document of any kind; empty without one. */
export function nameOf(value: Readonly<Record<string, unknown>>): string {
  const { metadata } = value;
  return isRecord(metadata) && typeof metadata['name'] === 'string' ? metadata['name'] : '';
}

function lintLabels(scene: LintScene, document: LoadedDocument, report: Report): void {
  const { labelsFrom = {}, labels = {} } = document.spec.workflowMetadata ?? {};
  const spot = { document, path: `${rootOf(document)}.workflowMetadata` };
  for (const [label, value] of Object.entries(labels)) {
    if (LABEL_VALUE.test(value) || value.includes('{{')) continue;
    report(
      below(spot, `.labels.${label}`),
      'label-value',
      `"${value}" cannot be the value of a label`,
    );
  }
  for (const [label, { expression = '' }] of Object.entries(labelsFrom)) {
    const at = below(spot, `.labelsFrom.${label}.expression`);
    if (expression.includes('{{')) {
      report(
        at,
        'label-expression',
        `the expression ${expression} holds a tag: write it without braces`,
      );
      continue;
    }
    const { faults, kind } = judgeExpression(expression, WORKFLOW_ENV);
    for (const { message } of faults) report(at, 'label-expression', message);
    if (faults.length > 0) continue;
    if (kind !== 'string' && kind !== 'unknown') {
      report(at, 'label-expression', `the expression ${expression} gives a ${kind}, not a text`);
    }
    lintSubset(at, expression, { report, isSound: true });
    const names = neededNames(expression);
    const isRaw = lintRaw(scene, document, { at, names, what: `the label ${label}`, report });
    if (!isRaw) lintLabelOutcome(scene, document, { at, expression, report });
  }
}

/** The label as it comes out with the parameters' defaults, where all of them are known. */
function lintLabelOutcome(
  scene: LintScene,
  document: LoadedDocument,
  { at, expression, report }: { at: Spot; expression: string; report: Report },
): void {
  const spec = effectiveSpec(document, scene.catalogue);
  const parameters = spec.arguments?.parameters ?? [];
  if (!canRun(document) || parameters.some(({ value }) => value === undefined)) return;
  const run = { name: 'sample', startedAt: new Date(0) };
  const variables = workflowVariables(spec, document.metadata, run);
  const result = attempt(() => evaluateExpression(expression, expressionEnv(variables)));
  if ('fault' in result) {
    const [reason = ''] = result.fault.message.split('\n');
    report(at, 'label-expression', `the expression ${expression} fails: ${reason}`);
    return;
  }
  const { value } = result;
  if (typeof value !== 'string') {
    report(at, 'label-expression', `the expression ${expression} does not give a text`);
  } else if (!LABEL_VALUE.test(value)) {
    report(
      at,
      'label-value',
      `with the defaults the label comes to "${value}", which no label can be`,
    );
  }
}

interface Raw {
  at: Spot;
  names: readonly string[];
  what: string;
  report: Report;
}

/**
 * A parameter whose value is a tag reaches a label or a lock as it is written, because tags in it are filled in later
 * (source: setGlobalParameters).
 */
function lintRaw(
  scene: LintScene,
  document: LoadedDocument,
  { at, names, what, report }: Raw,
): boolean {
  const read = new Set(
    names.flatMap((name) => /^workflow\.parameters\.(.+)$/.exec(name)?.[1] ?? []),
  );
  const givers = [document, ...startersOf(scene, document)];
  let found = false;
  for (const giver of givers) {
    for (const parameter of giver.spec.arguments?.parameters ?? []) {
      if (!isTag(parameter) || !read.has(parameter.name)) continue;
      found = true;
      const from =
        giver === document ? '' : ` in ${giver.kind} ${giver.metadata.name ?? ''} (${giver.file})`;
      const message = `${what} would be the text ${parameter.value ?? ''}, the value of ${parameter.name}${from}`;
      report(at, 'tag-raw', message);
    }
  }
  return found;
}

const isTag = ({ value = '' }: Parameter): boolean => value.includes('{{');
