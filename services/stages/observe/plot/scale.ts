/** Widths at the plots' 12 px, by the widest of the usual fonts. */
const WIDE_PX = 12;
const USUAL_PX = 7.7;
const NARROW_PX = 5;

/** A value below it counts as 0. */
const LEAST = 1e-300;

/** Round numbers from the first at or below `min` to the first at or above `max`, about `countMax` of them. */
export function niceTicks(min: number, max: number, countMax: number): number[] {
  const span = max - min;
  const size = Math.max(Math.abs(min), Math.abs(max));
  if (size < LEAST) return [0, 1];
  // Values as good as equal: the axis goes from 0.
  if (!(span > size * 1e-9)) return niceTicks(Math.min(0, min), Math.max(0, max), countMax);
  const step = niceStep(span / Math.max(1, countMax - 1));
  const first = Math.floor(min / step);
  const last = Math.ceil(max / step);
  return Array.from({ length: last - first + 1 }, (_, at) => exactMultiple(first + at, step));
}

/** The least of 1, 2 and 5 times a power of ten that is not below `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5, 10].find((one) => one * power >= least * 0.999_999) ?? 10;
  return factor * power;
}

/** 3 × 0.1 as 0.3: steps are round, so their multiples have few digits. */
function exactMultiple(count: number, step: number): number {
  return Number((count * step).toPrecision(12));
}

/** The powers of ten from at or below `min` to at or above `max`; both are above 0. */
export function decades(min: number, max: number): number[] {
  const first = Math.floor(Math.log10(min) + 1e-9);
  const last = Math.ceil(Math.log10(max) - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(`1e${first + at}`));
}

const UNITS = [
  [1e12, 'T'],
  [1e9, 'B'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** A number for an axis: `0.5`, `250`, `1.5k`, `20M`. */
export function axisNumber(value: number): string {
  const size = Math.abs(value);
  const [unit, letter] = UNITS.find(([least]) => size >= least) ?? [1, ''];
  return `${Number((value / unit).toPrecision(4))}${letter}`;
}

/** How wide a text is in a plot at most. */
export function textWidthPx(text: string): number {
  let widthPx = 0;
  for (const character of text) widthPx += characterWidthPx(character);
  return widthPx;
}

function characterWidthPx(character: string): number {
  if (/[ .,:;'|!iljtfI()[\]-]/.test(character)) return NARROW_PX;
  return /[MWmw@%…]|[^\u0020-\u024f]/u.test(character) ? WIDE_PX : USUAL_PX;
}

/** The text, cut with an ellipsis where it would be wider than that. */
export function fitText(text: string, widthPx: number): string {
  if (textWidthPx(text) <= widthPx) return text;
  const characters = Array.from(text);
  let roomPx = widthPx - WIDE_PX;
  const end = characters.findIndex((character) => {
    roomPx -= characterWidthPx(character);
    return roomPx < 0;
  });
  return `${characters.slice(0, end).join('')}…`;
}

export interface Label {
  x: number;
  text: string;
}

const GAP_PX = 10;

/** As many labels, evenly taken, as fit side by side between 0 and `widthPx`; those at the edges are moved inside. */
export function fitLabels(labels: readonly Label[], widthPx: number): Label[] {
  for (let stride = 1; stride < labels.length; stride += 1) {
    const kept = labels.filter((_, at) => at % stride === 0).map((one) => moveInside(one, widthPx));
    if (!kept.some((one, at) => at > 0 && overlap(kept[at - 1]!, one))) return kept;
  }
  return labels.slice(0, 1).map((one) => moveInside(one, widthPx));
}

function moveInside({ x, text }: Label, widthPx: number): Label {
  const half = textWidthPx(text) / 2;
  return { x: Math.min(Math.max(x, half), widthPx - half), text };
}

function overlap(left: Label, right: Label): boolean {
  return right.x - left.x < (textWidthPx(left.text) + textWidthPx(right.text)) / 2 + GAP_PX;
}

/** A value for people: `1,234`, `0.25`; at most four decimals. */
export function valueNumber(value: number): string {
  valueFormat ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 4 });
  return valueFormat.format(value);
}

/** Making one takes longer than a thousand numbers do. */
let valueFormat: Intl.NumberFormat | undefined;

/** A coordinate with one decimal, so that pages stay small and the same on every machine. */
export function px(value: number): number {
  return Math.round(value * 10) / 10;
}
