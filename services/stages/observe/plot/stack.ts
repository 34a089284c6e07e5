import { humaneCount } from '../../../core/humane.ts';
import { html, type Markup } from '../page/html.ts';
import type { Bar } from './bars.ts';
import { figure } from './figure.ts';
import { px } from './scale.ts';

const HEIGHT_PX = 28;
const GAP_PX = 2;
/** What there is at all is seen. */
const LEAST_PX = 3;

/** One bar of parts that make a whole, with a legend that says each part and its share. At most five parts. */
export function stackPlot(plot: {
  id: string;
  title: string;
  description: string;
  unit: string;
  parts: readonly Bar[];
}): Markup {
  const { parts, unit } = plot;
  const whole = parts.reduce((sum, { value }) => sum + value, 0);
  const shareOf = (value: number): string => `${((value / (whole || 1)) * 100).toFixed(2)} %`;
  const shown = parts.map((part, at) => ({ ...part, at })).filter(({ value }) => value > 0);
  const legend = parts.map(
    ({ label, value }, at) =>
      html`<li>
        <svg viewBox="0 0 20 10" aria-hidden="true">
          <rect class="fill-${at + 1}" width="20" height="10" rx="1" /></svg
        >${label} ${humaneCount(value)} <span class="share">${shareOf(value)}</span>
      </li> `,
  );
  return figure({
    ...plot,
    draw: (widthPx) => {
      const widths = partWidths(
        shown.map(({ value }) => value),
        widthPx,
      );
      let x = 0;
      const content = shown.map(({ label, value, at }, index) => {
        const rect = html`<rect
          class="fill-${at + 1}"
          x="${px(x)}"
          y="0"
          width="${px(widths[index]!)}"
          height="${HEIGHT_PX}"
          rx="1"
          ><title>${label}: ${humaneCount(value)} ${unit}</title></rect
        > `;
        x += widths[index]! + GAP_PX;
        return rect;
      });
      return { heightPx: HEIGHT_PX, content };
    },
    legend: html`<ul class="legend">
      ${legend}
    </ul>`,
    data: {
      caption: plot.title,
      columns: [
        { name: 'part', kind: 'short' },
        { name: unit, kind: 'number' },
        { name: 'share', kind: 'number' },
      ],
      rows: parts.map(({ label, value }) => [label, humaneCount(value), shareOf(value)]),
    },
  });
}

/** Widths by share, none below the least; what the small ones are given is taken from the largest. */
function partWidths(values: readonly number[], widthPx: number): number[] {
  const roomPx = widthPx - GAP_PX * Math.max(0, values.length - 1);
  const sum = values.reduce((total, value) => total + value, 0);
  const widths = values.map((value) => Math.max(LEAST_PX, (value / sum) * roomPx));
  const excess = widths.reduce((total, width) => total + width, 0) - roomPx;
  const largest = widths.indexOf(Math.max(...widths));
  return widths.map((width, at) => (at === largest ? width - excess : width));
}
