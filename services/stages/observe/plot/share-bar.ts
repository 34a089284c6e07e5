import { html, type Markup } from '../page/html.ts';
import { px } from './scale.ts';

const WIDTH_PX = 120;

/** A small bar beside a number that says the same: a share from 0 to 1 of its track. */
export function shareBar(share: number): Markup {
  const width = px(Math.max(1, Math.min(1, share) * WIDTH_PX));
  return html`<svg class="share-bar" viewBox="0 0 120 7" aria-hidden="true">
    <rect class="track" width="120" height="7" rx="1" />
    <rect class="fill-1" width="${width}" height="7" rx="1" />
  </svg>`;
}
