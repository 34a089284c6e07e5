import { PipelineError } from '../../core/error.ts';
import type { QueryResult } from '../../ports/query-engine.ts';
import { plainResult, type TextResult } from './cell.ts';
import { faultOf } from './sql-error.ts';
import type { SqlSession } from './sql-session.ts';

/** The first word of a statement behind blanks, comments and brackets. */
const FIRST_WORD = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|\()*([a-z]+)/i;
const ROWS = ['SELECT', 'WITH', 'VALUES', 'TABLE'];
const WORDS = ['EXPLAIN', 'SHOW'];

const SELECT_MS_MAX = 5 * 60_000;
/** Rows that are fetched at a time. */
const FETCH_ROWS = 10_000;

/**
 * A reader's statement in a read-only transaction, which is rolled back. Rows come through a cursor: PostgreSQL makes
 * one for a single SELECT alone, so nothing else gets in, and no more rows are read than may be shown.
 */
export async function selectOnly(
  session: SqlSession,
  sql: string,
  rowsMax: number,
): Promise<QueryResult> {
  const statement = sql.trim().replace(/;$/, '');
  const word = FIRST_WORD.exec(statement)?.[1]?.toUpperCase() ?? '';
  if (![...ROWS, ...WORDS].includes(word)) {
    const what = word === '' ? 'query is not a statement' : `query is a ${word} statement`;
    throw denied(`${what}; only reading is allowed`);
  }
  await session.exec(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${SELECT_MS_MAX}`);
  try {
    const result = WORDS.includes(word)
      ? await session.query(statement, [])
      : await fetched(session, statement, rowsMax);
    return plainResult(result, rowsMax);
  } catch (thrown) {
    throw refusal(thrown);
  } finally {
    // What went wrong before is what is told; nothing was written.
    await session.exec('ROLLBACK').catch(() => undefined);
  }
}

async function fetched(session: SqlSession, sql: string, rowsMax: number): Promise<TextResult> {
  await session.query(`DECLARE argosy_rows NO SCROLL CURSOR FOR\n${sql}`, []);
  const rows: (readonly (string | null)[])[] = [];
  let fields: TextResult['fields'] = [];
  for (;;) {
    const wanted = Math.min(FETCH_ROWS, rowsMax + 1 - rows.length);
    const batch = await session.query(`FETCH FORWARD ${wanted} FROM argosy_rows`, []);
    ({ fields } = batch);
    for (const row of batch.rows) rows.push(row);
    if (batch.rows.length < wanted || rows.length > rowsMax) return { fields, rows };
  }
}

/** What PostgreSQL says of a statement that would write or that holds several, in our word for it. */
function refusal(thrown: unknown): unknown {
  const { code, message } = faultOf(thrown);
  const isSeveral = code === '42601' && /multiple commands/.test(message);
  const isWriting =
    code === '25006' || (/^(?:0A000|42P11|42601)$/.test(code ?? '') && WRITES.test(message));
  if (isSeveral) return denied('query holds several statements, not one', thrown);
  return isWriting ? denied(`query would write: ${message}`, thrown) : thrown;
}

const WRITES = /data-modifying|DECLARE CURSOR must not|\bINTO\b|read-only/i;

function denied(message: string, cause?: unknown): PipelineError {
  return new PipelineError('denied', message, {
    hint: 'give one SELECT, VALUES, TABLE, SHOW or EXPLAIN statement',
    ...(cause === undefined ? {} : { cause }),
  });
}
