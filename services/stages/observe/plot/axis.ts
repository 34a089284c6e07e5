import { html, type Markup } from '../page/html.ts';
import { axisNumber, fitLabels, type Label, niceTicks, px, textWidthPx } from './scale.ts';

/** Where a plot draws, inside its axes. */
export interface Area {
  left: number;
  right: number;
  top: number;
  bottom: number;
  heightPx: number;
  /** The height of a value above the base. */
  y(value: number): number;
  ticks: readonly number[];
}

const HEIGHT_PX = { small: 170, large: 220 } as const;
const TOP_PX = 10;
const FOOT_PX = 26;
const TICKS = 5;

export interface AreaRequest {
  min: number;
  max: number;
  widthPx: number;
  /** The whole of a plot by default; plots that share a drawing say where each has its place. */
  topPx?: number;
  heightPx?: number;
  ticks?: number;
  /** Room for the labels of the values: that of the widest by default. */
  leftPx?: number;
}

/** The area of a plot of values from `min` to `max`, with room for the labels of its axes. */
export function areaOf(of: AreaRequest): Area {
  const { widthPx, topPx = 0, heightPx = widthPx > 600 ? HEIGHT_PX.large : HEIGHT_PX.small } = of;
  const ticks = niceTicks(of.min, of.max, of.ticks ?? TICKS);
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const left = of.leftPx ?? labelWidthPx(ticks);
  const [top, bottom] = [topPx + TOP_PX, topPx + heightPx - FOOT_PX];
  const y = (value: number): number => px(bottom - ((value - low) / (high - low)) * (bottom - top));
  return { left: px(left), right: widthPx - 4, top, bottom, heightPx, y, ticks };
}

/** How wide the labels of these values are, with the gap behind them. */
export function labelWidthPx(ticks: readonly number[]): number {
  return Math.max(...ticks.map((tick) => textWidthPx(axisNumber(tick)))) + 8;
}

/** The lines across with their values, and the labels below that fit. */
export function axes(area: Area, labels: readonly Label[], widthPx: number): Markup {
  const { left, right, ticks, bottom } = area;
  const across = ticks.map((tick, at) => {
    const y = area.y(tick);
    const line = html`<line
      class="${at === 0 ? 'base' : 'grid'}"
      x1="${left}"
      x2="${right}"
      y1="${y}"
      y2="${y}"
    />`;
    return html`${line}<text x="${left - 8}" y="${y + 4}" text-anchor="end"
        >${axisNumber(tick)}</text
      > `;
  });
  const below = fitLabels(labels, widthPx).map(
    ({ x, text }) =>
      html`<text x="${px(x)}" y="${bottom + 18}" text-anchor="middle">${text}</text>`,
  );
  return html`<g aria-hidden="true">${across}${below}</g> `;
}
