/** A JSON object, or an empty one for anything else. */
export function objectAt(value: unknown, ...path: readonly string[]): Record<string, unknown> {
  const found = valueAt(value, ...path);
  const isObject = typeof found === 'object' && found !== null && !Array.isArray(found);
  return isObject ? (found as Record<string, unknown>) : {};
}

/** A list, or an empty one for anything else. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** A text; `undefined` for anything else, and for an empty one, which Kubernetes writes for none. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/** A moment as Kubernetes writes it; `undefined` for anything else. */
export function dateAt(value: unknown, ...path: readonly string[]): Date | undefined {
  const atMs = Date.parse(textAt(value, ...path) ?? '');
  return Number.isNaN(atMs) ? undefined : new Date(atMs);
}

/** Texts by name; numbers and truth values as text, other values left out. */
export function textsAt(value: unknown, ...path: readonly string[]): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, found] of Object.entries(objectAt(value, ...path))) {
    const text = scalarText(found);
    if (text !== undefined) texts[name] = text;
  }
  return texts;
}

/** A parameter's value is any of JSON's scalars (Argo's AnyString); all of them are text to a step. */
export function scalarText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** Argo's parameters (`[{name, value}]`) as values by name; those without a value are left out. */
export function argumentsOf(parameters: readonly unknown[]): Record<string, string> {
  const values: Record<string, string> = {};
  for (const parameter of parameters) {
    const name = textAt(parameter, 'name');
    const value = scalarText(objectAt(parameter)['value']);
    if (name !== undefined && value !== undefined) values[name] = value;
  }
  return values;
}

function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name))
      return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}
