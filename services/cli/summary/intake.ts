import { humaneBytes, humaneCount, humaneDuration } from '../../core/humane.ts';
import { queryFiles } from '../../pipelines/csv-intake/ledger.ts';
import { fileTable } from '../view/file-table.ts';
import { recordsOf } from '../host.ts';
import { widthOf } from '../view/print-result.ts';
import { printProblems, type RunEnd } from './run-summary.ts';
import type { Session } from '../session.ts';
import { formatSummary } from './summary.ts';

const PIPELINE = 'csv-intake';
/** Files of the run that are shown; `argosy files` lists all. */
const FILES_SHOWN_MAX = 20;

/** The end of a good run of csv-intake, on stdout: what was profiled, and what to ask next. */
export async function printIntakeSummary(
  session: Session,
  { record, durationMs, logPath }: RunEnd,
): Promise<void> {
  const records = recordsOf(session, PIPELINE);
  const since = record.started_at;
  const isNew = record.steps.some(({ step }) => step === 'record');
  const files = isNew ? await queryFiles({ records, signal: session.signal }, { since }) : [];
  const errors = files.filter(({ status }) => status === 'error').length;
  const rows = files.reduce((sum, { row_count: count }) => sum + count, 0);
  const bytes = files.reduce((sum, { size_bytes: size }) => sum + size, 0);
  const count = files.length === 1 ? '1 file' : `${humaneCount(files.length)} files`;
  const news = `${count}, ${humaneCount(rows)} rows, ${humaneBytes(bytes)}`;
  const facts: [string, string][] = [
    ['run', record.run_id],
    ['profiled', files.length === 0 ? 'nothing new' : news],
    ['errors', humaneCount(errors)],
    ['time', humaneDuration(durationMs)],
  ];
  if (logPath !== null) facts.push(['log', logPath]);
  const flag = session.flags.sample === true ? ' --sample' : '';
  const good = files.find(({ status }) => status === 'success');
  const example = (good ?? files[0] ?? { file_name: 'NAME' }).file_name;
  const name = /^[\w./-]+$/.test(example) ? example : 'NAME';
  const table = name.replace(/(?<=.)\.csv(?:\.gz)?$/i, '');
  const summary = {
    title: `${PIPELINE} succeeded`,
    facts,
    ...(files.length === 0 ? {} : { table: fileTable(files.slice(0, FILES_SHOWN_MAX)) }),
    next: [
      { command: `${session.self} files${flag} show ${name}`, about: 'the whole profile' },
      {
        command: `${session.self} files${flag} --status error`,
        about: 'what could not be read, and why',
      },
      {
        command: `${session.self} query${flag} 'FROM csv_intake."${table}" LIMIT 5'`,
        about: 'its rows as a table',
      },
    ],
  };
  session.io.stdout.write(formatSummary(summary, { widthMax: widthOf(session) }));
  printProblems(session, record);
}
