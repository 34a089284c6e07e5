import { printable } from '../../../core/printable.ts';

/** HTML or SVG that is safe to put into a page: made by `html` alone. */
export interface Markup {
  readonly markup: string;
}

export type Content = Markup | string | number | null | readonly Content[];

/**
 * Markup from a template: what is put in is escaped, for text and quoted attributes alike, unless it is markup. The
 * indentation of the template is left out.
 */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  const dense = denseParts(parts);
  let markup = dense[0] ?? '';
  for (const [at, content] of contents.entries())
    markup += markupOf(content) + (dense[at + 1] ?? '');
  return { markup };
}

/** A template is used once for each line of a table: it is made dense once. */
const DENSE = new WeakMap<TemplateStringsArray, readonly string[]>();

function denseParts(parts: TemplateStringsArray): readonly string[] {
  const known = DENSE.get(parts);
  if (known !== undefined) return known;
  const dense = parts.map((part) => part.replaceAll(/\n\s*/g, '\n'));
  DENSE.set(parts, dense);
  return dense;
}

function markupOf(content: Content): string {
  if (content === null) return '';
  if (typeof content === 'string') return escapeText(content);
  if (typeof content === 'number') return String(content);
  return 'markup' in content ? content.markup : content.map(markupOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control and direction marks are shown as escapes: they could make a text look like another one. */
function escapeText(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
