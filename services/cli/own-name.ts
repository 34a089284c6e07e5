import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * How argosy is to be called again in what is suggested to the user: `argosy` where it is a program on PATH, as in the
 * image, else `npx argosy`. Within npm the PATH is npm's own and says nothing.
 */
export function ownName(env: Readonly<Record<string, string | undefined>>): string {
  const folders = env['npm_command'] === undefined ? (env['PATH'] ?? '').split(delimiter) : [];
  const isThere = folders.some((folder) => folder !== '' && canRun(join(folder, 'argosy')));
  return isThere ? 'argosy' : 'npx argosy';
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: the next folder of PATH is asked.
    return false;
  }
}
