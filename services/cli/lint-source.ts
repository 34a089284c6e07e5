import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { PipelineError } from '../core/error.ts';
import type { WorkflowFile } from '../runner/load.ts';
import { packageFolder } from './run-request.ts';
import type { Io } from './session.ts';

const YAML = /\.ya?ml$/i;

/**
 * The files to check: those named, the YAML files of folders that are named, standard input for `-`; without names the
 * package's own `workflows/`. `config-invalid` for what cannot be read and for a folder without YAML.
 */
export async function lintSource(
  io: Pick<Io, 'cwd' | 'stdin'>,
  names: readonly string[],
): Promise<WorkflowFile[]> {
  if (names.length === 0) return readFolder(join(packageFolder(), 'workflows'), 'workflows');
  const files: WorkflowFile[] = [];
  for (const name of new Set(names)) {
    if (name === '-') files.push({ file: '(stdin)', text: await text(io.stdin) });
    else files.push(...(await readNamed(resolve(io.cwd, name), name)));
  }
  return files;
}

async function readNamed(path: string, name: string): Promise<WorkflowFile[]> {
  try {
    return [{ file: name, text: await readFile(path, 'utf8') }];
  } catch (cause) {
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
