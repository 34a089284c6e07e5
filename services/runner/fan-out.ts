import { PipelineError } from '../core/error.ts';
import { attempt, fault } from './fault.ts';
import { printfInt } from './go-text.ts';
import { itemName, itemOf, itemVariables, parseItems } from './item.ts';
import type { Item } from './item.ts';
import { quote } from '../core/go-quote.ts';
import { replaceTags } from './template-tag.ts';
import { layered } from './variables.ts';
import type { VariableValue, Variables } from './variables.ts';
import { shouldExecute } from './when.ts';
import { shouldExpand } from './workflow.ts';
import type { Call, Sequence } from './workflow.ts';

/** The most items one fan-out may have; Argo has no such bound, only the size of its status. */
export const ITEMS_MAX = 10_000;

/**
 * A task or step as one call per item, or as itself when it is no fan-out. `listIsRead` is true for
 * a DAG: there Argo looks for tags in the list of the items too, and one that stands for nothing is
 * a fault.
 */
export function expandCall<T extends Call>(
  call: T,
  variables: Variables,
  listIsRead: boolean,
): T[] {
  if (!shouldExpand(call)) return [call];
  const items = itemsOfCall(call);
  if (items.length > ITEMS_MAX) throw tooMany(call.name, items.length);
  const list = JSON.stringify([call.withItems, call.withParam, call.withSequence]);
  const json = JSON.stringify(listIsRead && list.includes('{{') ? call : withoutList({ ...call }));
  const decided = attempt(() => shouldExecute(call.when));
  const skipped = !('fault' in decided) && !decided.value;
  const outer = skipped ? withoutAbsent(variables) : variables;
  const base = outer.entries();
  return items.map((item, index) => {
    const { values, label } = itemVariables(item);
    const replaced = replaceTags(json, layered(base, values), skipped ? 'keep' : 'refuse');
    const name = itemName(call.name, index, label);
    const one = withoutList(parseCall(replaced) as T);
    return { ...one, name, ...(call.template === undefined ? {} : { template: call.template }) };
  });
}

function tooMany(name: string, count: number): PipelineError {
  const text = `the fan-out ${name} has ${count} items, more than the ${ITEMS_MAX} of a local run`;
  return new PipelineError('config-invalid', text, { hint: 'hand the list on in shards, by key' });
}

/** Takes the list of items away from a call that is the caller's own. */
function withoutList<T extends Call>(call: T): T {
  delete call.withItems;
  delete call.withParam;
  delete call.withSequence;
  return call;
}

function parseCall(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    throw fault(`invalid character in the filled-in task: ${thrown.message}`);
  }
}

/** For a task that will not run, an absent output is no mistake. */
function withoutAbsent(variables: Variables): Variables {
  const kept = new Map<string, VariableValue>();
  for (const [name, value] of variables.entries()) if (value !== null) kept.set(name, value);
  return layered(kept);
}

function itemsOfCall(call: Call): Item[] {
  const { withItems = [], withParam = '', withSequence } = call;
  if (withItems.length > 0) return withItems.map((item) => itemOf(item));
  const found = attempt(() => {
    if (withParam !== '') return itemsOfParam(withParam);
    return withSequence === undefined ? [] : itemsOfSequence(call.name, withSequence);
  });
  if (!('fault' in found)) return found.value;
  // A list that cannot be read is no mistake of a task that will not run.
  const decided = attempt(() => shouldExecute(call.when));
  if ('fault' in decided || decided.value) throw found.fault;
  return [];
}

function itemsOfParam(text: string): Item[] {
  const prefix = `withParam value could not be parsed as a JSON list: ${text.trim()}: `;
  const found = attempt(() => parseItems(text), prefix);
  if ('fault' in found) throw found.fault;
  return found.value;
}

function wholeNumber(value: string | number): number {
  const text = String(value);
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw fault(`strconv.Atoi: parsing ${quote(text)}: invalid syntax`);
}

function itemsOfSequence(name: string, sequence: Sequence): Item[] {
  const start = sequence.start === undefined ? 0 : wholeNumber(sequence.start);
  let end: number;
  if (sequence.end !== undefined) end = wholeNumber(sequence.end);
  else if (sequence.count !== undefined) {
    const count = wholeNumber(sequence.count);
    if (count === 0) return [];
    end = start + count - 1;
  } else throw fault('neither end nor count was specified in withSequence');
  const size = Math.abs(end - start) + 1;
  if (size > ITEMS_MAX) throw tooMany(name, size);
  const step = start <= end ? 1 : -1;
  return Array.from({ length: size }, (_, index) => {
    return itemOf(printfInt(sequence.format ?? '%d', start + index * step));
  });
}
