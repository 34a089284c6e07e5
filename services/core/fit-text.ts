const ELLIPSIS = '…';

/**
 * The text, each character as `spell` writes it, cut to at most so many UTF-16 units with an ellipsis at the end; no
 * character and no spelling is cut in two.
 */
export function fitText(
  text: string,
  lengthMax: number,
  spell: (character: string) => string = (character) => character,
): string {
  let whole = '';
  let cutAt = 0;
  for (const character of text) {
    const next = whole + spell(character);
    if (next.length > lengthMax) return whole.slice(0, cutAt) + ELLIPSIS;
    whole = next;
    if (whole.length <= lengthMax - ELLIPSIS.length) cutAt = whole.length;
  }
  return whole;
}
