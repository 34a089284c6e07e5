/** A stream of numbers in [0, 1) by seed (mulberry32): the same on every machine. */
export function randomBySeed(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Chooses one of the values by a number in [0, 1), each as often as its weight says. */
export function weighted(
  values: readonly (readonly [value: string, weight: number])[],
): (draw: number) => string {
  const total = values.reduce((sum, [, weight]) => sum + weight, 0);
  return (draw) => {
    let rest = draw * total;
    for (const [value, weight] of values) {
      rest -= weight;
      if (rest < 0) return value;
    }
    return values.at(-1)?.[0] ?? '';
  };
}
