import type { CatalogueEntry } from '../../catalogue/catalogue.ts';
import { agoText, bytesText, partitionCountText, rowsText } from '../../catalogue/words.ts';
import { html, type Markup } from '../../page/html.ts';
import { table } from '../../page/table.ts';
import { datasetPath } from '../paths.ts';

/** Datasets, a line each: what they hold and what is there of them. */
export function datasetTable(
  entries: readonly CatalogueEntry[],
  { caption, root, now }: { caption: string; root: string; now: Date },
): Markup {
  const listed = table({
    caption,
    columns: [
      { name: 'dataset' },
      { name: 'kind', kind: 'short' },
      { name: 'rows', kind: 'number' },
      { name: 'bytes', kind: 'number' },
      { name: 'partitions', kind: 'number' },
      { name: 'newest day', kind: 'short' },
      { name: 'published', kind: 'short' },
    ],
    rows: entries.map((entry) => [
      html`<div class="names">
        <a href="${root}${datasetPath(entry)}">${entry.dataset.name}</a
        ><span class="about">${entry.dataset.description}</span>
      </div>`,
      entry.dataset.kind,
      rowsText(entry) ?? '–',
      bytesText(entry) ?? '–',
      partitionCountText(entry) ?? '–',
      entry.facts?.newest ?? '–',
      agoText(entry.facts?.publishedAt, now) ?? '–',
    ]),
  });
  return html`<div class="datasets">${listed}</div>`;
}

/** The databases of datasets in their order, each with its own. */
export function byDatabase(
  entries: readonly CatalogueEntry[],
): { name: string; place: CatalogueEntry['place']; entries: CatalogueEntry[] }[] {
  const found = new Map<string, CatalogueEntry[]>();
  for (const entry of entries) {
    const key = `${entry.place}\0${entry.database}`;
    found.set(key, [...(found.get(key) ?? []), entry]);
  }
  return [...found.values()].flatMap((own) => {
    const [first] = own;
    return first === undefined ? [] : [{ name: first.database, place: first.place, entries: own }];
  });
}
