import { html, type Markup } from '../page/html.ts';
import type { Area } from './axis.ts';
import { px } from './scale.ts';

export interface Series {
  name: string;
  /** One a label, in the same order; null where there is none: the line has a gap there. */
  values: readonly (number | null)[];
}

/** Where the label of each number stands: in the middle of its share of the width. */
export function placeOf(
  { left, right }: Pick<Area, 'left' | 'right'>,
  count: number,
): (at: number) => number {
  return (at) => left + ((at + 0.5) / Math.max(1, count)) * (right - left);
}

/** A path over each stretch of values, and a dot for a value that stands alone. */
export function curve(
  { name, values }: Series,
  { area, x, at }: { area: Pick<Area, 'y'>; x: (at: number) => number; at: number },
): Markup {
  const stretches: [x: number, y: number][][] = [];
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    const point: [number, number] = [px(x(index)), area.y(value)];
    const isNew = index === 0 || values[index - 1] === null;
    if (isNew) stretches.push([point]);
    else stretches.at(-1)?.push(point);
  }
  const path = stretches
    .filter((points) => points.length > 1)
    .map((points) => `M${points.map((point) => point.join(' ')).join('L')}`)
    .join('');
  const dots = stretches.filter((points) => points.length === 1).flat();
  return html`<g
    ><title>${name}</title
    >${path === '' ? null : html`<path class="line line-${at + 1}" d="${path}" />`}${dots.map(
      ([cx, cy]) => html`<circle class="fill-${at + 1}" cx="${cx}" cy="${cy}" r="2.5" />`,
    )}</g
  > `;
}

/** A value for a table; a dash where there is none. */
export function valueText(
  value: number | null | undefined,
  text: (value: number) => string,
): string {
  return value === null || value === undefined ? '–' : text(value);
}
