import { describe, expect, it } from 'vitest';
import { type Edge, layered } from '../../../services/stages/observe/plot/layers.ts';

describe('a layered drawing', () => {
  it('puts everything to the right of what leads to it', () => {
    const edges: Edge[] = [
      ['a', 'b'],
      ['b', 'c'],
      ['a', 'c'],
      ['x', 'c'],
    ];
    const { places, via, layerCount } = layered(['c', 'b', 'a', 'x'], edges);
    expect(layerCount).toBe(3);
    expect(places.get('a')?.layer).toBe(0);
    expect(places.get('c')?.layer).toBe(2);
    expect(via.get(edges[2]!)).toHaveLength(1);
  });

  it('comes to an end on a circle, and leaves no node out', () => {
    const edges: Edge[] = [
      ['a', 'b'],
      ['b', 'a'],
      ['b', 'c'],
      ['c', 'c'],
    ];
    expect(new Set(layered(['a', 'b', 'c'], edges).places.keys())).toEqual(
      new Set(['a', 'b', 'c']),
    );
  });

  it.each([1, 2, 3, 4, 5])(
    'gives no two a place, and the same input the same drawing (seed %i)',
    (seed) => {
      let state = seed * 7919;
      const next = (below: number): number => {
        state = (state * 48_271) % 2_147_483_647;
        return state % below;
      };
      const ids = Array.from({ length: 40 }, (_, at) => `n${at}`);
      const edges = Array.from({ length: 60 }, (): Edge => {
        const to = 1 + next(39);
        return [`n${next(to)}`, `n${to}`];
      });
      const made = layered(ids, edges);
      const all = [...made.places.values()].map(({ layer, row }) => `${layer}/${row}`);
      const passed = [...made.via.values()].flat().map(({ layer, row }) => `${layer}/${row}`);
      expect(new Set([...all, ...passed]).size).toBe(all.length + passed.length);
      for (const [from, to] of edges) {
        const [left, right] = [made.places.get(from), made.places.get(to)];
        expect(left?.layer ?? 0).toBeLessThan(right?.layer ?? 0);
      }
      expect(layered(ids, edges)).toEqual(made);
    },
  );

  it('leaves no edge crossing where none has to', () => {
    const edges: Edge[] = [
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ];
    const { places } = layered(['a', 'b', 'c', '3', '1', '2'], edges);
    for (const [from, to] of edges) expect(places.get(to)?.row).toBe(places.get(from)?.row);
  });
});
