import { humaneBytes, humaneCount } from '../../core/humane.ts';
import type {
  CatalogueEntry,
  CataloguePipeline,
} from '../../stages/observe/catalogue/catalogue.ts';
import {
  agoText,
  bytesText,
  momentText,
  rowsText,
  tookText,
} from '../../stages/observe/catalogue/words.ts';
import { formatTable, type TableColumn } from '../view/text-table.ts';
import { NONE } from './overview.ts';

/** Partitions that people are shown; `--json` has all of them. */
const PARTITIONS_SHOWN = 10;
const RUNS_SHOWN = 5;

export interface DetailRequest {
  now: Date;
  widthMax: number;
}

/** One dataset in full: what it is, what is there of it, its columns, its newest partitions, the last runs. */
export function detail(
  pipeline: CataloguePipeline,
  entry: CatalogueEntry,
  request: DetailRequest,
): string {
  const heads = columns(['column', 'type', 'tag', 'meaning']);
  const parts = [
    `${entry.id}: ${entry.dataset.description}\n`,
    factLines(entry, request.now),
    formatTable(heads, columnRows(entry), request),
    partitionText(entry, request),
    runsText(pipeline, request),
  ];
  return parts.filter((text) => text !== '').join('\n');
}

function factLines(entry: CatalogueEntry, now: Date): string {
  const { pipeline, place, dataset, from, facts } = entry;
  const lines: [name: string, value: string][] = [
    ['pipeline', pipeline],
    ['kind', `${dataset.kind} in the ${place}`],
    ['rows', rowsText(entry) ?? NONE],
    ['bytes', bytesText(entry) ?? NONE],
    ['objects', typeof facts?.objects === 'number' ? humaneCount(facts.objects) : NONE],
    ['newest day', facts?.newest ?? NONE],
    ['published', publishedText(facts?.publishedAt ?? null, now)],
    ['laid out by', listText(dataset.partitionBy)],
    ['key', listText(dataset.key)],
    ['location', dataset.location ?? NONE],
    ['made of', listText(from)],
  ];
  return lines
    .filter(([, value]) => value !== NONE)
    .map(([name, value]) => `${name.padEnd(12)}${value}\n`)
    .join('');
}

function publishedText(moment: string | null, now: Date): string {
  return moment === null ? NONE : `${momentText(moment)} UTC, ${agoText(moment, now)}`;
}

function listText(names: readonly string[] = []): string {
  return names.length === 0 ? NONE : names.join(', ');
}

function columnRows({ dataset }: CatalogueEntry): string[][] {
  return dataset.columns.map(({ name, type, tag = NONE, description }) => [
    name,
    type,
    tag === 'none' ? NONE : tag,
    description,
  ]);
}

function partitionText({ facts }: CatalogueEntry, request: DetailRequest): string {
  const partitions = facts?.partitions ?? [];
  if (partitions.length === 0) return '';
  const rows = partitions
    .slice(-PARTITIONS_SHOWN)
    .toReversed()
    .map((one) => [
      one.partition,
      humaneCount(one.rows),
      one.sizeBytes === null ? NONE : humaneBytes(one.sizeBytes),
      humaneCount(one.objects),
    ]);
  const older = partitions.length - rows.length;
  const more = older > 0 ? `and ${humaneCount(older)} older ones (--json lists all)\n` : '';
  const heads = columns(['partition', 'rows', 'bytes', 'objects']);
  return `${formatTable(heads, rows, request)}${more}`;
}

function runsText({ runs }: CataloguePipeline, request: DetailRequest): string {
  const rows = runs
    .slice(0, RUNS_SHOWN)
    .map((run) => [
      run.run_id,
      run.status,
      run.logical_date,
      humaneCount(run.records_loaded),
      humaneCount(run.records_rejected),
      tookText(run) ?? NONE,
    ]);
  if (rows.length === 0) return '';
  const heads = columns(['run', 'status', 'logical date', 'rows', 'rejected', 'took']);
  return formatTable(heads, rows, request);
}

const NUMBERS = new Set(['rows', 'bytes', 'objects', 'rejected', 'took']);

function columns(names: readonly string[]): TableColumn[] {
  return names.map((name) => ({ name, align: NUMBERS.has(name) ? 'right' : 'left' }));
}
