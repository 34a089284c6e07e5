import { humaneBytes, humaneCount, humaneDuration } from '../../core/humane.ts';
import type { RunRecord } from '../../stages/observe/run-record.ts';
import { openDatabase } from '../../stages/serve/database.ts';
import { findDatabase } from '../commands.ts';
import { asking, serving } from '../host.ts';
import type { PlannedDownload } from '../run/planned.ts';
import { widthOf } from '../view/print-result.ts';
import type { Session } from '../session.ts';
import { formatSummary, type Summary } from './summary.ts';

/** Problems shown in full; the run record has them all. */
const PROBLEMS_SHOWN_MAX = 12;

const BY_METRIC = `
  SELECT metric_type, count(*) AS objects, sum(record_count)::BIGINT AS row_count,
         CAST(max(ingestion_date) AS VARCHAR) AS newest
  FROM data_ingestion_map WHERE status = 'success' GROUP BY ALL ORDER BY row_count DESC, metric_type`;

/** A run that ended well. */
export interface RunEnd {
  record: RunRecord;
  durationMs: number;
  logPath: string | null;
  /** What a dry run would fetch; null when it was none. */
  plan: readonly PlannedDownload[] | null;
}

/** The end of a successful run, on stdout: what is published now, what was new, what went wrong, what to try next. */
export async function printRunSummary(
  session: Session,
  pipeline: string,
  end: RunEnd,
): Promise<void> {
  const { record, durationMs, logPath, plan } = end;
  if (plan !== null) return printPlan(session, pipeline, { ...end, plan });
  const news = newsText(record);
  const facts: [string, string][] = [
    ['run', record.run_id],
    ...publishedFacts(record),
    ['this run', news ?? 'nothing new'],
    ['rejects', humaneCount(record.records_rejected)],
    ['time', humaneDuration(durationMs)],
  ];
  if (logPath !== null) facts.push(['log', logPath]);
  const summary = {
    title: `${pipeline} succeeded`,
    facts,
    // Nothing new, nothing to show: the figures are those of the last run, and the engine need not start.
    ...(news === null ? {} : { table: await metricTable(session, pipeline) }),
    next: nextCommands(session, pipeline),
  };
  session.io.stdout.write(formatSummary(summary, { widthMax: widthOf(session) }));
  printProblems(session, record);
}

/** The end of a dry run: what a run would fetch, and nothing of what is published, which it does not touch. */
function printPlan(
  session: Session,
  pipeline: string,
  { record, durationMs, plan }: RunEnd & { plan: readonly PlannedDownload[] },
): void {
  const count = plan.length === 1 ? '1 download' : `${humaneCount(plan.length)} downloads`;
  const flag = session.flags.sample === true ? ' --sample' : '';
  const summary: Summary = {
    title: `${pipeline} dry run: nothing was changed`,
    facts: [
      ['run', record.run_id],
      ['would ask for', count],
      ['time', humaneDuration(durationMs)],
    ],
    table: {
      columns: ['url', 'label'].map((name) => ({ name, align: 'left' as const })),
      rows: plan.map(({ url, label }) => [url, label]),
    },
    next: [
      { command: `${session.self} run${flag} ${pipeline}`, about: 'fetch what is new among them' },
    ],
  };
  session.io.stdout.write(formatSummary(summary, { widthMax: widthOf(session) }));
  printProblems(session, record);
}

async function metricTable(
  session: Session,
  pipeline: string,
): Promise<NonNullable<Summary['table']>> {
  const ports = serving(session, pipeline);
  const engine = await openDatabase(ports, await findDatabase(pipeline, asking(session, pipeline)));
  try {
    const { rows } = await engine.query(BY_METRIC);
    return {
      columns: ['metric', 'objects', 'rows', 'newest vintage'].map((name) => ({
        name,
        align: name === 'objects' || name === 'rows' ? ('right' as const) : ('left' as const),
      })),
      rows: rows.map(([metric, count, rowCount, newest]) => [
        String(metric),
        humaneCount(Number(count)),
        humaneCount(Number(rowCount)),
        String(newest),
      ]),
    };
  } finally {
    await engine.close();
  }
}

/** What readers see now, as the catalogue step has counted it; nothing when it had no reason to run. */
function publishedFacts({ steps }: RunRecord): [string, string][] {
  const catalogue = steps.find(({ step }) => step === 'catalogue');
  if (catalogue === undefined) return [];
  const { vintages, objects, rows } = catalogue.outputs;
  const [v, o, r] = [vintages, objects, rows].map((count) => humaneCount(Number(count ?? 0)));
  return [['published', `${v} vintages, ${o} Parquet objects, ${r} rows`]];
}

/** What this run wrote; null when that is nothing. */
function newsText(record: RunRecord): string | null {
  const written = record.steps.filter(({ step }) => step === 'transform');
  const count = (name: 'rowsWritten' | 'objectsWritten' | 'bytesWritten') =>
    written.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
  if (count('objectsWritten') === 0) return null;
  const bytes = humaneBytes(count('bytesWritten'));
  return `${humaneCount(count('objectsWritten'))} objects, ${humaneCount(count('rowsWritten'))} rows, ${bytes} written`;
}

function nextCommands(session: Session, pipeline: string) {
  const isSample = session.flags.sample === true;
  const flag = isSample ? ' --sample' : '';
  const sql = 'SELECT metric_type, avg(value) FROM current_data GROUP BY ALL';
  const commands = [
    { command: `${session.self} query${flag} "${sql}"`, about: 'ask with SQL' },
    { command: `${session.self} status${flag} ${pipeline}`, about: 'runs and vintages' },
  ];
  if (!isSample)
    return [...commands, { command: `${session.self} tables`, about: 'every table and column' }];
  return [
    ...commands,
    {
      command: `${session.self} diff --sample ${pipeline} 2017-07 2020-02`,
      about: 'what was revised',
    },
    { command: `${session.self} run --sample ${pipeline}`, about: 'again: finds nothing new' },
  ];
}

/** Problems go to stderr: they are about the run, not its data. */
export function printProblems({ io }: Session, { problems }: RunRecord): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).map(({ object, message }) => {
    const about = message.includes(object) ? message : `${object}: ${message}`;
    return `  ${about}\n`;
  });
  const more = problems.length - shown.length;
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  io.stderr.write(`\n${count} that did not stop the run:\n${shown.join('')}`);
  if (more > 0) io.stderr.write(`  … and ${more} more, in the run record\n`);
}
