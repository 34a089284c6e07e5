import type { Problem } from './decode.ts';
import { outsideSubset } from './expression.ts';
import type { LoadedDocument, LoadedDocuments, Placed } from './load.ts';
import { outFileOf } from './pod.ts';
import { ITEMS_MAX } from './fan-out.ts';
import type { Call, Template } from './workflow.ts';

/**
 * What a local run refuses although Argo takes it: another program than argosy, an output path it
 * cannot map, an expression outside the subset, a fan-out without bound.
 */
export function localProblems({ documents }: LoadedDocuments): Problem[] {
  return documents.flatMap((document) => [
    ...templateProblems(document).map((finding) => problem(document, finding)),
    ...textProblems(document),
  ]);
}

interface Finding {
  path: string;
  text: string;
  /** The rule of `argosy lint`. */
  rule: 'command' | 'output-path' | 'loop-size' | 'expression-subset';
}

/** The line of a field, or of the nearest one around it. */
export function lineOf(document: Pick<Placed, 'lines'>, path: string): number {
  for (let at = path; at !== ''; at = at.replace(/(?:\.[^.[\]]*|\[\d+\])$/, '')) {
    const line = document.lines.get(at);
    if (line !== undefined) return line;
    if (!/[.[]/.test(at)) break;
  }
  return document.lines.get('') ?? 1;
}

function problem(document: LoadedDocument, { path, text }: Finding): Problem {
  return { kind: 'invalid', file: document.file, line: lineOf(document, path), path, text };
}

/** Programs, output paths and fan-outs that a local run cannot do. */
export function templateProblems(document: LoadedDocument): Finding[] {
  const { spec } = document;
  const root = document.kind === 'CronWorkflow' ? 'spec.workflowSpec' : 'spec';
  const found: Finding[] = [];
  const visit = (template: Template, path: string): void => {
    const command = template.container?.command ?? spec.templateDefaults?.container?.command;
    if (template.container !== undefined && command?.join(' ') !== 'argosy') {
      const text = `the command of template '${template.name}' must be [argosy]`;
      found.push({ path: `${path}.container.command`, text, rule: 'command' });
    }
    for (const [index, output] of (template.outputs?.parameters ?? []).entries()) {
      const file = output.valueFrom?.path;
      if (file === undefined || file === '' || outFileOf(file) !== null) continue;
      const text = `output path ${file} is not a file below /tmp/out/`;
      const at = `${path}.outputs.parameters[${index}].valueFrom.path`;
      found.push({ path: at, text, rule: 'output-path' });
    }
    for (const { call, at } of callsOf(template, path)) {
      const text = sequenceProblem(call);
      if (text !== null) found.push({ path: `${at}.withSequence`, text, rule: 'loop-size' });
      if (call.inline !== undefined) visit(call.inline, `${at}.inline`);
    }
  };
  for (const [index, template] of (spec.templates ?? []).entries()) {
    visit(template, `${root}.templates[${index}]`);
  }
  return found;
}

function callsOf(template: Template, path: string): { call: Call; at: string }[] {
  const tasks = (template.dag?.tasks ?? []).map((call, index) => {
    return { call, at: `${path}.dag.tasks[${index}]` };
  });
  const steps = (template.steps ?? []).flatMap((group, index) => {
    return group.map((call, at) => ({ call, at: `${path}.steps[${index}][${at}]` }));
  });
  return [...tasks, ...steps];
}

function sequenceProblem({ name, withSequence }: Call): string | null {
  if (withSequence === undefined) return null;
  const whole = (value: string | number | undefined): number | null =>
    /^[+-]?\d+$/.test(String(value)) ? Number(value) : null;
  const { count, start, end } = withSequence;
  if (count === undefined && end === undefined) {
    return `withSequence of '${name}' has neither end nor count`;
  }
  const [from, to] = [whole(start) ?? 0, whole(end)];
  const size = to === null ? (whole(count) ?? 0) : Math.abs(to - from) + 1;
  if (size <= ITEMS_MAX) return null;
  return `withSequence of '${name}' has ${size} items, more than the ${ITEMS_MAX} of a local run`;
}

/** Expressions that use what is outside the subset, wherever they stand. */
function textProblems(document: LoadedDocument): Problem[] {
  const found: Finding[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value === 'string') {
      const bare = /\.(?:expression)$/.test(path) ? [value] : [];
      const tags = [...value.matchAll(/\{\{=(.*?)\}\}/gs)].map(([, source = '']) => source);
      for (const source of [...bare, ...tags]) {
        const outside = outsideSubset(source);
        if (outside === null) continue;
        const text = `${outside} in {{=${source.trim()}}} is outside the subset`;
        found.push({ path, text, rule: 'expression-subset' });
      }
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, `${path}[${index}]`);
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) {
        if (!CLUSTER.has(key)) visit(item, `${path}.${key}`);
      }
    }
  };
  visit(document.spec, document.kind === 'CronWorkflow' ? 'spec.workflowSpec' : 'spec');
  return found.map((finding) => problem(document, finding));
}

/** Fields left to the cluster, with their expressions. */
const CLUSTER = new Set([
  'metrics',
  'podSpecPatch',
  'volumes',
  'metadata',
  'memoize',
  'podMetadata',
]);
