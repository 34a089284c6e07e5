import { html, type Markup } from '../page/html.ts';
import { areaOf, axes } from './axis.ts';
import { type Drawing, figure } from './figure.ts';
import { axisNumber, decades, type Label, px, valueNumber, fitText } from './scale.ts';

/** From here on a bar has room for its name, cut if need be; below, names that do not fit are left out. */
const NAME_PX_LEAST = 40;

export interface Bar {
  label: string;
  value: number;
}

interface PlotName {
  /** Unique in the page. */
  id: string;
  title: string;
  description: string;
  /** What a value is, for the table: `transactions`. */
  unit: string;
  /** A value in the table and where the pointer rests; whole numbers with commas by default. */
  text?: (value: number) => string;
}

/** Upright bars in their given order: one a group, or one a day. */
export function barPlot(plot: PlotName & { bars: readonly Bar[]; by: string }): Markup {
  const { bars, by, unit, text = valueNumber } = plot;
  const draw = (widthPx: number): Drawing => {
    const area = areaOf({ min: 0, max: maxOf(bars), widthPx });
    const stepPx = (area.right - area.left) / Math.max(1, bars.length);
    const gapPx = Math.min(8, stepPx * 0.25);
    const labels = bars.map(({ label }, at) => ({
      x: area.left + (at + 0.5) * stepPx,
      text: stepPx < NAME_PX_LEAST ? label : fitText(label, stepPx - 6),
    }));
    const drawn = bars.map((bar, at) =>
      rect({
        x: area.left + at * stepPx + gapPx / 2,
        width: stepPx - gapPx,
        y: area.y(bar.value),
        bottom: area.bottom,
        title: `${bar.label}: ${text(bar.value)} ${unit}`,
      }),
    );
    return { heightPx: area.heightPx, content: [axes(area, labels, widthPx), drawn] };
  };
  const rows = bars.map(({ label, value }) => [label, text(value)]);
  return figure({ ...plot, draw, data: { caption: plot.title, columns: heads(by, unit), rows } });
}

/** A bin of a histogram: `from` belongs to it, `to` does not. */
export interface Bin {
  from: number;
  to: number;
  count: number;
}

/** How often values of each size come: bins side by side, their borders on a plain or a logarithmic axis. */
export function histogramPlot(
  plot: PlotName & { bins: readonly Bin[]; by: string; isLog: boolean },
): Markup {
  const { bins, by, unit, isLog, text = valueNumber } = plot;
  const place = isLog ? Math.log10 : (value: number) => value;
  const [low, high] = [place(bins[0]?.from ?? 1), place(bins.at(-1)?.to ?? 10)];
  const name = ({ from, to }: Bin): string => `${borderText(from)} to ${borderText(to)}`;
  const draw = (widthPx: number): Drawing => {
    const area = areaOf({ min: 0, max: Math.max(1, ...bins.map(({ count }) => count)), widthPx });
    const x = (value: number): number =>
      area.left + ((place(value) - low) / (high - low)) * (area.right - area.left);
    const drawn = bins.map((bin) =>
      rect({
        x: x(bin.from) + 0.5,
        width: x(bin.to) - x(bin.from) - 1,
        y: area.y(bin.count),
        bottom: area.bottom,
        title: `${name(bin)}: ${text(bin.count)} ${unit}`,
      }),
    );
    return {
      heightPx: area.heightPx,
      content: [axes(area, borders(bins, isLog, x), widthPx), drawn],
    };
  };
  const rows = bins.map((bin) => [name(bin), text(bin.count)]);
  return figure({ ...plot, draw, data: { caption: plot.title, columns: heads(by, unit), rows } });
}

function borders(bins: readonly Bin[], isLog: boolean, x: (value: number) => number): Label[] {
  const [first, last] = [bins[0], bins.at(-1)];
  if (first === undefined || last === undefined) return [];
  const values = isLog
    ? decades(first.from, last.to).filter((one) => one >= first.from && one <= last.to)
    : [...bins.map(({ from }) => from), last.to];
  return values.map((value) => ({ x: x(value), text: axisNumber(value) }));
}

function borderText(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}

function rect(of: { x: number; width: number; y: number; bottom: number; title: string }): Markup {
  const { x, width, y, bottom, title } = of;
  return html`<rect
    class="fill-1"
    x="${px(x)}"
    y="${y}"
    width="${px(Math.max(0.5, width))}"
    height="${px(bottom - y)}"
    ><title>${title}</title></rect
  > `;
}

function maxOf(bars: readonly Bar[]): number {
  return Math.max(0, ...bars.map(({ value }) => value));
}

function heads(by: string, unit: string) {
  return [
    { name: by, kind: 'short' as const },
    { name: unit, kind: 'number' as const },
  ];
}
