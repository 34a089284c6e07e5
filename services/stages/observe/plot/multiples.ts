import { html, type Markup } from '../page/html.ts';
import { curve, type Series, valueText } from './curve.ts';
import { type Drawing, figure } from './figure.ts';
import { rangeOf } from './pair.ts';
import { fitText, px, textWidthPx, valueNumber } from './scale.ts';

const PANEL_PX = { width: 210, height: 84, gap: 24 } as const;

/**
 * Many small lines over the same labels, one a panel, all on the same scale, so that panels can be compared: a symbol,
 * a region, a column each. Beside the name of a panel stands its last value.
 */
export function multiplesPlot(plot: {
  id: string;
  title: string;
  description: string;
  by: string;
  labels: readonly string[];
  panels: readonly Series[];
  isFromZero?: boolean;
  text?: (value: number) => string;
}): Markup {
  const { by, labels, panels, isFromZero = true, text = valueNumber } = plot;
  const range = rangeOf({ values: panels.flatMap(({ values }) => values) }, isFromZero);
  const draw = (widthPx: number): Drawing => {
    const across = Math.max(
      1,
      Math.floor((widthPx + PANEL_PX.gap) / (PANEL_PX.width + PANEL_PX.gap)),
    );
    const panelPx = (widthPx - PANEL_PX.gap * (across - 1)) / across;
    const content = panels.map((one, at) =>
      panel(one, {
        left: (at % across) * (panelPx + PANEL_PX.gap),
        top: Math.floor(at / across) * PANEL_PX.height,
        widthPx: panelPx,
        range,
        text,
      }),
    );
    return { heightPx: Math.max(1, Math.ceil(panels.length / across)) * PANEL_PX.height, content };
  };
  const columns = panels.map(({ name }) => ({ name, kind: 'number' as const }));
  const rows = labels.map((label, at) => [
    label,
    ...panels.map(({ values }) => valueText(values[at], text)),
  ]);
  const heads = [{ name: by, kind: 'short' as const }, ...columns];
  return figure({ ...plot, draw, data: { caption: plot.title, columns: heads, rows } });
}

function panel(
  series: Series,
  of: {
    left: number;
    top: number;
    widthPx: number;
    range: { min: number; max: number };
    text: (value: number) => string;
  },
): Markup {
  const { left, top, widthPx, range } = of;
  const last = valueText(
    series.values.findLast((value) => value !== null),
    of.text,
  );
  const name = fitText(series.name, widthPx - textWidthPx(last) - 12);
  const [high, low] = [top + 24, top + PANEL_PX.height - 16];
  const span = range.max - range.min || 1;
  const y = (value: number): number => px(low - ((value - range.min) / span) * (low - high));
  const step = widthPx / Math.max(1, series.values.length);
  const right = px(left + widthPx);
  return html`<g>
    <text class="strong" x="${px(left)}" y="${top + 13}" aria-hidden="true">${name}</text>
    <text x="${right}" y="${top + 13}" text-anchor="end" aria-hidden="true">${last}</text>
    <line class="base" x1="${px(left)}" x2="${right}" y1="${low}" y2="${low}" />
    ${curve(series, { area: { y }, x: (at) => left + (at + 0.5) * step, at: 0 })}
  </g> `;
}
