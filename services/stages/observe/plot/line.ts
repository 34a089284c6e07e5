import { html, type Markup } from '../page/html.ts';
import { areaOf, axes } from './axis.ts';
import { curve, placeOf, type Series, valueText } from './curve.ts';
import { type Drawing, figure } from './figure.ts';
import { valueNumber } from './scale.ts';

/** Lines over labels in their order, such as days: at most five series, told apart by dashes too. */
export function linePlot(plot: {
  id: string;
  title: string;
  description: string;
  /** What a label is: `day`. */
  by: string;
  labels: readonly string[];
  series: readonly Series[];
  /** Whether the axis begins at 0, as it does by default; prices and scores may begin near the least value. */
  isFromZero?: boolean;
  /** Ends of the axis that must be there, such as 100 of a percentage. */
  max?: number;
  text?: (value: number) => string;
}): Markup {
  const { by, labels, series, isFromZero = true, text = valueNumber } = plot;
  const values = series.flatMap((one) => one.values).filter((value) => value !== null);
  const min = isFromZero ? Math.min(0, ...values) : Math.min(...values, plot.max ?? Infinity);
  const max = Math.max(plot.max ?? (isFromZero ? 0 : -Infinity), ...values);
  const draw = (widthPx: number): Drawing => {
    const area = areaOf({ min: finite(min), max: finite(max), widthPx });
    const x = placeOf(area, labels.length);
    const marks = labels.map((label, at) => ({ x: x(at), text: label }));
    const lines = series.map((one, at) => curve(one, { area, x, at }));
    return { heightPx: area.heightPx, content: [axes(area, marks, widthPx), lines] };
  };
  return figure({
    ...plot,
    draw,
    ...(series.length > 1 ? { legend: legendOf(series) } : {}),
    data: {
      caption: plot.title,
      columns: [
        { name: by, kind: 'short' },
        ...series.map(({ name }) => ({ name, kind: 'number' as const })),
      ],
      rows: labels.map((label, at) => [
        label,
        ...series.map((one) => valueText(one.values[at], text)),
      ]),
    },
  });
}

function legendOf(series: readonly Series[]): Markup {
  return html`<ul class="legend">
    ${series.map(
      ({ name }, at) =>
        html`<li>
          <svg viewBox="0 0 20 10" aria-hidden="true">
            <path class="line line-${at + 1}" d="M0 5H20" /></svg
          >${name}
        </li> `,
    )}
  </ul>`;
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
