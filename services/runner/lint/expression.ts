import { checkTree } from '../expression/check.ts';
import type { Kind } from '../expression/check.ts';
import { EXTRA, namesOf, parseCached, walk } from '../expression.ts';
import type { Tree } from '../expression/tree.ts';
import type { Value, ValueMap } from '../expression/value.ts';
import { attempt } from '../fault.ts';
import { arityFault } from './arity.ts';
import type { LintRule } from './rule.ts';

/** Stands for a value of which nothing is known before the run. */
const UNKNOWN: Value = () => null;

/** The names that an expression sees at one place. */
export type ExpressionEnv = Readonly<Record<string, Value>>;

const namespaces = (names: string): ValueMap =>
  Object.fromEntries(names.split(' ').map((name) => [name, {}]));
const scalars = (names: string): ValueMap =>
  Object.fromEntries(names.split(' ').map((name) => [name, UNKNOWN]));

/** In tags, labels and hooks. */
export const WORKFLOW_ENV: ExpressionEnv = {
  ...namespaces('workflow inputs outputs tasks steps lastRetry pod node'),
  ...scalars('item retries'),
  ...EXTRA,
};
/** In metrics there are the node's own figures besides. */
export const METRIC_ENV: ExpressionEnv = {
  ...WORKFLOW_ENV,
  ...namespaces('resourcesDuration'),
  ...scalars('status duration exitCode'),
};
export const CRON_ENV: ExpressionEnv = { ...namespaces('cronworkflow'), ...EXTRA };
/** In stopStrategy: none of Argo's functions (source: checkStopingCondition). */
export const CRON_STOP_ENV: ExpressionEnv = namespaces('cronworkflow');
/** In an event's selector and arguments: none of Argo's functions (source: server/event/dispatch). */
export const EVENT_ENV: ExpressionEnv = {
  ...scalars('payload'),
  ...namespaces('metadata'),
  namespace: '',
  discriminator: '',
};
export const EVENT_METADATA_ENV: ExpressionEnv = { ...EVENT_ENV, ...EXTRA };

/** What is wrong with an expression; `kind` is what is known of its outcome when nothing is. */
export interface ExpressionVerdict {
  faults: { rule: LintRule; message: string }[];
  kind: Kind;
}

/** Checks syntax, names, functions and what is known of types before a run. */
export function judgeExpression(source: string, env: ExpressionEnv): ExpressionVerdict {
  const parsed = attempt(() => parseCached(source));
  if ('fault' in parsed) {
    return { faults: [syntax(source, parsed.fault.message)], kind: 'unknown' };
  }
  const faults = callFaults(parsed.value);
  const checked = attempt(() => checkTree(parsed.value, source, { ...env }));
  if ('fault' in checked) {
    const unknown = /^unknown name (\S+)/.exec(checked.fault.message)?.[1];
    const isCall = unknown !== undefined && calls(parsed.value, unknown);
    if (isCall)
      faults.push({ rule: 'expression-function', message: `there is no function ${unknown}` });
    else if (faults.length === 0) faults.push(syntax(source, checked.fault.message));
    return { faults, kind: 'unknown' };
  }
  return { faults, kind: checked.value };
}

function syntax(source: string, message: string): { rule: LintRule; message: string } {
  const reason = message.split('\n')[0] ?? '';
  return { rule: 'expression-syntax', message: `the expression ${source.trim()}: ${reason}` };
}

function calls(tree: Tree, name: string): boolean {
  let found = false;
  walk(tree, (node) => {
    found ||= node.op === 'call' && node.callee.op === 'name' && node.callee.name === name;
  });
  return found;
}

function callFaults(tree: Tree): ExpressionVerdict['faults'] {
  const faults: ExpressionVerdict['faults'] = [];
  walk(tree, (node) => {
    const called = calledName(node);
    const message = called === null ? null : arityFault(called.name, called.count);
    if (message !== null) faults.push({ rule: 'expression-function', message });
  });
  return faults;
}

function calledName(node: Tree): { name: string; count: number } | null {
  if (node.op === 'builtin') return { name: node.name, count: node.args.length };
  if (node.op !== 'call') return null;
  const { callee, args } = node;
  if (callee.op === 'name') return { name: callee.name, count: args.length };
  if (callee.op !== 'member' || callee.base.op !== 'name' || callee.base.name !== 'sprig')
    return null;
  const name = callee.property.op === 'literal' ? String(callee.property.value) : '';
  return { name: `sprig.${name}`, count: args.length };
}

/** The dotted names that an expression cannot do without; none when it does not parse. */
export function neededNames(source: string): string[] {
  const names = attempt(() => namesOf(source));
  return 'fault' in names ? [] : names.value;
}

/** One tag of a text: a dotted name, or an expression. */
export interface Tag {
  name?: string;
  expression?: string;
}

/** The tags of a text, in order; one without end stands for nothing. */
export function tagsOf(text: string): Tag[] {
  const tags: Tag[] = [];
  for (let from = text.indexOf('{{'); from >= 0; from = text.indexOf('{{', from)) {
    const end = text.indexOf('}}', from + 2);
    if (end < 0) break;
    const body = text.slice(from + 2, end);
    tags.push(body.startsWith('=') ? { expression: body.slice(1) } : { name: body.trim() });
    from = end + 2;
  }
  return tags;
}

/** Every name that a text reads, in tags and in their expressions. */
export function namesRead(text: string): string[] {
  return tagsOf(text).flatMap(({ name, expression }) =>
    name === undefined ? neededNames(expression ?? '') : [name],
  );
}
