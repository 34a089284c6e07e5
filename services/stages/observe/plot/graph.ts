import { html, type Markup } from '../page/html.ts';
import { type Edge, layered, type Place } from './layers.ts';
import { fitText, px, textWidthPx } from './scale.ts';

export interface GraphNode {
  id: string;
  label: string;
  /** A second line, smaller: `table, 19,879 rows`. */
  note: string;
  /** Where it leads; absent for what has no page. */
  href?: string;
  kind: 'outside' | 'table' | 'view' | 'here';
}

export interface GraphContent {
  /** Unique in the page. */
  id: string;
  title: string;
  description: string;
  nodes: readonly GraphNode[];
  edges: readonly Edge[];
}

/** Five layers fit the page. */
const NODE_PX = { width: 178, height: 46 } as const;
const GAP_PX = { x: 33, y: 14 } as const;
const MARGIN_PX = 4;
/** How much closer the letters of a long text may stand before it is cut. */
const TIGHT = 1.3;
/** How wide a note is, beside a name of the same letters. */
const NOTE_SHARE = 0.85;

/** Nodes in layers from the left to the right, at their own size: the drawing scrolls inside its box. */
export function graph({ id, title, description, nodes, edges }: GraphContent): Markup {
  const { places, via, layerCount } = layered(
    nodes.map((node) => node.id),
    edges,
  );
  const all = [...places.values(), ...[...via.values()].flat()];
  const rowsMax = Math.max(1, ...all.map(({ row }) => row + 1));
  const rowsOf = (layer: number): number =>
    Math.max(0, ...all.filter((one) => one.layer === layer).map(({ row }) => row + 1));
  const counts = Array.from({ length: layerCount }, (_, layer) => rowsOf(layer));
  const at = ({ layer, row }: Place) => ({
    x: MARGIN_PX + layer * (NODE_PX.width + GAP_PX.x),
    // Each layer stands in the middle of the drawing's height.
    y: MARGIN_PX + (row + (rowsMax - (counts[layer] ?? 0)) / 2) * (NODE_PX.height + GAP_PX.y),
  });
  const widthPx = layerCount * (NODE_PX.width + GAP_PX.x) - GAP_PX.x + 2 * MARGIN_PX;
  const heightPx = rowsMax * (NODE_PX.height + GAP_PX.y) - GAP_PX.y + 2 * MARGIN_PX;
  const lines = edges.map((edge) => {
    const [from, to] = [places.get(edge[0]), places.get(edge[1])];
    if (from === undefined || to === undefined || !via.has(edge)) return null;
    return edgeLine(at(from), (via.get(edge) ?? []).map(at), at(to));
  });
  const boxes = nodes.map((node) => {
    const place = places.get(node.id);
    return place === undefined ? null : box(node, at(place));
  });
  return html`<div class="scroll graph" tabindex="0" role="group" aria-label="${title}">
    <svg
      width="${px(widthPx)}"
      height="${px(heightPx)}"
      viewBox="0 0 ${px(widthPx)} ${px(heightPx)}"
      aria-labelledby="${id}-title ${id}-about"
    >
      <title id="${id}-title">${title}</title>
      <desc id="${id}-about">${description}</desc>
      ${lines} ${boxes}
    </svg>
  </div>`;
}

interface Point {
  x: number;
  y: number;
}

/** From the right side of one node to the left side of another, level where it passes a layer. */
function edgeLine(from: Point, passages: readonly Point[], to: Point): Markup {
  const middle = NODE_PX.height / 2;
  let path = `M${px(from.x + NODE_PX.width)} ${px(from.y + middle)}`;
  let x = from.x + NODE_PX.width;
  let y = from.y + middle;
  const curveTo = (endX: number, endY: number): void => {
    const half = (x + endX) / 2;
    path += `C${px(half)} ${px(y)} ${px(half)} ${px(endY)} ${px(endX)} ${px(endY)}`;
    [x, y] = [endX, endY];
  };
  for (const passage of passages) {
    curveTo(passage.x, passage.y + middle);
    x = passage.x + NODE_PX.width;
    path += `H${px(x)}`;
  }
  curveTo(to.x, to.y + middle);
  return html`<path class="edge" d="${path}" /> `;
}

function box({ label, note, href, kind }: GraphNode, { x, y }: Point): Markup {
  const drawn = html`<rect
      class="node ${kind}"
      x="${px(x)}"
      y="${px(y)}"
      width="${NODE_PX.width}"
      height="${NODE_PX.height}"
      rx="${kind === 'outside' ? NODE_PX.height / 2 : 6}"
    />${text(label, 'name', { x: x + 10, y: y + 19 })}${text(note, 'note', { x: x + 10, y: y + 35 })}`;
  const hover = html`<title>${label}: ${note}</title>`;
  if (href === undefined) return html`<g>${hover}${drawn}</g> `;
  return html`<a href="${href}">${hover}${drawn}</a> `;
}

/** A text that never leaves its box, whatever the font: a long one is set closer, a longer one cut. */
function text(content: string, name: string, { x, y }: Point): Markup {
  const roomPx = NODE_PX.width - 20;
  // Measured at the size of a name; a note is smaller and lighter.
  const asNamePx = name === 'note' ? roomPx / NOTE_SHARE : roomPx;
  const fitted = fitText(content, asNamePx * TIGHT);
  const isLong = textWidthPx(fitted) > asNamePx;
  const length = isLong ? html` textLength="${roomPx}" lengthAdjust="spacingAndGlyphs"` : null;
  return html`<text class="${name}" x="${px(x)}" y="${px(y)}" ${length}>${fitted}</text>`;
}
