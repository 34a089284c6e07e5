/** Reading of parsed YAML and JSON, which may be anything. */

/** What lies at this path; undefined when something on the way is not there. */
export function at(tree: unknown, ...path: readonly (string | number)[]): unknown {
  let here = tree;
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = Reflect.get(here, step);
  }
  return here;
}

/** The list there; empty when there is nothing. */
export function listAt(tree: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(tree, ...path) ?? [];
  if (!Array.isArray(found)) throw new Error(`${path.join('.')} is no list`);
  return found;
}

/** The map there; empty when there is nothing. */
export function mapAt(
  tree: unknown,
  ...path: readonly (string | number)[]
): Record<string, unknown> {
  const found = at(tree, ...path) ?? {};
  if (typeof found !== 'object' || Array.isArray(found)) {
    throw new Error(`${path.join('.')} is no map`);
  }
  return { ...found };
}

/** The text there; empty when there is nothing. */
export function textAt(tree: unknown, ...path: readonly (string | number)[]): string {
  const found = at(tree, ...path) ?? '';
  if (typeof found === 'string') return found;
  if (typeof found === 'number' || typeof found === 'boolean') return String(found);
  throw new Error(`${path.join('.')} is no scalar`);
}

/** The names of the things in the list there. */
export function namesAt(tree: unknown, ...path: readonly (string | number)[]): string[] {
  return listAt(tree, ...path).map((item) => textAt(item, 'name'));
}

/** The thing of this name in the list there; undefined when it has none. */
export function namedAt(
  tree: unknown,
  name: string,
  ...path: readonly (string | number)[]
): unknown {
  return listAt(tree, ...path).find((item) => textAt(item, 'name') === name);
}

/** The map of texts there; empty when there is nothing. */
export function textsAt(
  tree: unknown,
  ...path: readonly (string | number)[]
): Record<string, string> {
  const entries = Object.entries(mapAt(tree, ...path));
  return Object.fromEntries(entries.map(([key, value]) => [key, textAt(value)]));
}
