import { PipelineError } from '../../core/error.ts';
import { humaneCount } from '../../core/humane.ts';
import type { RunRecord } from '../../stages/observe/run-record.ts';
import { openLine } from './partition-status.ts';
import { readPartitions } from '../run/partitions.ts';
import { openDatabase } from '../../stages/serve/database.ts';
import { readRuns } from '../../stages/observe/run-record.ts';
import { findDatabase, findWing } from '../commands.ts';
import { asking, recordsOf, serving } from '../host.ts';
import { printMarketGrid, readMarketGrid } from '../view/market-grid.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import type { Work } from '../program.ts';
import { countOf, type Session } from '../session.ts';
import { formatTable, toJsonRows } from '../view/text-table.ts';

const VINTAGES = `
  SELECT CAST(ingestion_date AS VARCHAR) AS vintage, src_filename, count(*) AS objects,
         sum(record_count)::BIGINT AS "rows",
         CAST(max(upload_timestamp) AS VARCHAR) AS uploaded, string_agg(DISTINCT status, ', ') AS status
  FROM data_ingestion_map GROUP BY ingestion_date, src_filename ORDER BY ingestion_date, src_filename`;

/** `argosy status PIPELINE`: the newest runs, and what is published, as the store tells them; or the cluster's own view. */
export const status: Work = async (session, given) => {
  const pipeline = given.args[0] ?? '';
  if (given.flags.cluster === true)
    return (await import('../cluster/status.ts')).clusterStatus(session, given);
  const wing = findWing(pipeline);
  const { from, to, failOn } = given.flags;
  if (from !== undefined || to !== undefined || failOn !== undefined) {
    return (await import('./partition-status.ts')).partitionStatus(session, given);
  }
  const limit = countOf('--limit', given.flags.limit);
  const runs = await readRuns(recordsOf(session, pipeline), pipeline, limit);
  // Only what can be compared by vintage has vintages.
  const vintages = wing.diff ? await readVintages(session, pipeline) : [];
  const grid = pipeline === 'market-data' ? await readMarketGrid(session) : null;
  if (given.flags.json === true) {
    printJson(session, { pipeline, runs, vintages, ...(grid === null ? {} : { grid }) });
    return 0;
  }
  print(session, pipeline, { runs, vintages });
  if (grid !== null) printMarketGrid(session, grid);
  if (runs.length > 0) await printOpen(session, pipeline);
  return 0;
};

/** One line for what is not done. What keeps it from being known is a warning here, and an error where it is asked for. */
async function printOpen(session: Session, pipeline: string): Promise<void> {
  try {
    const found = await readPartitions(session, pipeline, { from: null, to: null });
    const line = found === null ? '' : openLine(session, pipeline, found.table);
    if (line !== '') session.io.stdout.write(`\n${line}`);
  } catch (error) {
    if (!(error instanceof PipelineError) || error.kind === 'bug') throw error;
    session.log.warn('status.partitions', { reason: error.message });
  }
}

async function readVintages(session: Session, pipeline: string): Promise<Found['vintages']> {
  const ports = serving(session, pipeline);
  const engine = await openDatabase(ports, await findDatabase(pipeline, asking(session, pipeline)));
  try {
    return toJsonRows(await engine.query(VINTAGES));
  } finally {
    await engine.close();
  }
}

interface Found {
  runs: readonly RunRecord[];
  vintages: readonly Record<string, unknown>[];
}

function print(session: Session, pipeline: string, { runs, vintages }: Found): void {
  const { stdout } = session.io;
  const options = { widthMax: widthOf(session) };
  if (runs.length === 0) {
    const sample = session.flags.sample === true ? ' --sample' : '';
    stdout.write(`${pipeline} has not run yet: argosy run ${pipeline}${sample}\n`);
    return;
  }
  const columns = ['run', 'status', 'started', 'rows', 'rejected', 'problems', 'error'].map(
    (name) => ({
      name,
      isKept: name === 'run',
      align: ['rows', 'rejected', 'problems'].includes(name)
        ? ('right' as const)
        : ('left' as const),
    }),
  );
  const rows = runs.map((run) => [
    run.run_id,
    run.status,
    run.started_at.slice(0, 19).replace('T', ' '),
    humaneCount(run.records_loaded),
    humaneCount(run.records_rejected),
    humaneCount(run.problems.length),
    run.error_message ?? '',
  ]);
  stdout.write(formatTable(columns, rows, options));
  if (vintages.length === 0) return;
  const names = Object.keys(vintages[0] ?? {});
  const heads = names.map((name) => ({
    name,
    align: ['objects', 'rows'].includes(name) ? ('right' as const) : ('left' as const),
  }));
  const cells = vintages.map((vintage) =>
    names.map((name) =>
      typeof vintage[name] === 'number' ? humaneCount(vintage[name]) : String(vintage[name]),
    ),
  );
  stdout.write(`\n${formatTable(heads, cells, options)}`);
}
