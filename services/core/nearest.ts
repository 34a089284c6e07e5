/** Fewer letters are the beginning of too much. */
const PREFIX_MIN = 3;

/**
 * Which of `names` is meant by a name that is none of them: the one that needs the fewest edits, the first of equals;
 * else the first that begins with it. `undefined` where none is likely: where more than two letters, and more than a
 * third of them, are wrong.
 */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const editsMax = Math.max(2, name.length / 3);
  const best = closest(name, names);
  if (best !== undefined && editDistance(name, best) <= editsMax) return best;
  return name.length < PREFIX_MIN ? undefined : names.find((one) => one.startsWith(name));
}

function closest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of names) {
    const distance = editDistance(name, candidate);
    if (distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/**
 * How many letters must be put in, taken out, replaced, or swapped with their neighbour to turn `a`
 * into `b`.
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      const isSwap = row > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
