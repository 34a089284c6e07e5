import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type Session, sideFolder } from '../session.ts';
import { type RunView, runView, terminalOf } from '../view/view.ts';

/** A run as it is watched, and where its log is kept. */
export interface Watch {
  view: RunView;
  /** The log file, as seen from the working folder; null when there is none. */
  logPath(): string | null;
  /** Draws the last state. Twice equals once. */
  end(): Promise<void>;
}

/**
 * The live view on stderr. Log lines for people go to a file then, for machines (`json`) they stay on stderr. A file
 * that cannot be written is told once; its lines go to stderr from then on.
 */
export async function watchRun(session: Session, name: string): Promise<Watch> {
  const { io, flags, config } = session;
  const path = join(sideFolder(session, 'logs'), `${name}.log`);
  const terminal = terminalOf(io.stderr, io.env);
  const view = runView({
    stream: io.stderr,
    isTerminal: terminal.isTerminal,
    hasColor: terminal.hasColor && flags.color !== false,
    clock: io.clock,
  });
  let file: WriteStream | null = null;
  const giveUp = (error: NodeJS.ErrnoException) => {
    view.writeLine(
      `warning: the log ${relative(io.cwd, path)} cannot be written: ${error.code ?? error.message}\n`,
    );
    file = null;
  };
  if (config.log.format !== 'json') file = await openLog(path, giveUp);
  session.writer.write = (line) => (file ? file.write(line) : view.writeLine(line));
  let ending: Promise<void> | null = null;
  const end = async () => {
    view.end();
    await session.log.flush();
    const last = file;
    if (last) await new Promise<void>((resolve) => last.end(() => resolve()));
  };
  return {
    view,
    logPath: () => (file ? relative(io.cwd, path) : null),
    end: () => (ending ??= end()),
  };
}

/**
 * The opened file, or null once `giveUp` was told why there is none; of later faults it is told the
 * first.
 */
export async function openLog(
  path: string,
  giveUp: (error: NodeJS.ErrnoException) => void,
): Promise<WriteStream | null> {
  try {
    await mkdir(join(path, '..'), { recursive: true });
  } catch (error) {
    giveUp(error as NodeJS.ErrnoException);
    return null;
  }
  const file = createWriteStream(path, { flags: 'a' });
  return new Promise((resolve) => {
    let isTold = false;
    file.on('error', (error) => {
      if (!isTold) giveUp(error);
      isTold = true;
      resolve(null);
    });
    file.once('open', () => resolve(file));
  });
}
