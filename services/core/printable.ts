/**
 * What must not reach a terminal or a log as it is: control characters (C0, DEL, C1), which can
 * move the cursor or forge a line, and the bidirectional and zero-width marks, which can make a
 * text look like another one.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/**
 * The text with every unprintable character written as an escape: `\n`, `\t`, `\u001b`. Printable
 * text is unchanged.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeOf);
}

function escapeOf(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
