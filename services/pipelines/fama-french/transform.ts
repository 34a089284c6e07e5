import pLimit from 'p-limit';
import { PipelineError, toPipelineError } from '../../core/error.ts';
import { sha256 } from '../../core/manifest.ts';
import { allSettled } from '../../stages/shape/settle.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import type { Counts, Problem, RunIdentity, Step, StepPorts } from '../../ports/step.ts';
import { quarantine } from '../../stages/land/quarantine.ts';
import { latestCommit, publish, type Published } from '../../stages/shape/publish.ts';
import { decodeLibraryText, parseBlocks } from './blocks.ts';
import {
  DATASET,
  PARSER_VERSION,
  planCollection,
  REFUSED_CSVS,
  type RefusedCsvRecord,
  type TransformPlan,
} from './ledger.ts';
import { metricNames } from './metrics.ts';
import { stageParts } from './parts.ts';
import { csvStem, ingestionDate } from './vintage.ts';

/** While the engine writes the Parquet of one vintage the next is parsed: more than two bring nothing. */
const VINTAGES_AT_ONCE = 3;

type Csv = TransformPlan['csvs'][number];

interface Outcome {
  counts: Partial<Counts>;
  problems: Problem[];
}

/** Turns each CSV into one Parquet object a metric, visible as a set (requirements 1.4 to 1.7). */
export const transform: Step = {
  name: 'transform',
  summary: 'Turn each CSV of a shard into one Parquet object a metric',
  parameters: [{ name: 'shard', description: 'Name of the plan that lists the CSVs' }],
  async run(ports, parameters, run) {
    const { csvs } = await readPlan(ports, run, parameters['shard'] ?? '');
    const engine = await ports.openEngine([ports.scratch]);
    const total = new Map<keyof Counts, number>();
    try {
      const limit = pLimit(VINTAGES_AT_ONCE);
      const one = async (csv: Csv) => {
        const outcome = await transformOne(ports, engine, csv);
        addCounts(total, outcome.counts);
        ports.progress(Object.fromEntries(total));
        return outcome;
      };
      const outcomes = await allSettled(csvs.map((csv) => limit(() => one(csv))));
      const problems = outcomes.flatMap((outcome) => outcome.problems);
      const rows = String(total.get('rowsWritten') ?? 0);
      return { outputs: { rows }, counts: Object.fromEntries(total), problems };
    } finally {
      await engine.close();
    }
  },
};

async function readPlan(ports: StepPorts, run: RunIdentity, shard: string): Promise<TransformPlan> {
  const plan = await ports.records.get<TransformPlan>(planCollection(run), shard);
  if (plan) return plan;
  throw new PipelineError('not-found', `run ${run.runId} has no plan ${shard}`, {
    hint: 'run the extract step of the same run first',
  });
}

async function transformOne(ports: StepPorts, engine: QueryEngine, csv: Csv): Promise<Outcome> {
  try {
    return await publishVintage(ports, engine, csv);
  } catch (error) {
    const { kind, message } = toPipelineError(error);
    if (kind !== 'input-invalid') throw error;
    ports.log.warn('csv.refused', { object: csv.key, reason: message });
    const record: RefusedCsvRecord = { ...csv, parser: PARSER_VERSION, message };
    await ports.records.put(REFUSED_CSVS, csvStem(csv.key), record);
    return {
      counts: { objectsRead: 1, objectsFailed: 1 },
      problems: [{ object: csv.key, message }],
    };
  }
}

async function publishVintage(ports: StepPorts, engine: QueryEngine, csv: Csv): Promise<Outcome> {
  const { store, signal, log } = ports;
  const stem = csvStem(csv.key);
  const base = await latestCommit(store, DATASET, stem);
  const bytes = await store.get(csv.key, { signal });
  if (!bytes || sha256(bytes) !== csv.sha256) {
    throw new PipelineError('conflict', `${csv.key}: changed while it waited to be transformed`, {
      hint: 'run again',
    });
  }
  const day = ingestionDate(stem);
  if (day === null) {
    throw new PipelineError(
      'input-invalid',
      `${csv.key}: the name does not begin with a month and year`,
    );
  }
  const parsed = parseBlocks(decodeLibraryText(bytes), csv.key);
  for (const { rule, count, examples } of parsed.warnings) {
    log.warn(`csv.${rule}`, {
      object: csv.key,
      count,
      lines: examples.map(({ line }) => line).join(' '),
    });
  }
  const { names, clashes } = metricNames(parsed.blocks.map(({ title }) => title));
  if (clashes.length > 0)
    log.warn('csv.metric_clash', { object: csv.key, metrics: clashes.join(' ') });

  const rejects = [...parsed.rejects, ...parsed.blocks.flatMap((block) => block.rejects)];
  await quarantine(store, {
    dataset: DATASET,
    partition: `${day}/${stem}`,
    object: csv.key,
    rejects,
  });
  const vintage = { stem, day, srcFilename: `${stem}.CSV`, blocks: parsed.blocks, metrics: names };
  const parts = await stageParts(engine, ports.scratch, vintage);
  const published = await publish(store, {
    dataset: DATASET,
    partition: stem,
    attributes: {
      ingestion_date: day,
      parser: PARSER_VERSION,
      source: csv.key,
      source_sha256: csv.sha256,
    },
    parts,
    base,
    signal,
  });
  return outcomeOf(published, bytes.length, rejects.length);
}

function outcomeOf({ outcome, commit }: Published, bytesRead: number, rejected: number): Outcome {
  const isNew = outcome === 'committed';
  const rows = commit.parts.reduce((sum, part) => sum + part.rows, 0);
  return {
    counts: {
      objectsRead: 1,
      objectsWritten: isNew ? commit.parts.length : 0,
      objectsSkipped: isNew ? 0 : commit.parts.length,
      bytesRead,
      bytesWritten: isNew ? commit.parts.reduce((sum, part) => sum + part.sizeBytes, 0) : 0,
      rowsRead: rows + rejected,
      rowsWritten: rows,
      rowsRejected: rejected,
    },
    problems: [],
  };
}

function addCounts(total: Map<keyof Counts, number>, counts: Partial<Counts>): void {
  for (const [name, count] of Object.entries(counts)) {
    const key = name as keyof Counts;
    total.set(key, (total.get(key) ?? 0) + count);
  }
}
