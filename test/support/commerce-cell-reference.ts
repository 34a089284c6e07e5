/** A whole number, as 3 or 3.0; null for anything else. */
export function whole(text: string): number | null {
  return /^[+-]?\d{1,9}(\.0+)?$/.test(text) ? Number(text) : null;
}

/** A plain decimal rounded half away from zero to so many places; null when it is none, or too large for its type. */
export function decimal(text: string, places: number, wholeDigitsMax: number): string | null {
  const match = /^([+-]?)(\d{1,12})(?:\.(\d{1,12}))?$/.exec(text);
  if (match === null) return null;
  const [, sign = '', digits = '', part = ''] = match;
  const kept = BigInt(digits + part.slice(0, places).padEnd(places, '0'));
  const value = kept + (Number(part[places] ?? '0') >= 5 ? 1n : 0n);
  if (value >= 10n ** BigInt(places + wholeDigitsMax)) return null;
  const shown = value.toString().padStart(places + 1, '0');
  const cut = shown.length - places;
  const isNegative = sign === '-' && value > 0n;
  return `${isNegative ? '-' : ''}${shown.slice(0, cut)}.${shown.slice(cut)}`;
}

/** How people and Python write booleans. */
export function yesNo(text: string): boolean | null {
  const word = text.toLowerCase();
  if (['true', '1', 'yes'].includes(word)) return true;
  return ['false', '0', 'no'].includes(word) ? false : null;
}
