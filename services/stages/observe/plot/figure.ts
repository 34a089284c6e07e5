import { type Content, html, type Markup } from '../page/html.ts';
import { table, type TableContent } from '../page/table.ts';

/** A drawing for one width. */
export interface Drawing {
  heightPx: number;
  content: Content;
}

export interface FigureContent {
  /** Unique in the page. */
  id: string;
  title: string;
  /** One sentence: what is drawn, in which unit. */
  description: string;
  draw: (widthPx: number) => Drawing;
  legend?: Markup;
  /** The same figures as a table, for who cannot see the drawing or wants the numbers. */
  data: TableContent;
}

/** Drawn for each; the style sheet shows the one that fits its place, at its own scale. */
const WIDTHS_PX = { narrow: 340, middle: 520, wide: 800 } as const;

/** A drawing with its title, what it shows, its legend, and its figures as a table. */
export function figure({ id, title, description, draw, legend, data }: FigureContent): Markup {
  const isEmpty = data.rows.length === 0;
  const drawings = isEmpty
    ? html`<p class="empty">There is nothing to draw.</p>`
    : Object.entries(WIDTHS_PX).map(([name, widthPx]) =>
        drawing({ ids: `${id}-${name}`, name, widthPx, title, description }, draw(widthPx)),
      );
  return html`<figure id="${id}">
    <figcaption>${title}</figcaption>
    <p class="about">${description}</p>
    ${drawings}${isEmpty ? null : (legend ?? null)}
    ${
      isEmpty
        ? null
        : html`<details>
            <summary>The figures as a table</summary>
            ${table(data)}
          </details>`
    }
  </figure> `;
}

function drawing(
  of: { ids: string; name: string; widthPx: number; title: string; description: string },
  { heightPx, content }: Drawing,
): Markup {
  const [titleId, aboutId] = [`${of.ids}-title`, `${of.ids}-about`];
  return html`<svg
    class="plot ${of.name}"
    viewBox="0 0 ${of.widthPx} ${heightPx}"
    role="img"
    aria-labelledby="${titleId} ${aboutId}"
  >
    <title id="${titleId}">${of.title}</title>
    <desc id="${aboutId}">${of.description}</desc>
    ${content}
  </svg> `;
}

/** Several figures side by side, as many as fit. */
export function figures(...all: readonly Markup[]): Markup {
  return html`<div class="plots">${all}</div>`;
}
