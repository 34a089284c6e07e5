import { humaneCount } from '../../../../core/humane.ts';
import type { CatalogueEntry } from '../../catalogue/catalogue.ts';
import { rowsText } from '../../catalogue/words.ts';
import { html, type Markup } from '../../page/html.ts';
import { graph, type GraphNode } from '../../plot/graph.ts';
import type { Edge } from '../../plot/layers.ts';
import { datasetPath } from '../paths.ts';

/** Datasets of one beginning and no end that are drawn one by one; of more, the rest are one node. */
const ALIKE_MAX = 8;

export interface LineageRequest {
  title: string;
  entries: readonly CatalogueEntry[];
  /** The dataset whose page it is, with all before and after it; absent: everything. */
  here?: CatalogueEntry;
  /** From the page to the root of the site. */
  root: string;
}

/** What is made of what, as a drawing and as a list; null where no dataset says what it is made of. */
export function lineage({ title, entries, here, root }: LineageRequest): Markup | null {
  const all = edgesOf(entries);
  const edges = here === undefined ? all : around(all, here.id);
  if (edges.length === 0) return null;
  const ids = new Set(edges.flat());
  const shown = folded([...ids], edges, here?.id);
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const nodes = shown.ids.map((id): GraphNode => {
    const entry = byId.get(id);
    if (entry !== undefined) return datasetNode(entry, here, root);
    const rest = shown.rest.get(id);
    if (rest === undefined) return { id, label: outsideName(id), note: 'source', kind: 'outside' };
    return { id, label: `${humaneCount(rest)} more`, note: 'made of the same', kind: 'view' };
  });
  const drawn = graph({
    id: 'graph',
    title,
    description: 'What is made of what, from the left to the right. The list below says the same.',
    nodes,
    edges: shown.edges,
  });
  return html`${drawn}
    <details>
      <summary>The graph as a list</summary>
      <ul class="list">
        ${sentences(edges, byId, root)}
      </ul>
    </details>`;
}

function edgesOf(entries: readonly CatalogueEntry[]): Edge[] {
  return entries.flatMap(({ id, from }) => from.map((one): Edge => [one, id]));
}

/** The edges by which something comes to a dataset, and by which it goes on. */
function around(edges: readonly Edge[], id: string): Edge[] {
  const reach = (end: 0 | 1): Set<Edge> => {
    const found = new Set<Edge>();
    const open = [id];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      for (const edge of edges) {
        if (edge[end] !== one || found.has(edge)) continue;
        found.add(edge);
        open.push(edge[end === 0 ? 1 : 0]);
      }
    }
    return found;
  };
  const [after, before] = [reach(0), reach(1)];
  return edges.filter((edge) => after.has(edge) || before.has(edge));
}

/** Puts ends that are alike together, so that a thousand files of one source are a few nodes. */
function folded(ids: readonly string[], edges: readonly Edge[], here: string | undefined) {
  const origins = new Map<string, string[]>();
  for (const [from, to] of edges) origins.set(to, [...(origins.get(to) ?? []), from]);
  const begins = new Set(edges.map(([from]) => from));
  const alike = new Map<string, string[]>();
  for (const id of ids) {
    if (begins.has(id) || id === here) continue;
    const origin = (origins.get(id) ?? []).join('\0');
    alike.set(origin, [...(alike.get(origin) ?? []), id]);
  }
  const gone = new Set<string>();
  const rest = new Map<string, number>();
  const more: Edge[] = [];
  for (const [origin, ends] of alike) {
    if (ends.length <= ALIKE_MAX) continue;
    const left = ends.slice(ALIKE_MAX);
    for (const id of left) gone.add(id);
    const id = `\0${origin}`;
    rest.set(id, left.length);
    for (const from of origin.split('\0')) more.push([from, id]);
  }
  return {
    ids: [...ids.filter((id) => !gone.has(id)), ...rest.keys()],
    edges: [...edges.filter(([, to]) => !gone.has(to)), ...more],
    rest,
  };
}

function datasetNode(
  entry: CatalogueEntry,
  here: CatalogueEntry | undefined,
  root: string,
): GraphNode {
  const { id, dataset, database } = entry;
  const rows = rowsText(entry);
  const note = rows === null ? database : `${database} · ${rows}`;
  const isHere = entry === here;
  const node = { id, label: dataset.name, note };
  if (isHere) return { ...node, kind: 'here' };
  return { ...node, kind: dataset.kind, href: root + datasetPath(entry) };
}

function outsideName(id: string): string {
  return id.startsWith('source:') ? id.slice('source:'.length) : id;
}

/** At most so many lines, for a pipeline may have a dataset a file. */
const LINES_MAX = 200;

function sentences(
  edges: readonly Edge[],
  byId: ReadonlyMap<string, CatalogueEntry>,
  root: string,
): Markup[] {
  const origins = new Map<string, string[]>();
  for (const [from, to] of edges) origins.set(to, [...(origins.get(to) ?? []), from]);
  const name = (id: string): Markup => {
    const entry = byId.get(id);
    if (entry === undefined) return html`${outsideName(id)}`;
    return html`<a href="${root}${datasetPath(entry)}">${entry.id}</a>`;
  };
  const lines = [...origins].map(([to, froms]) => {
    const parts = froms.map((from, at) => html`${at === 0 ? '' : ', '}${name(from)}`);
    return html`<li>${name(to)} is made of ${parts}</li> `;
  });
  const left = lines.length - LINES_MAX;
  const tail = left > 0 ? [html`<li>and ${humaneCount(left)} more</li>`] : [];
  return [...lines.slice(0, LINES_MAX), ...tail];
}
