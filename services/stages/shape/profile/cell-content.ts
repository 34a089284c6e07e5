import type { Scan } from './scan-state.ts';

/** The content of the cell found last, doubled quotes made single. */
export function contentOf({ cell, marks }: Scan, bytes: Uint8Array, start: number): Uint8Array {
  const raw = bytes.subarray(cell.from, cell.to);
  const isQuoted = cell.from > start;
  if (!isQuoted || !raw.includes(marks.quote)) return raw;
  let isSecond = false;
  return raw.filter((byte) => {
    isSecond = byte === marks.quote && !isSecond;
    return byte !== marks.quote || isSecond;
  });
}

/** Whether these bytes stand at a place. */
export function isAt(expected: Uint8Array, bytes: Uint8Array, from: number): boolean {
  for (let at = 0; at < expected.length; at += 1) {
    if (expected[at] !== bytes[from + at]) return false;
  }
  return true;
}
