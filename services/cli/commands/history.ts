import { PipelineError } from '../../core/error.ts';
import { humaneBytes, humaneCount, humaneDuration } from '../../core/humane.ts';
import { nearest } from '../../core/nearest.ts';
import { printable } from '../../core/printable.ts';
import { type QueryRecord, readHistory } from '../../stages/serve/history/query-history.ts';
import { findWing, WINGS } from '../commands.ts';
import { bucketFor } from '../host.ts';
import { printJson, widthOf } from '../view/print-result.ts';
import { formatTable } from '../view/text-table.ts';
import type { Flags, Work } from '../program.ts';
import { countOf, type Session } from '../session.ts';

const FIGURES = new Set(['took', 'read', 'rows']);
const ENGINES = ['duckdb', 'athena', 'postgres'];

/** `argosy history`: the newest questions to all pipelines, or to one. */
export const history: Work = async (session, { flags }) => {
  const countMax = countOf('--limit', flags.limit);
  const isWanted = wantedBy(flags);
  if (flags.pipeline !== undefined) findWing(flags.pipeline);
  const pipelines = flags.pipeline === undefined ? Object.keys(WINGS) : [flags.pipeline];
  const found = await Promise.all(
    pipelines.map((pipeline) => historyOf(session, pipeline, { countMax, isWanted })),
  );
  const records = found
    .flat()
    .toSorted((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, countMax);
  if (flags.json === true) printJson(session, records);
  else print(session, records);
  return 0;
};

function wantedBy({ engine, failed }: Flags): (record: QueryRecord) => boolean {
  if (engine !== undefined && !ENGINES.includes(engine)) {
    const near = nearest(engine, ENGINES);
    throw new PipelineError('config-invalid', `--engine ${engine} is not known`, {
      hint: `${near === undefined ? '' : `did you mean ${near}? `}Known: ${ENGINES.join(', ')}`,
    });
  }
  return (record) =>
    (engine === undefined || record.engine === engine) &&
    (failed !== true || record.status === 'failed');
}

async function historyOf(
  session: Session,
  pipeline: string,
  wanted: { countMax: number; isWanted: (record: QueryRecord) => boolean },
): Promise<QueryRecord[]> {
  try {
    const { signal } = session;
    return await readHistory(bucketFor(session, pipeline), { ...wanted, signal });
  } catch (error) {
    // A bucket that was never made has had no questions.
    if (error instanceof PipelineError && error.kind === 'config-invalid') return [];
    throw error;
  }
}

function print(session: Session, records: readonly QueryRecord[]): void {
  const { stdout, stderr } = session.io;
  if (records.length === 0) {
    stderr.write('no questions are kept\n');
    return;
  }
  const heads = ['asked (UTC)', 'engine', 'took', 'read', 'rows', 'question'];
  const columns = heads.map((name) => ({
    name,
    align: FIGURES.has(name) ? ('right' as const) : ('left' as const),
  }));
  stdout.write(formatTable(columns, records.map(rowOf), { widthMax: widthOf(session) }));
}

function rowOf(record: QueryRecord): string[] {
  const { scanned_bytes: scanned, rows } = record;
  const read = record.cache_hit ? 'kept' : scanned === null ? '-' : humaneBytes(scanned);
  return [
    printable(record.asked_at.slice(0, 19).replace('T', ' ')),
    printable(record.engine),
    humaneDuration(record.duration_ms),
    read,
    printable(record.error_class ?? '') || (rows === null ? '-' : humaneCount(rows)),
    questionOf(record),
  ];
}

function questionOf({ named, sql, as_of: asOf }: QueryRecord): string {
  const what = named === null ? sql.replaceAll(/\s+/g, ' ').trim() : `--named ${named}`;
  return printable(asOf === null ? what : `${what} (as of ${asOf})`);
}
