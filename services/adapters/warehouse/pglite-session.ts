import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { PGlite, Results } from '@electric-sql/pglite';
import type { SqlSession } from './sql-session.ts';

/** Where the database sees the folder that rows are copied from. */
const SPOOL_PLACE = '/argosy-spool';

/** The one session of an embedded database. */
export async function pgliteSession(database: PGlite, folder: string): Promise<SqlSession> {
  textOnly(database);
  const spool = join(folder, 'spool');
  await rm(spool, { recursive: true, force: true });
  await mkdir(spool, { recursive: true, mode: 0o700 });
  const { FS, NODEFS } = database.Module;
  FS.mkdirTree(SPOOL_PLACE);
  FS.mount(NODEFS, { root: spool }, SPOOL_PLACE);
  return {
    exec: async (sql) => endOf((await database.exec(sql, { rowMode: 'array' })).at(-1)),
    query: async (sql, values) => {
      const answer = await database.query<(string | null)[]>(sql, [...values], {
        rowMode: 'array',
      });
      return { fields: answer.fields, rows: answer.rows, ...endOf(answer) };
    },
    // Its protocol takes a COPY in one piece only; from a file it reads as it goes.
    copyIn: async (copy, csv) => {
      const name = 'rows.csv';
      await pipeline(csv, createWriteStream(join(spool, name)));
      try {
        const answer = await database.exec(`${copy} FROM '${SPOOL_PLACE}/${name}' (FORMAT csv)`);
        return endOf(answer.at(-1)).rowCount;
      } finally {
        await rm(join(spool, name), { force: true });
      }
    },
    // A statement runs on this very thread: nothing gets between.
    cancel: () => undefined,
  };
}

/** Takes out every conversion of values, so that exact numbers and times stay as the server prints them. */
function textOnly({ parsers, serializers }: PGlite): void {
  for (const type of Object.keys(parsers)) parsers[type] = (text) => text;
  for (const type of Object.keys(serializers)) serializers[type] = String;
}

function endOf(answer: Results | undefined): { command: string; rowCount: number } {
  return { command: answer?.command ?? '', rowCount: answer?.rowCount ?? 0 };
}
