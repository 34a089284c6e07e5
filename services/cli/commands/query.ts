import { PipelineError } from '../../core/error.ts';
import { humaneAge } from '../../core/humane.ts';
import type { QueryResult } from '../../ports/query-engine.ts';
import type { Asking } from '../ask/asking.ts';
import { askDuckdb, askNamedDuckdb } from '../ask/duckdb.ts';
import { engineOf } from '../ask/engine.ts';
import { openLedger } from '../ask/ledger.ts';
import { limitsOf } from '../ask/limits.ts';
import { isSteady } from '../../stages/serve/history/normal-sql.ts';
import { askWarehouse } from '../ask/warehouse.ts';
import { findWing, WINGS } from '../commands.ts';
import { printResult } from '../view/print-result.ts';
import type { Given, Work } from '../program.ts';
import { checkedDate } from '../run/run-identity.ts';
import { readStdin } from '../read-input.ts';
import type { Session } from '../session.ts';

/** `argosy query SQL`: one SELECT over a pipeline's tables. */
export const query: Work = async (session, given) => {
  const asking = await askingOf(session, given);
  const { rowsMax } = limitsOf(given.flags);
  const usesAnswers = given.flags.cache !== false;
  const ledger = openLedger(session, asking, { usesAnswers, rowsMax });
  const kept = await ledger.find();
  if (kept !== null) {
    const ageMs = session.io.clock.now().getTime() - Date.parse(kept.answered_at);
    const age = humaneAge(ageMs) === 'now' ? 'just now' : `${humaneAge(ageMs)} ago`;
    tell(session, `answered ${age}, nothing published since: --no-cache asks again`);
    await show(session, { given, asking, asOf: kept.as_of, result: kept });
    await ledger.shownAgain(kept);
    return 0;
  }
  try {
    const answer = await asking.ask(usesAnswers && isSteady(asking.question.sql));
    await show(session, { given, asking, asOf: answer.asOf, result: answer });
    if (asking.isEmpty === true && answer.tables.length > 0) tellEmpty(session, asking);
    await ledger.shown(answer);
    return 0;
  } catch (error) {
    await ledger.failed(error);
    throw error;
  }
};

interface Shown {
  given: Given;
  asking: Asking;
  asOf: string | null;
  result: QueryResult;
}

async function show(session: Session, { given, asking, asOf, result }: Shown): Promise<void> {
  const { named, asOf: wanted } = asking.question;
  if (named !== null && wanted === null) tell(session, `as of ${asOf}, the newest day published`);
  await printResult(session, { columns: result.columns, rows: result.rows }, given);
}

function tellEmpty(session: Session, { question: { pipeline } }: Asking): void {
  tell(session, `${pipeline} has published nothing yet: first argosy run ${pipeline}`);
}

function tell({ io }: Session, line: string): void {
  io.stderr.write(`${line}\n`);
}

async function askingOf(session: Session, given: Given): Promise<Asking> {
  const { flags } = given;
  const asOf = flags.asOf === undefined ? null : checkedDate(flags.asOf);
  const limits = limitsOf(flags);
  const isAthena = flags.warehouse !== true && engineOf(session, flags) === 'athena';
  if (flags.named !== undefined) {
    const named = { ...(await namedOf(given, flags.named)), asOf, limits };
    if (isAthena) return (await import('../ask/athena.ts')).askNamedAthena(session, named);
    return askNamedDuckdb(session, named);
  }
  const sql = await readSql(session, given);
  if (flags.warehouse === true) return askWarehouse(session, { sql, flags, limits });
  const free = { pipeline: flags.pipeline ?? pipelineNamedIn(sql), sql, asOf, limits };
  if (isAthena) return (await import('../ask/athena.ts')).askAthena(session, free);
  return askDuckdb(session, free);
}

/** A question that a pipeline knows by name: the one of `--pipeline`, or the first that knows any. */
async function namedOf(given: Given, name: string) {
  const { flags, args } = given;
  if (args.length > 0 || flags.warehouse === true) {
    throw new PipelineError('config-invalid', '--named takes neither SQL nor --warehouse', {
      hint: `argosy query --named ${name}`,
    });
  }
  const pipeline =
    flags.pipeline ?? Object.keys(WINGS).find((one) => 'named' in (WINGS[one] ?? {}));
  const questions = await findWing(pipeline ?? '').named?.();
  if (pipeline === undefined || questions === undefined) {
    throw new PipelineError('config-invalid', `pipeline ${pipeline} has no named queries`, {
      hint: 'leave out --pipeline',
    });
  }
  return { pipeline, questions, name };
}

/** The pipeline whose database the SQL names; the first one when it names none. */
function pipelineNamedIn(sql: string): string {
  const names = Object.keys(WINGS);
  const named = names.find((name) =>
    new RegExp(String.raw`\b${WINGS[name]?.schema}"?\s*\.`, 'i').test(sql),
  );
  return named ?? names[0] ?? '';
}

async function readSql({ io, signal }: Session, { args }: Given): Promise<string> {
  const sql = args[0] === '-' ? await readStdin(io.stdin, signal) : (args[0] ?? '');
  if (sql.trim() !== '') return sql;
  throw new PipelineError('config-invalid', 'the query is empty', {
    hint: 'give one SELECT statement, for example: argosy query "FROM current_data LIMIT 5"',
  });
}
