import pLimit from 'p-limit';
import { PipelineError } from '../../core/error.ts';
import { type Commit, sha256 } from '../../core/manifest.ts';
import { allSettled } from '../../stages/shape/settle.ts';
import type { QueryEngine } from '../../ports/query-engine.ts';
import type { Counts, Problem, RunIdentity, Step, StepPorts } from '../../ports/step.ts';
import { quarantine } from '../../stages/land/quarantine.ts';
import { latestCommit, publish, type Published } from '../../stages/shape/publish.ts';
import { decodeLibraryText, readBlocks } from './blocks.ts';
import {
  DATASET,
  PARSER_VERSION,
  REFUSED_CSVS,
  type RefusedCsvRecord,
  type TransformPlan,
} from './ledger.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import { allRejects, checkRows, type ParsedLibrary } from './library.ts';
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
      const one = async (csv: Csv, number: number) => {
        const outcome = await transformOne({ ports, engine, number }, csv);
        addCounts(total, outcome.counts);
        ports.progress(Object.fromEntries(total));
        return outcome;
      };
      const outcomes = await allSettled(csvs.map((csv, at) => limit(() => one(csv, at))));
      const problems = outcomes.flatMap((outcome) => outcome.problems);
      const rows = String(total.get('rowsWritten') ?? 0);
      return { outputs: { rows }, counts: Object.fromEntries(total), problems };
    } finally {
      await engine.close();
    }
  },
};

async function readPlan(ports: StepPorts, run: RunIdentity, shard: string): Promise<TransformPlan> {
  const plan = await ports.records.get<TransformPlan>(stepCollection(run), shard);
  if (plan) return plan;
  throw new PipelineError('not-found', `run ${run.runId} has no plan ${shard}`, {
    hint: 'run the extract step of the same run first',
  });
}

interface Work {
  ports: StepPorts;
  engine: QueryEngine;
  /** Place of the CSV in its shard. */
  number: number;
}

async function transformOne(work: Work, csv: Csv): Promise<Outcome> {
  const { store, signal } = work.ports;
  const stem = csvStem(csv.key);
  const base = await latestCommit(store, DATASET, stem);
  const bytes = await store.get(csv.key, { signal });
  if (!bytes || sha256(bytes) !== csv.sha256) {
    throw new PipelineError('conflict', `${csv.key}: changed while it waited to be transformed`, {
      hint: 'run again',
    });
  }
  const day = ingestionDate(stem);
  const parsed = readBlocks(decodeLibraryText(bytes), csv.key);
  checkRows(parsed, csv.key);
  const rejects = allRejects(parsed);
  await quarantine(store, {
    dataset: DATASET,
    partition: `${day ?? 'unknown'}/${stem}-${csv.sha256.slice(0, 8)}`,
    object: csv.key,
    rejects,
  });
  const rejected = rejects.length;
  const uneven = parsed.warnings.filter(({ rule }) => rule === 'row_short' || rule === 'row_wide');
  work.ports.check('row-valid', rejected + countOf(uneven));
  if (parsed.fault) return refuse(work.ports, csv, { reason: parsed.fault.message, rejected });
  if (day === null) {
    const reason = `${csv.key}: the name does not begin with a month and year`;
    return refuse(work.ports, csv, { reason, rejected });
  }
  work.ports.check('csv-readable', 0);
  tellWarnings(work.ports, csv, parsed);
  const published = await publishVintage(work, csv, { day, base, parsed });
  const outcome = outcomeOf(published, bytes.length, rejected);
  const lost = parsed.warnings.filter(({ rule }) => rule === 'value_unparsable');
  work.ports.check('cell-numeric', countOf(lost));
  return { ...outcome, problems: [...lostCells(csv, lost), ...unevenRows(csv, uneven)] };
}

function countOf(warnings: ParsedLibrary['warnings']): number {
  return warnings.reduce((sum, { count }) => sum + count, 0);
}

/**
 * Rows of another width than their header are padded or cut (requirements 1.6, rule 10). Which of their numbers is
 * missing or too much nobody can tell, so that all of them may stand in the wrong column: the run says so.
 */
function unevenRows(csv: Csv, uneven: ParsedLibrary['warnings']): Problem[] {
  return uneven.map(({ rule, count, examples }) => {
    const lines = examples.map(({ line }) => line).join(', ');
    const rows = count === 1 ? '1 row has' : `${count} rows have`;
    const what =
      rule === 'row_short'
        ? 'fewer numbers than the header, the last columns are NULL'
        : 'more numbers than the header, the last are dropped';
    return { object: csv.key, message: `${rows} ${what}; look at line ${lines}` };
  });
}

/** Cells whose text is no number have become NULL: the reader of the run must hear of them, not the log alone. */
function lostCells(csv: Csv, lost: ParsedLibrary['warnings']): Problem[] {
  return lost.map(({ count, examples }) => {
    const lines = examples.map(({ line }) => line).join(', ');
    const what =
      count === 1 ? '1 cell holds no number and is' : `${count} cells hold no number and are`;
    return { object: csv.key, message: `${what} NULL (line ${lines})` };
  });
}

/** The one thing that is wrong with a CSV for good: it is not tried again until it or the parser changes. */
async function refuse(
  ports: StepPorts,
  csv: Csv,
  { reason, rejected }: { reason: string; rejected: number },
): Promise<Outcome> {
  const { records, log } = ports;
  ports.check('csv-readable', 1);
  log.warn('csv.refused', { object: csv.key, reason });
  const record: RefusedCsvRecord = { ...csv, parser: PARSER_VERSION, message: reason };
  await records.put(REFUSED_CSVS, csvStem(csv.key), record);
  const counts = { objectsRead: 1, objectsFailed: 1, rowsRead: rejected, rowsRejected: rejected };
  return { counts, problems: [{ object: csv.key, message: reason }] };
}

function tellWarnings({ log }: StepPorts, csv: Csv, { warnings }: ParsedLibrary): void {
  for (const { rule, count, examples } of warnings) {
    const lines = examples.map(({ line }) => line).join(' ');
    log.warn(`csv.${rule}`, { object: csv.key, count, lines });
  }
}

async function publishVintage(
  { ports, engine, number }: Work,
  csv: Csv,
  { day, base, parsed }: { day: string; base: Commit | null; parsed: ParsedLibrary },
): Promise<Published> {
  const { blocks } = parsed;
  const { names: metrics, clashes } = metricNames(blocks.map(({ title }) => title));
  if (clashes.length > 0)
    ports.log.warn('csv.metric_clash', { object: csv.key, metrics: clashes.join(' ') });
  const stem = csvStem(csv.key);
  const { qualifier } = csv;
  const parts = await stageParts(engine, ports.scratch, {
    number,
    stem,
    day,
    blocks,
    metrics,
    srcFilename: `${stem}.CSV`,
    qualifier: qualifier ?? null,
    check: (name, failures) => ports.check(name, failures),
  });
  return publish(ports.store, {
    dataset: DATASET,
    partition: stem,
    attributes: {
      ingestion_date: day,
      parser: PARSER_VERSION,
      source: csv.key,
      source_sha256: csv.sha256,
      ...(qualifier === undefined ? {} : { qualifier }),
    },
    parts,
    base,
    signal: ports.signal,
  });
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
