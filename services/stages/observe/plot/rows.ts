import { html, type Markup } from '../page/html.ts';
import type { Bar } from './bars.ts';
import { figure } from './figure.ts';
import { fitText, px, textWidthPx, valueNumber } from './scale.ts';

const ROW_PX = 36;

/** Bars that lie, one a row, each below its label and value: for groups whose names are words. */
export function rowPlot(plot: {
  id: string;
  title: string;
  description: string;
  unit: string;
  by: string;
  bars: readonly Bar[];
  /** What the shares are of; the sum of the bars by default. */
  whole?: number;
  text?: (value: number) => string;
}): Markup {
  const { bars, by, unit, text = valueNumber } = plot;
  const sum = plot.whole ?? bars.reduce((total, { value }) => total + value, 0);
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const shareOf = (value: number): string => {
    const percent = (value / (sum || 1)) * 100;
    return percent > 0 && percent < 0.05 ? '< 0.1 %' : `${percent.toFixed(1)} %`;
  };
  return figure({
    ...plot,
    draw: (widthPx) => ({
      heightPx: Math.max(1, bars.length) * ROW_PX,
      content: bars.map(({ label, value }, at) =>
        row({
          label,
          value: `${text(value)} · ${shareOf(value)}`,
          share: value / most,
          at,
          widthPx,
        }),
      ),
    }),
    data: {
      caption: plot.title,
      columns: [
        { name: by, kind: 'short' },
        { name: unit, kind: 'number' },
        { name: 'share', kind: 'number' },
      ],
      rows: bars.map(({ label, value }) => [label, text(value), shareOf(value)]),
    },
  });
}

function row(of: {
  label: string;
  value: string;
  share: number;
  at: number;
  widthPx: number;
}): Markup {
  const { label, value, share, at, widthPx } = of;
  const top = at * ROW_PX;
  const shown = fitText(label, widthPx - textWidthPx(value) - 12);
  return html`<g aria-hidden="true"
    ><text class="strong" x="0" y="${top + 13}">${shown}</text
    ><text x="${widthPx}" y="${top + 13}" text-anchor="end">${value}</text>
    <rect class="track" x="0" y="${top + 19}" width="${widthPx}" height="7" rx="1" /><rect
      class="fill-1"
      x="0"
      y="${top + 19}"
      width="${px(share * widthPx)}"
      height="7"
      rx="1"
      ><title>${label}: ${value}</title></rect
    ></g
  > `;
}
