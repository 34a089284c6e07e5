import { createHash } from 'node:crypto';

import { evaluateExpression, expressionEnv } from './expression.ts';
import { fault } from './fault.ts';
import { quote } from '../core/go-quote.ts';
import { secondsText } from './go-text.ts';
import { escapeHtml, goJson } from './json-text.ts';
import { isFailed } from './node.ts';
import { fnv32a } from './go-text.ts';
import type { Run } from './run-state.ts';
import { replaceIn } from './template-tag.ts';
import { layered } from './variables.ts';
import type { Metadata, WorkflowSpec } from './workflow.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** The parts of a time under strftime's letters, in UTC. */
function timeParts(time: Date): Record<string, string> {
  const two = (value: number): string => String(value).padStart(2, '0');
  const hour = time.getUTCHours();
  const yearStart = Date.UTC(time.getUTCFullYear(), 0, 1);
  const [day, month] = [DAYS[time.getUTCDay()] ?? '', MONTHS[time.getUTCMonth()] ?? ''];
  return {
    Y: String(time.getUTCFullYear()),
    y: two(time.getUTCFullYear() % 100),
    C: two(Math.floor(time.getUTCFullYear() / 100)),
    m: two(time.getUTCMonth() + 1),
    d: two(time.getUTCDate()),
    e: String(time.getUTCDate()).padStart(2),
    H: two(hour),
    I: two(hour % 12 === 0 ? 12 : hour % 12),
    M: two(time.getUTCMinutes()),
    S: two(time.getUTCSeconds()),
    p: hour < 12 ? 'AM' : 'PM',
    Z: 'UTC',
    z: '+0000',
    A: day,
    a: day.slice(0, 3),
    B: month,
    b: month.slice(0, 3),
    h: month.slice(0, 3),
    F: time.toISOString().slice(0, 10),
    T: time.toISOString().slice(11, 19),
    R: time.toISOString().slice(11, 16),
    j: String(Math.floor((time.getTime() - yearStart) / 864e5) + 1).padStart(3, '0'),
    s: String(Math.floor(time.getTime() / 1e3)),
    RFC3339: secondsText(time),
  };
}

/** A stable id in the form of a UUID, out of the run's name: nothing is drawn. */
export function uidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-');
}

/** The variables that hold for the whole run. */
export function workflowVariables(
  spec: WorkflowSpec,
  metadata: Metadata,
  { name, startedAt }: { name: string; startedAt: Date },
): Map<string, string> {
  const parameters = spec.arguments?.parameters ?? [];
  const labels = { ...metadata.labels, ...spec.workflowMetadata?.labels };
  const annotations = { ...metadata.annotations, ...spec.workflowMetadata?.annotations };
  const list = escapeHtml(JSON.stringify(parameters.length === 0 ? null : parameters));
  const globals = new Map([
    ['workflow.name', name],
    ['workflow.namespace', metadata.namespace ?? 'argo'],
    ['workflow.mainEntrypoint', spec.entrypoint ?? ''],
    ['workflow.serviceAccountName', spec.serviceAccountName ?? ''],
    ['workflow.uid', uidOf(name)],
    ['workflow.creationTimestamp', secondsText(startedAt)],
    ['workflow.parameters', list],
    ['workflow.parameters.json', list],
    ['workflow.status', 'Running'],
    ['workflow.duration', '0.000000'],
  ]);
  for (const [letter, text] of Object.entries(timeParts(startedAt))) {
    globals.set(`workflow.creationTimestamp.${letter}`, text);
  }
  const scheduled = annotations['workflows.argoproj.io/scheduled-time'];
  if (scheduled !== undefined) globals.set('workflow.scheduledTime', scheduled);
  if (spec.priority !== undefined) globals.set('workflow.priority', String(spec.priority));
  for (const { name: parameter, value } of parameters) {
    if (value !== undefined) globals.set(`workflow.parameters.${parameter}`, value);
  }
  for (const [kind, values] of Object.entries({ labels, annotations })) {
    globals.set(`workflow.${kind}`, goJson(values)).set(`workflow.${kind}.json`, goJson(values));
    for (const [key, text] of Object.entries(values)) globals.set(`workflow.${kind}.${key}`, text);
  }
  return globals;
}

/**
 * The spec with its own tags filled in, apart from the templates, which are filled in when they
 * start.
 */
export function filledSpec(spec: WorkflowSpec, globals: Map<string, string>): WorkflowSpec {
  const { templates, ...rest } = spec;
  const filled = replaceIn(rest, layered(globals), 'keep');
  for (const [name, from] of Object.entries(spec.workflowMetadata?.labelsFrom ?? {})) {
    const { expression = '' } = from;
    const value = evaluateExpression(expression, expressionEnv(globals));
    if (typeof value !== 'string')
      throw fault(`failed to evaluate label ${quote(name)}: it is no text`);
    globals.set(`workflow.labels.${name}`, value);
  }
  return templates === undefined ? filled : { ...filled, templates };
}

/** What `{{workflow.failures}}` stands for: JSON in a quoted text, `"null"` when nothing failed. */
export function failuresText(run: Run): string {
  const failures = [...run.nodes.values()].filter(isFailed).map((node) => {
    const templateName = node.templateName ?? node.templateRef?.template ?? '';
    const hash = `${run.name}-${templateName}-${fnv32a(node.name)}`;
    return {
      displayName: node.displayName,
      message: node.message,
      templateName,
      phase: node.phase,
      podName: node.name === run.name ? run.name : hash,
      finishedAt: node.finishedAt === null ? null : secondsText(node.finishedAt),
    };
  });
  return quote(escapeHtml(JSON.stringify(failures.length === 0 ? null : failures)));
}
