import { humaneCount } from '../../../core/humane.ts';
import { html, type Markup } from '../page/html.ts';
import type { Bar } from './bars.ts';
import { figure } from './figure.ts';
import { px } from './scale.ts';

const HEIGHT_PX = 196;
const OUTER_PX = 92;
const INNER_PX = 58;
/** Between two parts, at the outer edge. */
const GAP_RADIANS = 0.02;

/** A ring of parts that make a whole, the whole in its middle, with a legend of parts and shares. At most five parts. */
export function doughnutPlot(plot: {
  id: string;
  title: string;
  description: string;
  /** What is counted: `customers`. */
  unit: string;
  parts: readonly Bar[];
}): Markup {
  const { parts, unit } = plot;
  const whole = parts.reduce((sum, { value }) => sum + value, 0);
  const shareOf = (value: number): string => `${((value / (whole || 1)) * 100).toFixed(1)} %`;
  return figure({
    ...plot,
    draw: (widthPx) => ({
      heightPx: HEIGHT_PX,
      content: html`<g aria-hidden="true">
        ${arcs(parts, whole, widthPx / 2)}
        <text class="strong" x="${widthPx / 2}" y="${HEIGHT_PX / 2}" text-anchor="middle">
          ${humaneCount(whole)}
        </text>
        <text x="${widthPx / 2}" y="${HEIGHT_PX / 2 + 17}" text-anchor="middle">${unit}</text>
      </g> `,
    }),
    legend: html`<ul class="legend">
      ${parts.map(
        ({ label, value }, at) =>
          html`<li>
            <svg viewBox="0 0 20 10" aria-hidden="true">
              <rect class="fill-${at + 1}" width="20" height="10" rx="1" /></svg
            >${label} ${humaneCount(value)} <span class="share">${shareOf(value)}</span>
          </li> `,
      )}
    </ul>`,
    data: {
      caption: plot.title,
      columns: [
        { name: 'part', kind: 'short' },
        { name: unit, kind: 'number' },
        { name: 'share', kind: 'number' },
      ],
      rows:
        whole === 0
          ? []
          : parts.map(({ label, value }) => [label, humaneCount(value), shareOf(value)]),
    },
  });
}

function arcs(parts: readonly Bar[], whole: number, middlePx: number): Markup[] {
  let before = 0;
  return parts.flatMap(({ label, value }, at) => {
    const from = angle(before, whole);
    before += value;
    if (value <= 0) return [];
    const path = value === whole ? ring(middlePx) : arc(middlePx, from, angle(before, whole));
    return [
      html`<path class="fill-${at + 1}" fill-rule="evenodd" d="${path}">
        <title>${label}: ${humaneCount(value)}</title>
      </path> `,
    ];
  });
}

/** From the top, clockwise. */
function angle(value: number, whole: number): number {
  return (value / whole) * 2 * Math.PI - Math.PI / 2;
}

function arc(middlePx: number, from: number, to: number): string {
  // A part that is thinner than its gap is still seen.
  const gap = Math.min(GAP_RADIANS, (to - from) / 2);
  const at = (radius: number, radians: number): string =>
    `${px(middlePx + radius * Math.cos(radians))} ${px(HEIGHT_PX / 2 + radius * Math.sin(radians))}`;
  const isLarge = to - from - gap > Math.PI ? 1 : 0;
  const [start, end] = [from + gap / 2, to - gap / 2];
  return [
    `M${at(OUTER_PX, start)}A${OUTER_PX} ${OUTER_PX} 0 ${isLarge} 1 ${at(OUTER_PX, end)}`,
    `L${at(INNER_PX, end)}A${INNER_PX} ${INNER_PX} 0 ${isLarge} 0 ${at(INNER_PX, start)}Z`,
  ].join('');
}

function ring(middlePx: number): string {
  const circle = (radius: number): string =>
    `M${px(middlePx - radius)} ${HEIGHT_PX / 2}a${radius} ${radius} 0 1 0 ${radius * 2} 0a${radius} ${radius} 0 1 0 ${-radius * 2} 0Z`;
  return circle(OUTER_PX) + circle(INNER_PX);
}
