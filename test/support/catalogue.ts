import type { DatasetColumn } from '../../services/core/dataset.ts';
import {
  PARTITION_STATES,
  partitionTable,
  type PartitionTable,
} from '../../services/core/partition.ts';
import type {
  CatalogueEntry,
  CataloguePipeline,
} from '../../services/stages/observe/catalogue/catalogue.ts';
import type { RunRecord } from '../../services/stages/observe/run-record.ts';
import type { SiteRequest } from '../../services/stages/observe/site/context.ts';

/** Texts that a page must show as they are, whatever they would do elsewhere. */
export const HOSTILE = [
  '</script><script>alert(1)</script>',
  '"><img src=x onerror=alert(2)>',
  `'; alert(3) //`,
  'a‮gpj.exe',
  '${alert(4)} {{7*7}} <!-- ]]>',
  'שלום עולם',
  `long-${'x'.repeat(300)}`,
] as const;

export function column(name: string, more: Partial<DatasetColumn> = {}): DatasetColumn {
  return { name, type: 'VARCHAR', description: `What ${name} is`, ...more };
}

export function runRecord(more: Partial<RunRecord> = {}): RunRecord {
  return {
    run_id: 'run-1',
    system: 'local',
    actor: 'local-user',
    workflow: 'shop',
    logical_date: '2026-01-31',
    trigger: 'manual',
    started_at: '2026-01-31T10:00:00.000Z',
    ended_at: '2026-01-31T10:00:09.000Z',
    status: 'success',
    objects_read: 1,
    objects_written: 1,
    objects_failed: 0,
    records_extracted: 10,
    records_transformed: 9,
    records_loaded: 9,
    records_rejected: 1,
    bytes_in: 100,
    bytes_out: 90,
    error_class: null,
    error_message: null,
    problems: [],
    quality: { 'sales-rows': 0, 'sales-unique': 2 },
    cost_estimate: { compute: 0.001, requests: 0.0001, storage: 0, total: 0.0011 },
    steps: [],
    ...more,
  };
}

export function entryOf(
  name: string,
  more: Omit<Partial<CatalogueEntry>, 'dataset'> & { dataset?: Partial<CatalogueEntry['dataset']> },
): CatalogueEntry {
  const { dataset, ...rest } = more;
  return {
    pipeline: 'shop',
    id: `lake.${name}`,
    database: 'lake',
    place: 'store',
    from: [],
    facts: {
      rows: 1234,
      sizeBytes: 5678,
      objects: 2,
      newest: '2026-01-31',
      publishedAt: '2026-01-31T10:00:08.000Z',
      partitions: [
        { partition: 'year=2026/month=1/day=30', rows: 1000, sizeBytes: 5000, objects: 1 },
        { partition: 'year=2026/month=1/day=31', rows: 234, sizeBytes: 678, objects: 1 },
      ],
    },
    ...rest,
    dataset: {
      name,
      kind: 'table',
      description: `Every ${name}`,
      columns: [
        column(`${name}_id`),
        column('who', { tag: 'person-id' }),
        column('year', { type: 'INTEGER' }),
        column('month', { type: 'INTEGER' }),
        column('day', { type: 'INTEGER' }),
      ],
      key: [`${name}_id`],
      partitionBy: ['year', 'month', 'day'],
      location: `lake/${name}/`,
      ...dataset,
    },
  };
}

export function pipelineOf(more: Partial<CataloguePipeline> = {}): CataloguePipeline {
  return {
    name: 'shop',
    summary: 'Sells things',
    checks: [
      { name: 'sales-rows', summary: 'there are enough rows' },
      { name: 'sales-unique', summary: 'no row is there twice' },
    ],
    runs: [runRecord({ run_id: 'run-2', started_at: '2026-01-31T11:00:00.000Z' }), runRecord()],
    hasRun: true,
    entries: [
      entryOf('raw', { from: ['source:files'] }),
      entryOf('sales', { from: ['lake.raw'] }),
      entryOf('sums', { from: ['lake.sales'], dataset: { kind: 'view', sql: 'SELECT 1\nFROM x' } }),
    ],
    untold: null,
    faults: [],
    ...more,
  };
}

/** Three years of days in all states, of two files. */
function states(): PartitionTable {
  const table = partitionTable({ unit: 'day', lane: 'file' });
  for (let at = 0; at < 1000; at += 1) {
    const day = new Date((19_500 + at) * 86_400_000).toISOString().slice(0, 10);
    const state = at % 90 === 0 ? (PARTITION_STATES[(at / 90) % 5] ?? 'done') : 'done';
    const reason = state === 'done' ? null : HOSTILE[0];
    const note = { runId: 'run-1', rows: 1, reason, work: null };
    for (const lane of ['a', HOSTILE[1]]) table.add({ day, lane, state, note });
  }
  return table.build();
}

export function siteOf(pipelines: readonly CataloguePipeline[]): SiteRequest {
  return {
    pipelines,
    plans: new Map([
      [
        'shop',
        {
          steps: [{ name: 'clean', summary: 'Make it clean' }],
          schedules: [{ cron: '0 6 * * *', timezone: 'UTC' }],
        },
      ],
    ]),
    partitions: new Map([['shop', states()]]),
    now: new Date('2026-01-31T12:00:00Z'),
    environment: 'test',
    origin: 'mem://shop',
  };
}

/** Datasets whose names, columns and meanings are hostile, all made of the first one. */
export function hostileEntries(): CatalogueEntry[] {
  return HOSTILE.map((text, at) =>
    entryOf(text, {
      id: `lake.${text}`,
      from: at === 0 ? [`source:${text}`] : [`lake.${HOSTILE[0]}`],
      dataset: { name: text, description: text, columns: [column(text, { description: text })] },
    }),
  );
}
