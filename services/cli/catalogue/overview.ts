import {
  type CatalogueEntry,
  type CataloguePipeline,
  lastRun,
} from '../../stages/observe/catalogue/catalogue.ts';
import {
  ageText,
  agoText,
  bytesText,
  partitionCountText,
  rowsText,
} from '../../stages/observe/catalogue/words.ts';
import { formatTable, type TableColumn } from '../view/text-table.ts';

/** Where there is nothing to tell. */
export const NONE = '-';

export interface OverviewRequest {
  now: Date;
  widthMax: number;
  /** What stands before a pipeline's name to run it: `npx argosy run`. */
  runCommand: string;
  /** What stands behind it: ` --sample`. */
  runFlags: string;
}

/** Every pipeline with its last run, and a line for each of its datasets; a table for each database. */
export function overview(
  pipelines: readonly CataloguePipeline[],
  request: OverviewRequest,
): string {
  return pipelines.map((pipeline) => pipelineText(pipeline, request)).join('\n');
}

function pipelineText(pipeline: CataloguePipeline, request: OverviewRequest): string {
  const { name, entries, hasRun, untold } = pipeline;
  if (!hasRun)
    return `${name}: has not run yet: ${request.runCommand} ${name}${request.runFlags}\n`;
  const databases = [...new Set(entries.map(databaseOf))];
  const tables = databases.map((database) =>
    databaseTable(
      database,
      entries.filter((entry) => databaseOf(entry) === database),
      request,
    ),
  );
  const rest = untold === null ? '' : `and ${untold}\n`;
  return `${name}: ${runText(pipeline, request.now)}\n\n${tables.join('\n')}${rest}`;
}

function databaseTable(
  database: string,
  entries: readonly CatalogueEntry[],
  { now, widthMax }: OverviewRequest,
): string {
  const hasParts = entries.some((entry) => partitionCountText(entry) !== null);
  const fields = FIELDS.filter(({ name }) => hasParts || name !== 'parts');
  const heads: TableColumn[] = [
    { name: database, align: 'left', isCutInside: true },
    ...fields.map(({ name, align }) => ({ name, align, isKept: true })),
  ];
  const rows = entries.map((entry) => [
    entry.dataset.name,
    ...fields.map(({ text }) => text(entry, now) ?? NONE),
  ]);
  return formatTable(heads, rows, { widthMax });
}

/** How the last run went and when. */
function runText(pipeline: CataloguePipeline, now: Date): string {
  const run = lastRun(pipeline);
  if (run === null) return 'no run is recorded';
  return `last run ${run.status} ${agoText(run.ended_at ?? run.started_at, now)} (${run.run_id})`;
}

function databaseOf({ database, place }: CatalogueEntry): string {
  return place === 'warehouse' ? `${database} (warehouse)` : database;
}

/** What is told of each dataset; the age is that of what readers see. */
const FIELDS: readonly {
  name: string;
  align: TableColumn['align'];
  text: (entry: CatalogueEntry, now: Date) => string | null;
}[] = [
  { name: 'kind', align: 'left', text: ({ dataset }) => dataset.kind },
  { name: 'rows', align: 'right', text: rowsText },
  { name: 'bytes', align: 'right', text: bytesText },
  { name: 'parts', align: 'right', text: partitionCountText },
  { name: 'newest day', align: 'left', text: ({ facts }) => facts?.newest ?? null },
  { name: 'age', align: 'right', text: ({ facts }, now) => ageText(facts?.publishedAt, now) },
];
