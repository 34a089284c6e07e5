import { fault } from './fault.ts';
import { goJson, jsonString, readJson } from './json-text.ts';
import type { JsonNode } from './json-text.ts';

/** One element of a fan-out, as the JSON it was written as. */
export type Item = JsonNode;

const KIND_NAMES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  true: 'bool',
  false: 'bool',
  object: 'object',
};

/** The elements of a `withParam` text. `null` is an empty list, as in Go. */
export function parseItems(text: string): Item[] {
  const node = readJson(text);
  if (node.kind === 'list') return node.items;
  if (node.kind === 'null') return [];
  throw fault(
    `json: cannot unmarshal ${KIND_NAMES[node.kind] ?? node.kind} into Go value of type ` +
      '[]v1alpha1.Item',
  );
}

/** Makes an item of a value from YAML. */
export function itemOf(value: unknown): Item {
  return readJson(goJson(value));
}

/** JSON without spaces, keys in the order they were written in. */
export function compact(node: Item): string {
  if (node.kind === 'list') return `[${node.items.map((item) => compact(item)).join(',')}]`;
  if (node.kind === 'string') return jsonString(node.value);
  if (node.kind !== 'object') return node.raw;
  const parts = [...node.fields].map(([name, value]) => `${jsonString(name)}:${compact(value)}`);
  return `{${parts.join(',')}}`;
}

const unescapeHtml = (json: string): string =>
  json.replaceAll('\\u003c', '<').replaceAll('\\u003e', '>').replaceAll('\\u0026', '&');

/** An item as Argo shows it in names and `{{item.k}}`: JSON, but a string without its quotes. */
function shown(node: Item): string {
  const json = unescapeHtml(compact(node));
  return json.startsWith('"') ? json.slice(1, -1) : json;
}

/** What `{{item}}` and `{{item.k}}` stand for, and the text that names the item's node. */
export function itemVariables(item: Item): { values: Map<string, string>; label: string } {
  const values = new Map<string, string>();
  if (item.kind === 'string') {
    values.set('item', item.value);
    return { values, label: shown(item) };
  }
  if (item.kind === 'object') {
    const labels: string[] = [];
    for (const [key, value] of item.fields) {
      const text = shown(value);
      values.set(`item.${key}`, text);
      labels.push(`${key}:${text}`);
    }
    values.set('item', compactTop(item));
    return { values, label: labels.toSorted().join(',') };
  }
  if (item.kind === 'list') {
    values.set('item', compact(item));
    return { values, label: `[${item.items.map((part) => shown(part)).join(' ')}]` };
  }
  // Go decodes null into an empty list and prints it as one, but writes it as null.
  if (item.kind === 'null') {
    values.set('item', 'null');
    return { values, label: '[]' };
  }
  values.set('item', item.raw);
  return { values, label: item.raw };
}

/** The outer keys are sorted (a Go map); what is inside stays as it was written (raw messages). */
function compactTop(item: Extract<Item, { kind: 'object' }>): string {
  const parts = [...item.fields.keys()].toSorted().map((key) => {
    return `${jsonString(key)}:${compact(item.fields.get(key) ?? item)}`;
  });
  return `{${parts.join(',')}}`;
}

/** The name of an item's node: `fan(0:label)`, where the label has no brackets. */
export function itemName(name: string, index: number, label: string): string {
  return `${name}(${index}:${label.replaceAll('(', '').replaceAll(')', '')})`;
}
