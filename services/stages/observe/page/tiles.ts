import { type Content, html, type Markup } from './html.ts';

/** One figure: what it is, its value, and what it is of or how it has changed. */
export interface Tile {
  label: string;
  value: string;
  note?: Content;
}

/** The figures that matter most, side by side. */
export function tiles(all: readonly Tile[]): Markup {
  return html`<dl class="tiles">
    ${all.map(
      ({ label, value, note = '' }) =>
        html`<div class="tile">
          <dt>${label}</dt>
          <dd class="value">${value}</dd>
          <dd class="note">${note}</dd>
        </div> `,
    )}
  </dl>`;
}

/** How a figure compares with the one before: `▲ 12.5 % from 1,204`, in words for who hears it. */
export function changeText(
  now: number,
  before: number | null,
  text: (value: number) => string,
): Markup {
  if (before === null) return html`no run before`;
  if (now === before) return html`as before`;
  const isUp = now > before;
  const share = before === 0 ? '' : ` ${Math.abs(((now - before) / before) * 100).toFixed(1)} %`;
  const arrow = html`<span aria-hidden="true">${isUp ? '▲' : '▼'}</span>`;
  return html`${arrow} ${isUp ? 'up' : 'down'}${share} from ${text(before)}`;
}
