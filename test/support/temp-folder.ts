import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An empty folder of the test's own; `remove` (or `await using`) takes it away with all that is in it. */
export interface TempFolder extends AsyncDisposable {
  path: string;
  remove(): Promise<void>;
}

/** Makes an empty folder outside the repository. */
export async function tempFolder(): Promise<TempFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'argosy-test-')));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 });
  return { path, remove, [Symbol.asyncDispose]: remove };
}
