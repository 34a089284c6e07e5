import {
  accessSync,
  constants,
  type FSWatcher,
  mkdirSync,
  readdirSync,
  statSync,
  watch,
} from 'node:fs';
import { join } from 'node:path';
import { PipelineError } from '../../core/error.ts';
import type { Clock } from '../../ports/clock.ts';
import type { BucketEvents, BucketNews } from '../../ports/bucket-events.ts';
import { isContinued, nameToPiece, TEMP_FOLDER } from '../object-store/filesystem-name.ts';
import { type Inbox, openInbox } from './inbox.ts';

export interface FolderEventsOptions {
  /** The folder of the bucket. It and the folder of the prefix are made when they are not there. */
  root: string;
  clock: Clock;
}

/** News kept for a listener that is busy; more of them are one `lost`, after which he looks for himself. */
const NEWS_MAX = 10_000;
/** How often a folder that is gone is looked for. */
const GONE_PAUSE_MS = 1_000;
/** Codes with which a system says that it watches no more folders. */
const EXHAUSTED = new Set(['ENOSPC', 'EMFILE', 'ENFILE']);

/**
 * News of a bucket that is a folder: every file that the system says was made, renamed or written. One watcher a
 * folder, so that files put into folders made a moment ago are told as well; such a folder is read once, after its
 * watcher is there.
 */
export function folderEvents({ root, clock }: FolderEventsOptions): BucketEvents {
  return {
    async *listen({ prefix, signal }) {
      const folders = prefix.split('/').slice(0, -1);
      while (!signal.aborted) {
        const inbox = openInbox<BucketNews>({
          countMax: NEWS_MAX,
          overflow: { type: 'lost', reason: 'changes come faster than they are taken' },
        });
        const tree = openTree({ root, folders, inbox });
        const stop = (): void => inbox.close();
        signal.addEventListener('abort', stop, { once: true });
        try {
          yield* withRelisten(inbox);
        } finally {
          signal.removeEventListener('abort', stop);
          tree.close();
        }
        if (!(await pause(clock, signal))) return;
      }
    },
  };
}

/** After news were lost the folder itself is still heard: whoever listens only has to look once. */
async function* withRelisten(inbox: Inbox<BucketNews>): AsyncGenerator<BucketNews> {
  for await (const news of inbox) {
    yield news;
    if (news.type === 'lost') yield { type: 'listening' };
  }
}

async function pause(clock: Clock, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(GONE_PAUSE_MS, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

interface Tree {
  root: string;
  folders: readonly string[];
  inbox: Inbox<BucketNews>;
}

/** Watches the folder of the prefix and all folders below it, until it is closed. */
function openTree({ root, folders, inbox }: Tree): { close(): void } {
  const watchers = new Map<string, FSWatcher>();
  const top = join(root, ...folders);

  const look = (path: string, names: readonly string[], isNews: boolean): void => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) return follow(path, names, isNews);
    const key = isNews ? keyOf(names) : null;
    if (key !== null) inbox.push({ type: 'changed', key });
  };

  const follow = (path: string, names: readonly string[], isNews: boolean): void => {
    if (watchers.has(path) || (names.length === 1 && names[0] === TEMP_FOLDER)) return;
    const watcher = open(path);
    if (watcher === null) return;
    watcher.on('change', (_event, name: string | null) => {
      if (!isThere(path)) return leave(path);
      if (name !== null) guard(() => look(join(path, name), [...names, name], true));
    });
    watcher.on('error', () => leave(path));
    watchers.set(path, watcher);
    for (const name of readdirSync(path)) look(join(path, name), [...names, name], isNews);
  };

  /** Null for a folder below the top that may not be read: what is in the others is heard all the same. */
  const open = (path: string): FSWatcher | null => {
    try {
      accessSync(path, constants.R_OK | constants.X_OK);
      return watch(path);
    } catch (error) {
      const isOthers = path !== top && ['EACCES', 'EPERM'].includes(codeOf(error));
      if (isOthers) return null;
      throw error;
    }
  };

  const leave = (path: string): void => {
    watchers.get(path)?.close();
    watchers.delete(path);
    if (path === top) inbox.close();
  };

  const guard = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      // A file or folder that is gone again is no news.
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return;
      inbox.close(refusal(error, top));
    }
  };

  guard(() => {
    mkdirSync(top, { recursive: true });
    follow(top, folders, false);
    inbox.push({ type: 'listening' });
  });
  return {
    close: () => {
      for (const watcher of watchers.values()) watcher.close();
      watchers.clear();
    },
  };
}

/** The key of a file by the names on its way; null for those that only a listing can put together. */
function keyOf(names: readonly string[]): string | null {
  const pieces = names.map((name) => (isContinued(name) ? null : nameToPiece(name)));
  return pieces.includes(null) ? null : pieces.join('/');
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function refusal(error: unknown, folder: string): PipelineError {
  const code = codeOf(error);
  const detail = { cause: error };
  if (code === '') return new PipelineError('bug', String(error), detail);
  const why = EXHAUSTED.has(code) ? 'the system watches no more folders' : 'it cannot be watched';
  return new PipelineError('unsupported', `${folder}: ${why} (${code})`, detail);
}
