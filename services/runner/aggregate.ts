import { attempt } from './fault.ts';
import { compact } from './item.ts';
import { escapeHtml, goJson, jsonValue, readJson } from './json-text.ts';
import type { JsonNode } from './json-text.ts';
import type { Node } from './node.ts';

/**
 * The outputs of a fan-out as one text each, of the Succeeded items alone: `outputs.result`,
 * `outputs.parameters` and `outputs.parameters.NAME`. A fault when an item printed what is no JSON.
 */
export function aggregateOutputs(items: readonly Node[]): Map<string, string> {
  const results: string[] = [];
  const sets: Record<string, string>[] = [];
  const byName = new Map<string, string[]>();
  for (const { phase, outputs } of items) {
    if (phase !== 'Succeeded' || outputs === undefined) continue;
    const parameters = outputs.parameters ?? [];
    if (parameters.length > 0) {
      sets.push(Object.fromEntries(parameters.map(({ name, value }) => [name, value ?? ''])));
    }
    for (const { name, value } of parameters) {
      const values = byName.get(name);
      if (values === undefined) byName.set(name, [value ?? '']);
      else values.push(value ?? '');
    }
    if (outputs.result !== undefined) results.push(escapeHtml(compact(readJson(outputs.result))));
  }
  const found = new Map([
    ['outputs.result', `[${results.join(',')}]`],
    ['outputs.parameters', goJson(sets)],
  ]);
  for (const [name, values] of byName) found.set(`outputs.parameters.${name}`, valueList(values));
  return found;
}

/**
 * A JSON list: of the parsed values when every text is a JSON object or list, else of the texts.
 */
function valueList(values: readonly string[]): string {
  const parsed: JsonNode[] = [];
  for (const value of values) {
    const read = attempt(() => readJson(value));
    if ('fault' in read || (read.value.kind !== 'list' && read.value.kind !== 'object')) {
      return goJson(values);
    }
    parsed.push(read.value);
  }
  return goJson(parsed.map((node) => jsonValue(node)));
}
