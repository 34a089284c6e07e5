import type { Client, QueryArrayConfig, QueryArrayResult } from 'pg';
import type { CopyStreamQuery } from 'pg-copy-streams';
import type { SqlSession } from './sql-session.ts';

/** A connection of `pg`; `another` opens a second one, from which a statement of this one can be stopped. */
export function postgresSession(client: Client, another: () => Promise<Client>): SqlSession {
  const exec = async (sql: string) => {
    const answer: unknown = await client.query({ text: sql, rowMode: 'array', types: TEXT_TYPES });
    return endOf(Array.isArray(answer) ? answer.at(-1) : answer);
  };
  return {
    exec,
    query: async (sql, values) => {
      const asked: QueryArrayConfig<(string | null)[]> & { queryMode: 'extended' } = {
        text: sql,
        values: [...values],
        rowMode: 'array',
        types: TEXT_TYPES,
        // One statement, even where there are no values.
        queryMode: 'extended',
      };
      const answer = await client.query<(string | null)[]>(asked);
      return { fields: answer.fields ?? [], rows: answer.rows, ...endOf(answer) };
    },
    copyIn: async (copy, csv) => {
      const { from } = await import('pg-copy-streams');
      return pour(csv, client.query(from(`${copy} FROM STDIN (FORMAT csv)`)));
    },
    cancel: () => {
      // A cancelled statement fails by itself; where that cannot be asked for, its connection is cut.
      cancelFrom(another, client).catch(() => client.end().catch(() => undefined));
    },
  };
}

/** Nothing becomes a Date or a float: cells stay as the server prints them. */
const TEXT_TYPES = { getTypeParser: () => (text: unknown) => text };

function endOf(answer: unknown): { command: string; rowCount: number } {
  const { command, rowCount } = answer as Pick<QueryArrayResult, 'command' | 'rowCount'>;
  return { command: command ?? '', rowCount: rowCount ?? 0 };
}

async function cancelFrom(another: () => Promise<Client>, client: Client): Promise<void> {
  const pid: unknown = Reflect.get(client, 'processID');
  const second = await another();
  try {
    await second.query('SELECT pg_cancel_backend($1)', [pid]);
  } finally {
    await second.end();
  }
}

/** Writes the text into COPY, no faster than the server takes it. The first that fails ends both. */
async function pour(csv: AsyncIterable<Uint8Array>, copy: CopyStreamQuery): Promise<number> {
  let failure: { error: unknown } | null = null;
  let wake = (): void => undefined;
  const ended = new Promise<void>((resolve) => {
    copy.on('error', (error) => {
      failure ??= { error };
      wake();
      resolve();
    });
    copy.once('finish', resolve);
    copy.once('close', resolve);
  });
  copy.on('drain', () => wake());
  const hasFailed = (): boolean => failure !== null;
  try {
    for await (const chunk of csv) {
      if (hasFailed()) break;
      if (!copy.write(chunk)) await new Promise<void>((resolve) => (wake = resolve));
    }
    if (!hasFailed()) copy.end();
  } catch (error) {
    // The source is what failed; the server is told, and has answered before anything else is asked.
    failure ??= { error };
    copy.destroy(error instanceof Error ? error : new Error('the source of the rows failed'));
  }
  await ended;
  throwIf(failure);
  return copy.rowCount;
}

function throwIf(failure: { error: unknown } | null): void {
  if (failure !== null) throw failure.error;
}
