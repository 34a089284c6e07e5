/** What is known of a node's place in its run: names, as Argo builds them. */
export interface NodePlace {
  /** `fama-french-abc[0].unzip(2:item)(1)`: the full name. */
  name: string;
  /** The full name of the DAG or steps node that it belongs to; empty when there is none. */
  boundary: string;
  /** The root's name, which is the run's. */
  runName: string;
}

/**
 * The node to draw a node under: its Retry node, its fan-out, its step group, or the node it belongs to. `isKnown`
 * tells whether the run has a node of that name; `undefined` for the root, and when none of them is known.
 */
export function parentNameOf(
  { name, boundary, runName }: NodePlace,
  isKnown: (name: string) => boolean,
): string | undefined {
  if (name === runName) return undefined;
  const hook = /^(.*)\.(?:onExit|hooks\.[^.]+)$/s.exec(name)?.[1];
  const attempt = /^(.*)\(\d+\)$/s.exec(name)?.[1];
  const item = /^(.*?)\(\d+:.*\)$/s.exec(name)?.[1];
  const group = /^(.*\[\d+\])\.[^.]*$/s.exec(name)?.[1];
  const candidates = [hook, attempt, item, group, boundary, runName];
  return candidates.find(
    (candidate) => candidate !== undefined && candidate !== name && isKnown(candidate),
  );
}
