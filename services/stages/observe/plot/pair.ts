import { html, type Markup } from '../page/html.ts';
import { type Area, areaOf, axes, labelWidthPx } from './axis.ts';
import { curve, placeOf, type Series, valueText } from './curve.ts';
import { type Drawing, figure } from './figure.ts';
import { px, valueNumber } from './scale.ts';

/** The share of the height that the line has; the bars have the rest. */
const LINE_SHARE = 0.66;

/**
 * A line above bars, over the same labels: a price and its volume, a mean and its count. The bars are one path, so that
 * years of days stay small.
 */
export function pairPlot(plot: {
  id: string;
  title: string;
  description: string;
  by: string;
  labels: readonly string[];
  line: Series;
  bars: Series;
  /** Whether the axis of the line begins at 0; that of the bars always does. */
  isFromZero?: boolean;
  text?: (value: number) => string;
}): Markup {
  const { by, labels, line, bars, isFromZero = false, text = valueNumber } = plot;
  const draw = (widthPx: number): Drawing => {
    const heightPx = widthPx > 600 ? 340 : 260;
    const { upper, lower } = areasOf({ line, bars, isFromZero, widthPx, heightPx });
    const x = placeOf(upper, labels.length);
    const marks = labels.map((label, at) => ({ x: x(at), text: label }));
    const content = [
      axes(upper, [], widthPx),
      curve(line, { area: upper, x, at: 0 }),
      axes(lower, marks, widthPx),
      strokes(bars, {
        area: lower,
        x,
        widthPx: (upper.right - upper.left) / Math.max(1, labels.length),
      }),
    ];
    return { heightPx, content };
  };
  const columns = [line, bars].map(({ name }) => ({ name, kind: 'number' as const }));
  const rows = labels.map((label, at) => [
    label,
    valueText(line.values[at], text),
    valueText(bars.values[at], text),
  ]);
  const heads = [{ name: by, kind: 'short' as const }, ...columns];
  return figure({ ...plot, draw, data: { caption: plot.title, columns: heads, rows } });
}

function areasOf(of: {
  line: Series;
  bars: Series;
  isFromZero: boolean;
  widthPx: number;
  heightPx: number;
}): { upper: Area; lower: Area } {
  const { line, bars, isFromZero, widthPx, heightPx } = of;
  const splitPx = heightPx * LINE_SHARE;
  const request = {
    upper: { ...rangeOf(line, isFromZero), widthPx, heightPx: splitPx },
    lower: {
      ...rangeOf(bars, true),
      widthPx,
      topPx: splitPx,
      heightPx: heightPx - splitPx,
      ticks: 3,
    },
  };
  // Both need the same room at the left, or their days would not stand one above the other.
  const areas = [areaOf(request.upper), areaOf(request.lower)];
  const leftPx = Math.max(...areas.map(({ ticks }) => labelWidthPx(ticks)));
  return {
    upper: areaOf({ ...request.upper, leftPx }),
    lower: areaOf({ ...request.lower, leftPx }),
  };
}

/** The range of a series; 0 belongs to it where the axis must begin there. */
export function rangeOf(
  { values }: Pick<Series, 'values'>,
  isFromZero: boolean,
): { min: number; max: number } {
  const found = values.filter((value) => value !== null);
  if (isFromZero || found.length === 0) found.push(0);
  return found.reduce(
    ({ min, max }, value) => ({ min: Math.min(min, value), max: Math.max(max, value) }),
    { min: Infinity, max: -Infinity },
  );
}

function strokes(
  { name, values }: Series,
  of: { area: Area; x: (at: number) => number; widthPx: number },
): Markup {
  const { area, x } = of;
  const path = values
    .map((value, at) => (value === null ? '' : `M${px(x(at))} ${area.bottom}V${area.y(value)}`))
    .join('');
  const width = px(Math.max(0.5, of.widthPx * 0.7));
  return html`<g
    ><title>${name}</title><path class="stroke-3" stroke-width="${width}" d="${path}"
  /></g> `;
}
