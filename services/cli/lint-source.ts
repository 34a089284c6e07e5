import { type Dirent, existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PipelineError } from '../core/error.ts';
import type { WorkflowFile } from '../runner/load.ts';
import { readPipe, readStdin } from './read-input.ts';
import { workflowFolders } from './run/run-request.ts';
import type { Session } from './session.ts';

const YAML = /\.ya?ml$/i;

/**
 * The files to check: those named, the YAML files of folders that are named, standard input for `-`; without names
 * `workflows/` of the working folder, or else the package's own. `config-invalid` for what cannot be read and for a folder without YAML.
 */
export async function lintSource(
  { io, signal }: Pick<Session, 'io' | 'signal'>,
  names: readonly string[],
): Promise<WorkflowFile[]> {
  if (names.length === 0) return readFolder(defaultFolder(io.cwd), 'workflows');
  const files: WorkflowFile[] = [];
  for (const name of new Set(names)) {
    if (name === '-') files.push({ file: '(stdin)', text: await readStdin(io.stdin, signal) });
    else files.push(...(await readNamed(resolve(io.cwd, name), { name, signal })));
  }
  return files;
}

/** The folder that is read when none is named. */
export function defaultFolder(cwd: string): string {
  return workflowFolders(cwd).find((folder) => existsSync(folder)) ?? cwd;
}

async function readNamed(
  path: string,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<WorkflowFile[]> {
  try {
    const piped = await readPipe(path, signal);
    return [{ file: name, text: piped ?? (await readFile(path, 'utf8')) }];
  } catch (cause) {
    signal.throwIfAborted();
    if (codeOf(cause) === 'EISDIR') return readFolder(path, name.replace(/\/+$/, ''));
    throw unreadable(name, cause);
  }
}

async function readFolder(path: string, name: string): Promise<WorkflowFile[]> {
  const entries = await list(path, name);
  const found = entries.filter((entry) => entry.isFile() && YAML.test(entry.name));
  if (found.length === 0) {
    throw new PipelineError('config-invalid', `${name} holds no *.yaml or *.yml`, {
      hint: 'name files, or a folder with YAML files in it (folders below it are not looked at)',
    });
  }
  const names = found.map((entry) => entry.name).toSorted();
  return Promise.all(
    names.map(async (file) => {
      return { file: `${name}/${file}`, text: await readFile(join(path, file), 'utf8') };
    }),
  );
}

async function list(path: string, name: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (cause) {
    throw unreadable(name, cause);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function unreadable(name: string, cause: unknown): PipelineError {
  const why = codeOf(cause) === 'ENOENT' ? 'is not there' : `cannot be read (${codeOf(cause)})`;
  return new PipelineError('config-invalid', `${name} ${why}`, {
    hint: 'argosy lint FILE.yaml FOLDER/ …; - reads standard input, as in helm template … | argosy lint -',
    cause,
  });
}
