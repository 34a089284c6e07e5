/** Combining marks, joiners and variation selectors: drawn onto the character before them. */
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;

/** East Asian wide and full-width blocks and emoji: two columns on a terminal. */
const WIDE_RANGES = [
  String.raw`\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff`,
  String.raw`\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60`,
  String.raw`\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}`,
].join('');
const WIDE = new RegExp(`^[${WIDE_RANGES}]$`, 'u');

// oxlint-disable-next-line no-control-regex -- colours begin with ESC
const COLOR = /\u001b\[[0-9;]*m/g;

const PLAIN = /^[\x20-\x7e]*$/;

/** How many columns a terminal needs for the text; colours need none. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text.replace(COLOR, '')) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The text in at most `widthMax` columns; what is cut is shown as `…`. Not for coloured text. */
export function fitText(text: string, widthMax: number): string {
  if (textWidth(text) <= widthMax) return text;
  if (widthMax < 1) return '';
  let width = 0;
  let fitted = '';
  for (const character of text) {
    width += characterWidth(character);
    if (width > widthMax - 1) break;
    fitted += character;
  }
  return `${fitted}…`;
}

/** The text in at most `widthMax` columns, cut in its middle: names differ at their ends. Not for coloured text. */
export function fitMiddle(text: string, widthMax: number): string {
  if (textWidth(text) <= widthMax) return text;
  const end = Array.from(text).toReversed();
  const endMax = Math.floor((widthMax - 1) / 2);
  let width = 0;
  const kept: string[] = [];
  for (const character of end) {
    width += characterWidth(character);
    if (width > endMax) break;
    kept.unshift(character);
  }
  const tail = kept.join('');
  return `${fitText(text, widthMax - textWidth(tail))}${tail}`;
}

/** The text filled with spaces to `width` columns, on its right, or on its left for numbers. */
export function padText(text: string, width: number, align: 'left' | 'right'): string {
  const fill = ' '.repeat(Math.max(0, width - textWidth(text)));
  return align === 'left' ? text + fill : fill + text;
}
