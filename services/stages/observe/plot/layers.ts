/** A node's place in a layered drawing: its layer from the left, its row from above. */
export interface Place {
  layer: number;
  row: number;
}

export type Edge = readonly [from: string, to: string];

/** How often the rows of all layers are put in order, there and back. */
const SWEEPS = 6;

/**
 * Puts nodes into layers, each to the right of all that lead to it, and orders the layers so that few edges cross. An
 * edge that would close a circle is left out of account. An edge over several layers has a place in each that it passes:
 * `via` has them, from its beginning to its end. The same input gives the same places.
 */
export function layered(
  ids: readonly string[],
  edges: readonly Edge[],
): { places: Map<string, Place>; via: Map<Edge, Place[]>; layerCount: number } {
  const layers = layersOf(ids, edges);
  const { rows, chains } = withPassages(layers, edges);
  order(rows, chains);
  const spots = new Map<string, Place>();
  for (const [layer, names] of rows.entries())
    for (const [row, id] of names.entries()) spots.set(id, { layer, row });
  const places = new Map([...spots].filter(([id]) => layers.has(id)));
  const via = new Map<Edge, Place[]>();
  for (const [edge, chain] of chains)
    via.set(
      edge,
      chain.slice(1, -1).map((id) => spots.get(id) ?? { layer: 0, row: 0 }),
    );
  return { places, via, layerCount: rows.length };
}

/** The longest way from a beginning; what lies on a circle begins where it is met first. */
function layersOf(ids: readonly string[], edges: readonly Edge[]): Map<string, number> {
  const before = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const [from, to] of edges) if (before.has(from)) before.get(to)?.push(from);
  const layers = new Map<string, number>();
  const open = new Set<string>();
  const visit = (id: string): number => {
    const known = layers.get(id);
    if (known !== undefined) return known;
    if (open.has(id)) return -1;
    open.add(id);
    const layer = 1 + Math.max(-1, ...(before.get(id) ?? []).map(visit));
    open.delete(id);
    layers.set(id, layer);
    return layer;
  };
  for (const id of ids) visit(id);
  return layers;
}

/** Rows of each layer with a passage for every edge that crosses it, and the way of each edge through them. */
function withPassages(layers: ReadonlyMap<string, number>, edges: readonly Edge[]) {
  const rows: string[][] = [];
  const put = (id: string, layer: number): void => {
    while (rows.length <= layer) rows.push([]);
    rows[layer]?.push(id);
  };
  for (const [id, layer] of layers) put(id, layer);
  const chains = new Map<Edge, string[]>();
  for (const [at, edge] of edges.entries()) {
    const [from, to] = edge.map((id) => layers.get(id));
    if (from === undefined || to === undefined || from >= to) continue;
    const passages = Array.from({ length: to - from - 1 }, (_, step) => `\0${at}-${step}`);
    for (const [step, id] of passages.entries()) put(id, from + 1 + step);
    chains.set(edge, [edge[0], ...passages, edge[1]]);
  }
  return { rows, chains };
}

/**
 * Orders each layer by the mean row of its neighbours, from the left and from the right in turn; what crosses least of
 * all that was seen stays.
 */
function order(rows: string[][], chains: ReadonlyMap<Edge, readonly string[]>): void {
  const left = new Map<string, string[]>();
  const right = new Map<string, string[]>();
  for (const chain of chains.values()) {
    for (const [at, id] of chain.entries()) {
      const next = chain[at + 1];
      if (next === undefined) continue;
      left.set(next, [...(left.get(next) ?? []), id]);
      right.set(id, [...(right.get(id) ?? []), next]);
    }
  }
  let best = rows.map((names) => [...names]);
  let least = crossings(best, right);
  for (let sweep = 0; sweep < SWEEPS && least > 0; sweep += 1) {
    const isForth = sweep % 2 === 0;
    const neighbours = isForth ? left : right;
    const sequence = isForth ? rows.keys() : [...rows.keys()].toReversed();
    for (const layer of sequence) sortLayer(rows, layer, neighbours);
    const found = crossings(rows, right);
    if (found >= least) continue;
    [best, least] = [rows.map((names) => [...names]), found];
  }
  for (const [layer, names] of best.entries()) rows[layer] = names;
}

/** Pairs of edges between neighbouring layers that cross. */
function crossings(
  rows: readonly (readonly string[])[],
  right: ReadonlyMap<string, readonly string[]>,
): number {
  const rowOf = new Map(rows.flatMap((names) => names.map((id, row) => [id, row] as const)));
  let count = 0;
  for (const names of rows) {
    // In the order of their beginnings, edges cross as often as their ends are out of order.
    const ends: number[] = [];
    for (const id of names) {
      const own = (right.get(id) ?? []).map((next) => rowOf.get(next) ?? 0);
      for (const end of own) count += ends.filter((other) => other > end).length;
      ends.push(...own);
    }
  }
  return count;
}

function sortLayer(
  rows: string[][],
  layer: number,
  neighbours: ReadonlyMap<string, readonly string[]>,
): void {
  const own = rows[layer] ?? [];
  const rowOf = new Map(rows.flatMap((names) => names.map((id, row) => [id, row] as const)));
  const ranks = new Map(
    own.map((id, row) => {
      const near = neighbours.get(id) ?? [];
      const sum = near.reduce((total, one) => total + (rowOf.get(one) ?? 0), 0);
      return [id, near.length === 0 ? row : sum / near.length];
    }),
  );
  rows[layer] = own
    .map((id, row) => ({ id, row, rank: ranks.get(id) ?? row }))
    .toSorted((a, b) => a.rank - b.rank || a.row - b.row)
    .map(({ id }) => id);
}
