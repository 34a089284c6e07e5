import type { DatasetColumn } from '../../../../core/dataset.ts';
import { humaneCount } from '../../../../core/humane.ts';
import { type CatalogueEntry, lastRun } from '../../catalogue/catalogue.ts';
import {
  agoText,
  bytesText,
  momentText,
  partitionCountText,
  rowsText,
} from '../../catalogue/words.ts';
import { type Content, html, type Markup } from '../../page/html.ts';
import { type PageContent, type Section, renderPage } from '../../page/page.ts';
import { table } from '../../page/table.ts';
import { tiles } from '../../page/tiles.ts';
import { mark } from '../../page/verdicts.ts';
import { askPart, sqlText } from '../part/ask.ts';
import type { Place, SiteRequest } from '../context.ts';
import { frameOf, rootOf } from '../frame.ts';
import { lineage } from '../part/lineage.ts';
import { partitionPart } from '../part/partitions.ts';
import { datasetPath, pipelinePath } from '../paths.ts';
import { qualityMatrix } from '../part/quality.ts';
import { runState } from '../part/runs.ts';

/** All about a dataset: its columns, what is there of it, how to ask it, what it is made of and what is made of it. */
export function datasetPage(place: Place, request: SiteRequest): string {
  const { pipeline, entry } = place;
  const { dataset } = entry;
  const path = datasetPath(entry);
  const root = rootOf(path);
  return renderPage({
    title: dataset.name,
    subtitle: dataset.description,
    state: html`${runState(pipeline)} ${tagMark(entry)}`,
    facts: factsOf(entry, root),
    opening: openingOf(entry, request.now),
    sections: [
      columnSection(entry),
      askSection(entry),
      ...lineageSection(place, root),
      ...definitionSection(entry),
      ...partitionSection(entry),
      ...qualitySection(place),
    ],
    origin: request.origin,
    frame: frameOf(path, [
      { text: pipeline.name, path: pipelinePath(pipeline.name) },
      { text: dataset.name },
    ]),
  });
}

function factsOf(entry: CatalogueEntry, root: string): PageContent['facts'] {
  const { pipeline, database, place, dataset } = entry;
  const { location, key = [], partitionBy = [] } = dataset;
  const facts: [string, Markup | string][] = [
    ['Pipeline', html`<a href="${root}${pipelinePath(pipeline)}">${pipeline}</a>`],
    ['Database', html`<code>${database}</code>`],
    ['Kind', `${dataset.kind} in the ${place}`],
  ];
  if (key.length > 0) facts.push(['Key', html`<code>${key.join(', ')}</code>`]);
  if (partitionBy.length > 0)
    facts.push(['Laid out by', html`<code>${partitionBy.join(', ')}</code>`]);
  if (location !== undefined) facts.push(['Objects below', html`<code>${location}</code>`]);
  return facts;
}

function tagMark({ dataset }: CatalogueEntry): Markup | null {
  const tagged = dataset.columns.filter(isPersonal).length;
  if (tagged === 0) return null;
  return mark('told', `${tagged === 1 ? '1 column tells' : `${tagged} columns tell`} of persons`);
}

function isPersonal({ tag = 'none' }: DatasetColumn): boolean {
  return tag !== 'none';
}

function openingOf(entry: CatalogueEntry, now: Date): Markup {
  const { facts } = entry;
  if (facts === null) {
    return html`<p class="empty">Nothing of it has been published yet.</p>`;
  }
  const { objects, newest, publishedAt } = facts;
  return tiles([
    {
      label: 'Rows',
      value: rowsText(entry) ?? '–',
      note: facts.isEstimate === true ? 'an estimate of the warehouse' : '',
    },
    {
      label: 'Bytes',
      value: bytesText(entry) ?? '–',
      note:
        objects === null
          ? ''
          : objects === 1
            ? 'in 1 object'
            : `in ${humaneCount(objects)} objects`,
    },
    { label: 'Partitions', value: partitionCountText(entry) ?? '–' },
    { label: 'Newest day', value: newest ?? '–', note: newest === null ? '' : 'of the data' },
    {
      label: 'Published',
      value: agoText(publishedAt, now) ?? '–',
      note: publishedAt === null ? '' : `${momentText(publishedAt).slice(0, 16)} UTC`,
    },
  ]);
}

function columnSection({ dataset }: CatalogueEntry): Section {
  const { columns, key = [], partitionBy = [] } = dataset;
  const trait = (word: string): Markup => html`<span class="trait">${word}</span>`;
  const rows = columns.map((column) => [
    html`<code>${column.name}</code>${key.includes(column.name) ? trait('key') : null}${
        partitionBy.includes(column.name) ? trait('partition') : null
      }`,
    html`<code>${column.type}</code>`,
    isPersonal(column)
      ? html`<span class="tag">${column.tag ?? ''}</span>`
      : html`<span class="none">${column.tag === undefined ? 'not known' : '–'}</span>`,
    column.description,
  ]);
  return {
    id: 'columns',
    title: 'Columns',
    body: columnTable(columns.length, rows),
  };
}

function columnTable(count: number, rows: readonly (readonly Content[])[]): Markup {
  return html`<div class="columns">
    ${table({
      caption: `${humaneCount(count)} columns; a tag says what a column tells of a person`,
      columns: [
        { name: 'column', kind: 'short' },
        { name: 'type', kind: 'short' },
        { name: 'tag', kind: 'short' },
        { name: 'meaning' },
      ],
      rows,
    })}
  </div>`;
}

function askSection(entry: CatalogueEntry): Section {
  return {
    id: 'ask',
    title: 'Ask it',
    lead: 'In a shell where argosy sees the same store:',
    body: askPart(entry),
  };
}

function lineageSection({ pipeline, entry }: Place, root: string): Section[] {
  const title = `What ${entry.dataset.name} is made of, and what is made of it`;
  const body = lineage({ title, entries: pipeline.entries, here: entry, root });
  return body === null ? [] : [{ id: 'lineage', title: 'Lineage', lead: `${title}.`, body }];
}

function definitionSection({ dataset }: CatalogueEntry): Section[] {
  if (dataset.sql === undefined) return [];
  return [{ id: 'definition', title: 'Definition', body: sqlText(dataset.sql) }];
}

function partitionSection({ facts }: CatalogueEntry): Section[] {
  const partitions = facts?.partitions ?? [];
  if (partitions.length === 0) return [];
  return [{ id: 'partitions', title: 'Partitions', body: partitionPart(partitions) }];
}

/** The checks whose names begin with that of the dataset; those of its whole pipeline are on the pipeline's page. */
function qualitySection({ pipeline, entry }: Place): Section[] {
  const own = pipeline.checks.filter(({ name }) => name.startsWith(`${entry.dataset.name}-`));
  const body = entry.place === 'store' ? qualityMatrix(pipeline.runs, own) : null;
  if (body === null || lastRun(pipeline) === null) return [];
  return [{ id: 'quality', title: 'Quality history', body }];
}
