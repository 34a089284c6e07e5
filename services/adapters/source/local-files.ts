import { opendir, realpath, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { PipelineError, type ErrorKind } from '../../core/error.ts';
import { SOURCE_FILES_MAX } from '../../core/limit.ts';
import { compareKeys } from '../../core/key.ts';
import { printable } from '../../core/printable.ts';
import type { SourceFile } from '../../ports/source.ts';

export interface LocalFilesOptions {
  /** The `file:` addresses that the operator named; no others are read. */
  named: readonly string[];
  /** What `file:folder` without slashes is meant from. */
  cwd: string;
}

/**
 * The files of this machine that a named `file:` address stands for: the file itself, or the files directly in the
 * folder (none whose name begins with a dot, and no link that leads out of it), by name. `not-found`, `denied`, and `config-invalid` for an address that
 * the operator did not name.
 */
export function localFiles({ named, cwd }: LocalFilesOptions) {
  return async (url: string): Promise<readonly SourceFile[]> => {
    if (!named.includes(url)) {
      throw new PipelineError('config-invalid', `${printable(url)} was not named as a source`);
    }
    const path = pathOf(url, cwd);
    try {
      const stats = await stat(path);
      if (!stats.isDirectory()) return [await fileAt(path)];
      const folder = await realpath(path);
      return await Promise.all(
        (await namesIn(path)).map((name) => fileAt(join(path, name), folder)),
      );
    } catch (error) {
      throw translate(error, url);
    }
  };
}

async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of await opendir(folder)) {
    if (entry.name.startsWith('.') || entry.isDirectory()) continue;
    names.push(entry.name);
    if (names.length <= SOURCE_FILES_MAX) continue;
    throw new PipelineError('too-large', `${folder}: more than ${SOURCE_FILES_MAX} files`);
  }
  return names.toSorted(compareKeys);
}

/** A link in a folder may have been put there by whoever delivers the files: it must not lead out of it. */
async function fileAt(path: string, folder?: string): Promise<SourceFile> {
  const real = await realpath(path);
  if (folder !== undefined && !real.startsWith(folder + sep)) {
    throw new PipelineError('config-invalid', `${printable(path)} leads out of its folder`);
  }
  const stats = await stat(real, { bigint: true });
  if (!stats.isFile()) throw new PipelineError('config-invalid', `${printable(path)} is no file`);
  // As stores do it: the time of the last change with the size, and the file itself.
  const etag = [stats.mtimeNs, stats.size, stats.ino].map((part) => part.toString(36)).join('-');
  return { url: pathToFileURL(path).href, path: real, etag, sizeBytes: Number(stats.size) };
}

function pathOf(url: string, cwd: string): string {
  const rest = url.slice('file:'.length);
  try {
    return rest.startsWith('//') ? fileURLToPath(url) : resolve(cwd, decodeURIComponent(rest));
  } catch (cause) {
    throw new PipelineError('config-invalid', `${printable(url)} is no address of a file`, {
      hint: 'write file:///folder/file.csv, or file:folder/file.csv relative to here',
      cause,
    });
  }
}

const KIND_OF_CODE: Record<string, ErrorKind> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  ENAMETOOLONG: 'not-found',
  EACCES: 'denied',
  EPERM: 'denied',
  ELOOP: 'config-invalid',
};

function translate(error: unknown, url: string): PipelineError {
  if (error instanceof PipelineError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const kind = KIND_OF_CODE[code ?? ''] ?? 'unavailable';
  const said = `${printable(url)} cannot be read: ${code ?? message}`;
  return new PipelineError(kind, said, { cause: error });
}
