import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { compareKeys } from '../../core/key.ts';
import { isDenied, isMissing } from './filesystem-error.ts';
import { isContinued, keyToNames, nameToPiece, TEMP_FOLDER } from './filesystem-name.ts';

/** A file that may be an object: whether it still is one shows when it is looked at. */
export interface Candidate {
  key: string;
  path: string;
}

/** Told of a folder below the root that may not be read, by the beginning of its keys; it is then left out. */
export type OnUnreadable = (prefix: string, error: unknown) => void;

interface Entry {
  segment: string;
  path: string;
  isFolder: boolean;
}

/** The files below a bucket's folder whose keys begin with the prefix, in the order of the keys' bytes. */
export async function* walk(
  root: string,
  prefix: string,
  onUnreadable?: OnUnreadable,
): AsyncGenerator<Candidate> {
  for await (const candidate of walkFolder({ folder: root, key: '' }, prefix, onUnreadable)) {
    // A file that a key of this text would not be kept in is not ours, so it could not be opened by its key.
    if (join(root, ...keyToNames(candidate.key)) === candidate.path) yield candidate;
  }
}

async function* walkFolder(
  { folder, key: parentKey }: { folder: string; key: string },
  prefix: string,
  onUnreadable: OnUnreadable | undefined,
): AsyncGenerator<Candidate> {
  const entries = await readLevel(folder, '', parentKey === '').catch((error: unknown) => {
    if (onUnreadable === undefined || parentKey === '' || !isDenied(error)) throw error;
    onUnreadable(parentKey, error);
    return [];
  });
  for (const { segment, path, isFolder } of entries) {
    const key = parentKey + segment;
    if (!isFolder && key.startsWith(prefix)) yield { key, path };
    const below = `${key}/`;
    if (isFolder && (below.startsWith(prefix) || prefix.startsWith(below))) {
      yield* walkFolder({ folder: path, key: below }, prefix, onUnreadable);
    }
  }
}

/** The segments of one level; long ones are put together again from the folders that hold their pieces. */
async function readLevel(folder: string, begun: string, isTop: boolean): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const dirent of await readFolder(folder)) {
    const piece = isTop && dirent.name === TEMP_FOLDER ? null : nameToPiece(dirent.name);
    if (piece === null) continue;
    const path = join(folder, dirent.name);
    const segment = begun + piece;
    if (dirent.isDirectory() && isContinued(dirent.name)) {
      entries.push(...(await readLevel(path, segment, false)));
    } else if (dirent.isDirectory() || dirent.isFile() || dirent.isSymbolicLink()) {
      entries.push({ segment, path, isFolder: dirent.isDirectory() });
    }
  }
  return entries.toSorted((a, b) => compareKeys(sortText(a), sortText(b)));
}

/** Below a folder every key goes on with a slash, and that counts in the order. */
function sortText(entry: Entry): string {
  return entry.isFolder ? `${entry.segment}/` : entry.segment;
}

async function readFolder(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
