import { join, relative } from 'node:path';
import type { WriteStream } from 'node:fs';
import { type Session, sideFolder } from '../session.ts';
import { openLog } from './watch-run.ts';

/** Where the log of a plan's runs goes. */
export interface PlanLog {
  /** As seen from the working folder; null when there is none. */
  path(): string | null;
  end(): Promise<void>;
}

/** Log lines for people go to one file a plan, for machines (`json`) they stay on stderr. */
export async function planLog(session: Session, id: string): Promise<PlanLog> {
  const { io, config, writer } = session;
  const path = join(sideFolder(session, 'logs'), `backfill-${id}.log`);
  const before = { write: writer.write.bind(writer) };
  let file: WriteStream | null = null;
  const giveUp = (error: NodeJS.ErrnoException) => {
    io.stderr.write(
      `warning: the log ${relative(io.cwd, path)} cannot be written: ${error.code}\n`,
    );
    file = null;
  };
  if (config.log.format !== 'json') file = await openLog(path, giveUp);
  writer.write = (line) => (file === null ? before.write(line) : file.write(line));
  return {
    path: () => (file === null ? null : relative(io.cwd, path)),
    end: async () => {
      await session.log.flush();
      writer.write = before.write;
      const last = file;
      if (last !== null) await new Promise<void>((resolve) => last.end(() => resolve()));
    },
  };
}
