import { evaluateExpression, hasName, namesOf } from './expression.ts';
import type { Value, ValueMap } from './expression/value.ts';
import { attempt, fault } from './fault.ts';
import { quoteBody } from '../core/go-quote.ts';
import { goJson } from './json-text.ts';
import type { Variables } from './variables.ts';

/**
 * What becomes of a tag that stands for nothing: `keep` leaves it as written, `refuse` is a fault,
 * a list of roots (`tasks`, `steps`) is a fault for those alone.
 */
export type Unresolved = 'keep' | 'refuse' | readonly string[];

/**
 * The mark that lint puts where a value is known only at run time; an expression over it is left
 * alone.
 */
export const PLACEHOLDER = '__argo__internal__placeholder-';

/**
 * Names whose value comes later than the first pass, so that an expression over them has to wait.
 */
const LATE = new Set([
  'item',
  'retries',
  'lastRetry.exitCode',
  'lastRetry.status',
  'lastRetry.duration',
  'lastRetry.message',
  'workflow.status',
  'workflow.failures',
]);

/**
 * Replaces `{{name}}` and `{{=expression}}` in the text of a JSON document, once from left to
 * right; a value is put in escaped, and is not looked at again in this pass. Working on the JSON
 * text, not on the parsed value, is what Argo does, and what makes a tag in a key or a tag inside a
 * tag work.
 */
export function replaceTags(json: string, variables: Variables, unresolved: Unresolved): string {
  let from = json.indexOf('{{');
  if (from < 0) return json;
  let out = '';
  let done = 0;
  while (from >= 0) {
    const end = json.indexOf('}}', from + 2);
    if (end < 0) throw noEnd(json, from);
    out += json.slice(done, from) + replaceTag(json.slice(from + 2, end), variables, unresolved);
    done = end + 2;
    from = json.indexOf('{{', done);
  }
  return out + json.slice(done);
}

function noEnd(json: string, from: number): Error {
  const rest = JSON.stringify(json.slice(from + 2));
  return fault(
    `Cannot find end tag="}}" in the template=${JSON.stringify(json)} starting from ${rest}`,
  );
}

/** The tags of a JSON text that are plain names, in order; expressions are left out. */
export function plainTags(json: string): string[] {
  const tags: string[] = [];
  let from = json.indexOf('{{');
  while (from >= 0) {
    const end = json.indexOf('}}', from + 2);
    if (end < 0) throw noEnd(json, from);
    const tag = json.slice(from + 2, end);
    if (!tag.startsWith('=')) tags.push(tag);
    from = json.indexOf('{{', end + 2);
  }
  return tags;
}

/**
 * Fills in a value that is written as JSON; a fault says so when the outcome is no JSON any more.
 */
export function replaceIn<T>(value: T, variables: Variables, unresolved: Unresolved): T {
  const json = JSON.stringify(value);
  const replaced = replaceTags(json, variables, unresolved);
  if (replaced === json) return value;
  try {
    return JSON.parse(replaced) as T;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    throw fault('cannot finish template replacement because the result was invalid JSON');
  }
}

function replaceTag(tag: string, variables: Variables, unresolved: Unresolved): string {
  if (tag.startsWith('=')) return replaceExpression(tag.slice(1), variables, unresolved);
  const name = tag.trim();
  const value = variables.get(name);
  if (typeof value === 'string') return quoteBody(value);
  if (value === null) {
    const why = 'output is an absent optional (skipped/omitted node with no default)';
    throw fault(`unable to substitute {{${tag}}}: ${why}`);
  }
  const nested = replaceNested(tag, variables);
  if (nested !== null) return nested;
  if (
    isStrict(name, unresolved) &&
    (unresolved === 'refuse' || !name.includes('.outputs.artifacts.'))
  ) {
    throw fault(`failed to resolve {{${tag}}}`);
  }
  return `{{${tag}}}`;
}

/**
 * `{{inputs.parameters.{{x}}}}`: the inner tag is replaced in this pass, the outer one in the next.
 */
function replaceNested(tag: string, variables: Variables): string | null {
  const index = tag.lastIndexOf('{{');
  if (index <= 0) return null;
  const inner = tag.slice(index + 2);
  const value = variables.get(inner);
  if (value === null) {
    throw fault(`unable to substitute nested tag {{${tag}}}: "${inner}" is an absent optional`);
  }
  return value === undefined ? null : `{{${tag.slice(0, index)}${quoteBody(value)}`;
}

function isStrict(name: string, unresolved: Unresolved): boolean {
  if (unresolved === 'keep') return false;
  if (unresolved === 'refuse') return true;
  return unresolved.some((root) => name === root || name.startsWith(`${root}.`));
}

function replaceExpression(raw: string, variables: Variables, unresolved: Unresolved): string {
  const source = unescapeJson(raw);
  const kept = `{{=${raw}}}`;
  if (source === null) {
    throw fault('failed to unmarshall JSON expression: invalid character in string escape code');
  }
  const env = variables.env();
  const names = attempt(() => namesOf(source));
  const missing = 'fault' in names ? [] : names.value.filter((name) => !hasName(env, name));
  const strict = 'fault' in names ? undefined : missing.find((name) => isStrict(name, unresolved));
  if (strict !== undefined) throw fault(`failed to evaluate expression: ${strict} is missing`);
  const lenient = !('fault' in names) && (missing.length > 0 || unresolved === 'keep');
  if (lenient && missing.some((name) => LATE.has(name))) return kept;
  const tolerant = (): boolean => lenient || holdsPlaceholder(env);
  const result = attempt(() => evaluateExpression(source, env), 'failed to evaluate expression: ');
  if ('fault' in result) {
    if (tolerant()) return kept;
    throw result.fault;
  }
  if (result.value === null) {
    if (tolerant()) return kept;
    throw fault(`failed to evaluate expression ${JSON.stringify(source)}`);
  }
  return insertion(result.value, kept, lenient);
}

function insertion(value: Value, kept: string, lenient: boolean): string {
  const json = attempt(() => goJson(value), 'failed to marshal evaluated expression: ');
  if ('fault' in json) {
    if (lenient) return kept;
    throw json.fault;
  }
  if (json.value.startsWith('"')) return json.value.slice(1, -1);
  return quoteBody(json.value);
}

function unescapeJson(raw: string): string | null {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

function holdsPlaceholder(env: ValueMap): boolean {
  const pending: Value[] = [env];
  for (;;) {
    const value = pending.pop();
    if (value === undefined) return false;
    if (typeof value === 'string' && value.startsWith(PLACEHOLDER)) return true;
    if (typeof value === 'object' && value !== null) pending.push(...Object.values(value));
  }
}
