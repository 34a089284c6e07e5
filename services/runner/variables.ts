import { expressionEnv } from './expression.ts';
import type { ValueMap } from './expression/value.ts';

/** What a tag can stand for: `null` is the output of a skipped node that has no default. */
export type VariableValue = string | null;

/** The variables that a text is filled in from: layers, of which a later one wins. */
export interface Variables {
  get(name: string): VariableValue | undefined;
  entries(): Map<string, VariableValue>;
  /** The same variables as an expression sees them; made once. */
  env(): ValueMap;
}

/** Variables in layers; the maps are read when asked, so they must not change meanwhile. */
export function layered(...layers: readonly ReadonlyMap<string, VariableValue>[]): Variables {
  let made: ValueMap | null = null;
  const entries = (): Map<string, VariableValue> => {
    const all = new Map<string, VariableValue>();
    for (const layer of layers) for (const [name, value] of layer) all.set(name, value);
    return all;
  };
  return {
    get: (name) => {
      for (let at = layers.length - 1; at >= 0; at--) {
        const value = layers[at]?.get(name);
        if (value !== undefined) return value;
      }
      return undefined;
    },
    entries,
    env: () => {
      made ??= expressionEnv(entries());
      return made;
    },
  };
}
