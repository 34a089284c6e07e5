import { humaneBytes, humaneCount } from '../../../../core/humane.ts';
import type { CataloguePipeline } from '../../catalogue/catalogue.ts';
import { lastRun } from '../../catalogue/catalogue.ts';
import { momentText } from '../../catalogue/words.ts';
import { html, type Markup } from '../../page/html.ts';
import { type Section, renderPage } from '../../page/page.ts';
import { table } from '../../page/table.ts';
import { tiles } from '../../page/tiles.ts';
import { mark } from '../../page/verdicts.ts';
import type { SiteRequest } from '../context.ts';
import { byDatabase, datasetTable } from '../part/datasets.ts';
import { frameOf } from '../frame.ts';
import { INDEX_PAGE, pipelinePath } from '../paths.ts';
import { checksText } from '../part/quality.ts';
import { runMark, runMoment } from '../part/runs.ts';

/** The first page: every pipeline and how it stands, every dataset and how new it is. */
export function indexPage(request: SiteRequest): string {
  const { pipelines, now, environment, origin } = request;
  return renderPage({
    title: 'Data catalogue',
    subtitle: 'Every pipeline, every dataset, and how new it is',
    state: stateOf(pipelines),
    alerts: alertsOf(pipelines),
    facts: [
      ['Environment', environment],
      ['Store', origin],
      ['Made (UTC)', momentText(now.toISOString()).slice(0, 16)],
    ],
    opening: openingOf(pipelines),
    sections: [
      { id: 'pipelines', title: 'Pipelines', body: pipelineTable(pipelines, now) },
      ...pipelines.map((pipeline) => datasetSection(pipeline, now)),
    ],
    origin,
    frame: frameOf(INDEX_PAGE, []),
  });
}

function stateOf(pipelines: readonly CataloguePipeline[]): Markup {
  const failed = pipelines.filter((one) => lastRun(one)?.status === 'failed').length;
  const unknown = pipelines.filter(({ faults }) => faults.length > 0).length;
  const idle = pipelines.filter(({ hasRun }) => !hasRun).length;
  const marks = [
    ...(failed > 0 ? [mark('bad', `${countOf(failed)} failed last`)] : []),
    ...(unknown > 0 ? [mark('told', `${countOf(unknown)} could not be read in full`)] : []),
    ...(idle > 0
      ? [mark('told', `${countOf(idle)} ${idle === 1 ? 'has' : 'have'} not run yet`)]
      : []),
  ];
  return html`${marks.length > 0 ? marks : mark('good', 'The last run of every pipeline succeeded')}`;
}

function countOf(count: number): string {
  return count === 1 ? '1 pipeline' : `${count} pipelines`;
}

function alertsOf(pipelines: readonly CataloguePipeline[]): Markup[] {
  return pipelines.flatMap((pipeline) => {
    const run = lastRun(pipeline);
    const failed = run?.status === 'failed' ? [run.error_message ?? 'the last run failed'] : [];
    const lines = [...failed, ...pipeline.faults.map(({ message }) => message)];
    return lines.map(
      (line) => html`<a href="${pipelinePath(pipeline.name)}">${pipeline.name}</a>: ${line}`,
    );
  });
}

function openingOf(pipelines: readonly CataloguePipeline[]): Markup {
  const entries = pipelines.flatMap((one) => one.entries);
  const tables = entries.filter(({ dataset }) => dataset.kind === 'table');
  const sum = (of: (one: (typeof entries)[number]) => number | null | undefined): number =>
    tables.reduce((total, entry) => total + (of(entry) ?? 0), 0);
  const columns = entries.flatMap(({ dataset }) => dataset.columns);
  const personal = columns.filter(({ tag = 'none' }) => tag !== 'none').length;
  return tiles([
    { label: 'Pipelines', value: humaneCount(pipelines.length) },
    {
      label: 'Datasets',
      value: humaneCount(entries.length),
      note: `${humaneCount(tables.length)} tables, ${humaneCount(entries.length - tables.length)} views`,
    },
    {
      label: 'Rows',
      value: humaneCount(sum(({ facts }) => facts?.rows)),
      note: 'in all tables together',
    },
    {
      label: 'Bytes',
      value: humaneBytes(sum(({ facts }) => facts?.sizeBytes)),
      note: 'of all tables together',
    },
    {
      label: 'Columns',
      value: humaneCount(columns.length),
      note: `${humaneCount(personal)} tell something of persons`,
    },
  ]);
}

function pipelineTable(pipelines: readonly CataloguePipeline[], now: Date): Markup {
  return table({
    caption: 'Pipelines and their last runs',
    columns: [
      { name: 'pipeline' },
      { name: 'last run', kind: 'short' },
      { name: 'ended', kind: 'short' },
      { name: 'rows loaded', kind: 'number' },
      { name: 'checks that hold', kind: 'number' },
      { name: 'datasets', kind: 'number' },
    ],
    rows: pipelines.map((pipeline) => {
      const run = lastRun(pipeline);
      return [
        html`<div class="names">
          <a href="${pipelinePath(pipeline.name)}">${pipeline.name}</a
          ><span class="about">${pipeline.summary}</span>
        </div>`,
        runMark(pipeline),
        runMoment(pipeline, now),
        run === null ? '–' : humaneCount(run.records_loaded),
        checksText(run),
        humaneCount(pipeline.entries.length),
      ];
    }),
  });
}

function datasetSection(pipeline: CataloguePipeline, now: Date): Section {
  const { name, entries } = pipeline;
  const tables = byDatabase(entries).map(({ name: database, place, entries: own }) =>
    datasetTable(own, { caption: `${database}, in the ${place}`, root: '', now }),
  );
  return {
    id: `datasets-of-${name}`,
    title: name,
    lead: pipeline.hasRun
      ? html`${pipeline.summary}. <a href="${pipelinePath(name)}">More of ${name}</a>`
      : html`${pipeline.summary}. It has not run yet.
          <a href="${pipelinePath(name)}">More of ${name}</a>`,
    body: tables.length === 0 ? html`<p class="empty">It has no datasets.</p>` : tables,
  };
}
