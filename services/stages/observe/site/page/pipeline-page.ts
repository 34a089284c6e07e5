import type { PartitionTable } from '../../../../core/partition.ts';
import { humaneCount } from '../../../../core/humane.ts';
import { type CataloguePipeline, lastRun } from '../../catalogue/catalogue.ts';
import { agoText, momentText, tookText } from '../../catalogue/words.ts';
import { html, type Markup } from '../../page/html.ts';
import { type PageContent, type Section, renderPage } from '../../page/page.ts';
import { tiles } from '../../page/tiles.ts';
import type { PipelinePlan, SiteRequest } from '../context.ts';
import { byDatabase, datasetTable } from '../part/datasets.ts';
import { frameOf, rootOf } from '../frame.ts';
import { lineage } from '../part/lineage.ts';
import { pipelinePath } from '../paths.ts';
import { statesPart } from '../part/states.ts';
import { checksText, qualityMatrix } from '../part/quality.ts';
import { costText, runMoment, runPlots, runState, runTable } from '../part/runs.ts';

/** All about a pipeline: what it does and when, what is made of what, what it has published, how its runs went. */
export function pipelinePage(pipeline: CataloguePipeline, request: SiteRequest): string {
  const { name, summary, faults } = pipeline;
  const path = pipelinePath(name);
  const root = rootOf(path);
  const plan = request.plans.get(name);
  const run = lastRun(pipeline);
  const failed = run?.status === 'failed' ? [run.error_message ?? 'the last run failed'] : [];
  const alerts = [...failed, ...faults.map(({ message }) => message)];
  return renderPage({
    title: name,
    subtitle: summary,
    state: runState(pipeline),
    alerts,
    facts: factsOf(pipeline, plan),
    opening: openingOf(pipeline, request.now),
    sections: [
      ...datasetSection(pipeline, { root, now: request.now }),
      ...lineageSection(pipeline, root),
      ...stateSection(request.partitions.get(name)),
      ...stepSection(plan),
      ...runSections(pipeline),
    ],
    origin: request.origin,
    frame: frameOf(path, [{ text: name }]),
  });
}

function factsOf(
  pipeline: CataloguePipeline,
  plan: PipelinePlan | undefined,
): PageContent['facts'] {
  const run = lastRun(pipeline);
  const schedules = (plan?.schedules ?? []).map(
    ({ cron, timezone }, at) => html`${at === 0 ? '' : ', '}<code>${cron}</code> ${timezone}`,
  );
  return [
    ['Schedule in a cluster', schedules.length === 0 ? 'on demand' : schedules],
    ...(run === null
      ? []
      : ([
          ['Last run', html`<code>${run.run_id}</code>`],
          ['Logical date', run.logical_date],
          ['Began (UTC)', momentText(run.started_at)],
          ['Started by', `${run.trigger}, ${run.system}`],
        ] as const)),
  ];
}

function openingOf(pipeline: CataloguePipeline, now: Date): Markup | null {
  const run = lastRun(pipeline);
  if (run === null) return null;
  const problems = run.problems.length;
  const newest = pipeline.entries
    .flatMap(({ facts }) => facts?.publishedAt ?? [])
    .toSorted()
    .at(-1);
  return tiles([
    {
      label: 'Last run',
      value: run.status,
      note: `${runMoment(pipeline, now)}, took ${tookText(run) ?? 'no time yet'}`,
    },
    {
      label: 'Rows loaded',
      value: humaneCount(run.records_loaded),
      note: `${humaneCount(run.records_rejected)} rejected`,
    },
    {
      label: 'Checks that hold',
      value: checksText(run),
      note: problems === 1 ? '1 problem told' : `${humaneCount(problems)} problems told`,
    },
    { label: 'Published', value: agoText(newest, now) ?? '–', note: 'the newest change' },
    { label: 'Cost', value: costText(run), note: 'of the last run, by list prices' },
  ]);
}

function datasetSection(
  { entries, untold }: CataloguePipeline,
  { root, now }: { root: string; now: Date },
): Section[] {
  if (entries.length === 0) return [];
  const body = byDatabase(entries).map(({ name, place, entries: own }) =>
    datasetTable(own, { caption: `${name}, in the ${place}`, root, now }),
  );
  const rest = untold === null ? null : html`<p class="empty">And ${untold}</p>`;
  return [{ id: 'datasets', title: 'Datasets', body: [body, rest] }];
}

function lineageSection({ name, entries }: CataloguePipeline, root: string): Section[] {
  const body = lineage({ title: `Lineage of ${name}`, entries, root });
  if (body === null) return [];
  const lead =
    'What is made of what, from the left to the right. Dashed boxes are views, round ones come from outside.';
  return [{ id: 'lineage', title: 'Lineage', lead, body }];
}

function stateSection(partitions: PartitionTable | undefined): Section[] {
  if (partitions === undefined || partitions.size === 0) return [];
  const lead = 'What should be there, and what is: as argosy status tells it.';
  return [{ id: 'partitions', title: 'Partitions', lead, body: statesPart(partitions) }];
}

function stepSection(plan: PipelinePlan | undefined): Section[] {
  if (plan === undefined || plan.steps.length === 0) return [];
  const items = plan.steps.map(
    ({ name, summary }) => html`<li><code>${name}</code> ${summary}</li> `,
  );
  const lead =
    'In the order in which data meets them. A step of the workflow and a command have the same name.';
  return [
    {
      id: 'steps',
      title: 'Steps',
      lead,
      body: html`<ol class="steps">
        ${items}
      </ol>`,
    },
  ];
}

function runSections({ runs, checks }: CataloguePipeline): Section[] {
  if (runs.length === 0) {
    const body = html`<p class="empty">No run is recorded.</p>`;
    return [{ id: 'runs', title: 'Runs', body }];
  }
  const matrix = qualityMatrix(runs, checks);
  const quality = { id: 'quality', title: 'Quality history', body: matrix };
  const lead = runs.length === 1 ? 'The only run so far.' : `The newest ${runs.length} runs.`;
  return [
    ...(matrix === null ? [] : [quality]),
    { id: 'runs', title: 'Runs', lead, body: [runPlots(runs), runTable(runs)] },
  ];
}
