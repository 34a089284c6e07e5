import { PipelineError } from '../../core/error.ts';
import { openDatabase } from '../../stages/serve/database.ts';
import { findDatabase, findWing, WINGS } from '../commands.ts';
import { asking, serving } from '../host.ts';
import { printResult } from '../view/print-result.ts';
import type { Given, Work } from '../program.ts';
import { checkedDate } from '../run/run-identity.ts';
import { readStdin } from '../read-input.ts';
import type { Session } from '../session.ts';
import { openExistingWarehouse } from '../wire/warehouse.ts';

/** `argosy query SQL`: one SELECT over a pipeline's tables. */
export const query: Work = async (session, given) => {
  const { asOf: day } = given.flags;
  const asOf = day === undefined ? null : checkedDate(day);
  if (given.flags.named !== undefined) return queryNamed(session, given, asOf);
  const sql = await readSql(session, given);
  if (given.flags.warehouse === true) return queryWarehouse(session, given, sql);
  const pipeline = given.flags.pipeline ?? pipelineNamedIn(sql);
  const ports = serving(session, pipeline);
  const engine = await openDatabase(
    ports,
    await findDatabase(pipeline, asking(session, pipeline, sql)),
    asOf,
  );
  try {
    await printResult(session, await engine.select(sql), given);
    return 0;
  } finally {
    await engine.close();
  }
};

/** `argosy query --named NAME`: a question that a pipeline knows by name. The day that it is about goes to stderr. */
async function queryNamed(session: Session, given: Given, asOf: string | null): Promise<number> {
  const { named = '', warehouse } = given.flags;
  if (given.args.length > 0 || warehouse === true) {
    throw new PipelineError('config-invalid', '--named takes neither SQL nor --warehouse', {
      hint: `argosy query --named ${named}`,
    });
  }
  const pipeline =
    given.flags.pipeline ?? Object.keys(WINGS).find((name) => 'named' in (WINGS[name] ?? {}));
  const questions = await findWing(pipeline ?? '').named?.();
  if (pipeline === undefined || questions === undefined) {
    throw new PipelineError('config-invalid', `pipeline ${pipeline} has no named queries`, {
      hint: 'leave out --pipeline',
    });
  }
  const answer = await questions.ask(serving(session, pipeline), named, asOf);
  if (asOf === null) session.io.stderr.write(`as of ${answer.asOf}, the newest day published\n`);
  await printResult(session, answer.result, given);
  return 0;
}

/** `argosy query --warehouse SQL`: one SELECT over the tables of the warehouse. */
async function queryWarehouse(session: Session, given: Given, sql: string): Promise<number> {
  const strange = (['pipeline', 'asOf'] as const).find((name) => given.flags[name] !== undefined);
  if (strange !== undefined) {
    const flag = strange === 'asOf' ? '--as-of' : '--pipeline';
    throw new PipelineError('config-invalid', `${flag} says nothing to the warehouse`, {
      hint: `leave out ${flag}: the warehouse holds the tables of all pipelines that load into it`,
    });
  }
  const warehouse = await openExistingWarehouse(session);
  const { signal } = session;
  await printResult(session, await warehouse.select(sql, undefined, { signal }), given);
  return 0;
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
