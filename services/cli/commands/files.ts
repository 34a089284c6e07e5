import { PipelineError } from '../../core/error.ts';
import { type FileQuery, queryFiles, versionsOf } from '../../pipelines/csv-intake/ledger.ts';
import { givenName } from '../../pipelines/csv-intake/upload.ts';
import { fileTable } from '../view/file-table.ts';
import { formatProfile } from '../view/file-view.ts';
import { recordsOf } from '../host.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import type { Given, Work } from '../program.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../view/text-table.ts';

const PIPELINE = 'csv-intake';

/** `argosy files`: the records of profiled files, filtered by status and date. */
export const files: Work = async (session, given) => {
  const { status, since } = given.flags;
  if (status !== undefined && status !== 'success' && status !== 'error') {
    throw new PipelineError('config-invalid', `--status ${status} is no status of a file`, {
      hint: 'give success or error',
    });
  }
  const records = recordsOf(session, PIPELINE);
  const wanted: FileQuery = {
    status,
    since: since === undefined ? undefined : moment(since, session),
  };
  const found = await queryFiles({ records, signal: session.signal }, wanted);
  if (given.flags.json === true) printJson(session, found);
  else if (found.length === 0) session.io.stdout.write(nothing(given));
  else {
    const { columns, rows } = fileTable(found);
    session.io.stdout.write(formatTable(columns, rows, { widthMax: widthOf(session) }));
  }
  return 0;
};

/** `argosy files show NAME`: the profile of a file, its newest version first; with `--history` all its versions. */
export const showFile: Work = async (session, given) => {
  const name = givenName(given.args[0] ?? '');
  const records = recordsOf(session, PIPELINE);
  const versions = await versionsOf({ records, signal: session.signal }, name);
  const [newest] = versions;
  if (newest === undefined) {
    throw new PipelineError('not-found', `no file ${JSON.stringify(name)} has a record`, {
      hint: 'argosy files lists the names; argosy run csv-intake profiles what is new',
    });
  }
  const isHistory = given.flags.history === true;
  if (given.flags.json === true) printJson(session, isHistory ? versions : newest);
  else if (isHistory) {
    const { columns, rows } = fileTable(versions);
    session.io.stdout.write(formatTable(columns, rows, { widthMax: widthOf(session) }));
  } else session.io.stdout.write(formatProfile(newest, { widthMax: widthOf(session) }));
  return 0;
};

function nothing({ flags }: Given): string {
  const isFiltered = flags.status !== undefined || flags.since !== undefined;
  if (isFiltered) return 'no file meets that\n';
  const flag = flags.sample === true ? ' --sample' : '';
  return `no file has been profiled yet: argosy run csv-intake${flag}\n`;
}

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A day or a moment in ISO form, or a time back from now: 30m, 2h, 7d. */
function moment(text: string, { io }: Session): string {
  const back = /^(\d{1,6})([mhd])$/.exec(text);
  if (back) {
    const unit = back[2] as keyof typeof UNITS_MS;
    return new Date(io.clock.now().getTime() - Number(back[1]) * UNITS_MS[unit]).toISOString();
  }
  const date = new Date(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(date.getTime())) return date.toISOString();
  throw new PipelineError('config-invalid', `--since ${text} is no moment`, {
    hint: 'for example --since 2026-11-21, --since 2026-11-21T12:00Z or --since 2h',
  });
}
