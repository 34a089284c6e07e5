import { humaneBytes, humaneCount, humaneDuration } from '../core/humane.ts';
import type { RunRecord } from '../stages/observe/run-record.ts';
import { openDatabase } from '../stages/serve/database.ts';
import { findDatabase } from './commands.ts';
import { serving } from './host.ts';
import { widthOf } from './print-result.ts';
import type { Session } from './session.ts';
import { formatSummary } from './summary.ts';

/** Problems shown in full; the run record has them all. */
const PROBLEMS_SHOWN_MAX = 12;

const BY_METRIC = `
  SELECT metric_type, count(*) AS objects, sum(record_count)::BIGINT AS row_count,
         CAST(max(ingestion_date) AS VARCHAR) AS newest
  FROM data_ingestion_map WHERE status = 'success' GROUP BY ALL ORDER BY row_count DESC, metric_type`;

const TOTALS = `
  SELECT count(DISTINCT ingestion_date), count(*), coalesce(sum(record_count), 0)::BIGINT
  FROM data_ingestion_map WHERE status = 'success'`;

/** The end of a successful run, on stdout: what is published now, what was new, what went wrong, what to try next. */
export async function printRunSummary(
  session: Session,
  pipeline: string,
  end: { record: RunRecord; durationMs: number; logPath: string | null },
): Promise<void> {
  const engine = await openDatabase(serving(session, pipeline), await findDatabase(pipeline));
  try {
    const [vintages = 0, objects = 0, rows = 0] = (await engine.query(TOTALS)).rows[0] ?? [];
    const byMetric = (await engine.query(BY_METRIC)).rows;
    const { record, durationMs, logPath } = end;
    const facts: [string, string][] = [
      ['run', record.run_id],
      ['published', publishedText(Number(vintages), Number(objects), Number(rows))],
      ['this run', newsText(record)],
      ['rejects', humaneCount(record.records_rejected)],
      ['time', humaneDuration(durationMs)],
    ];
    if (logPath !== null) facts.push(['log', logPath]);
    const table = {
      columns: ['metric', 'objects', 'rows', 'newest vintage'].map((name) => ({
        name,
        align: name === 'objects' || name === 'rows' ? ('right' as const) : ('left' as const),
      })),
      rows: byMetric.map(([metric, count, rowCount, newest]) => [
        String(metric),
        humaneCount(Number(count)),
        humaneCount(Number(rowCount)),
        String(newest),
      ]),
    };
    const summary = {
      title: `${pipeline} succeeded`,
      facts,
      table,
      next: nextCommands(session, pipeline),
    };
    const options = { widthMax: widthOf(session) };
    session.io.stdout.write(formatSummary(summary, options));
    printProblems(session, record);
  } finally {
    await engine.close();
  }
}

function publishedText(vintages: number, objects: number, rows: number): string {
  return `${humaneCount(vintages)} vintages, ${humaneCount(objects)} Parquet objects, ${humaneCount(rows)} rows`;
}

function newsText(record: RunRecord): string {
  const written = record.steps.filter(({ step }) => step === 'transform');
  const count = (name: 'rowsWritten' | 'objectsWritten' | 'bytesWritten') =>
    written.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
  if (count('objectsWritten') === 0) return 'nothing new';
  const bytes = humaneBytes(count('bytesWritten'));
  return `${humaneCount(count('objectsWritten'))} objects, ${humaneCount(count('rowsWritten'))} rows, ${bytes} written`;
}

function nextCommands(session: Session, pipeline: string) {
  const flag = session.flags.sample === true ? ' --sample' : '';
  return [
    {
      command: `npx argosy query${flag} "SELECT metric_type, avg(value) FROM current_data GROUP BY ALL"`,
      about: 'ask with SQL',
    },
    { command: `npx argosy diff${flag} ${pipeline} 2017-07 2020-02`, about: 'what was revised' },
    { command: `npx argosy status${flag} ${pipeline}`, about: 'runs and vintages' },
    { command: `npx argosy run${flag} ${pipeline}`, about: 'again: finds nothing new' },
  ];
}

/** Problems go to stderr: they are about the run, not its data. */
function printProblems({ io }: Session, { problems }: RunRecord): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).map(({ object, message }) => {
    const about = message.includes(object) ? message : `${object}: ${message}`;
    return `  ${about}\n`;
  });
  const more = problems.length - shown.length;
  io.stderr.write(`\n${problems.length} problems that did not stop the run:\n${shown.join('')}`);
  if (more > 0) io.stderr.write(`  … and ${more} more, in the run record\n`);
}
