import { readFile, realpath, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { PipelineError, type ErrorKind } from '../../core/error.ts';
import type { Source, SourceReply, SourceRequest } from '../../ports/source.ts';

export interface FolderSourceOptions {
  /** Files below this folder may be read, and no others. */
  folder: string;
}

/**
 * Bytes of local files by their `file:` address. Only what lies below the folder once links are resolved; everything
 * else is `config-invalid`. A query or fragment of the address is ignored, as a folder has none.
 */
export function folderSource(options: FolderSourceOptions): Source {
  return { fetch: (request) => fetchFile(options.folder, request) };
}

async function fetchFile(folder: string, request: SourceRequest): Promise<SourceReply> {
  if (request.signal?.aborted === true) {
    throw new PipelineError('interrupted', `reading of ${shown(request.url)} was stopped`);
  }
  const path = pathOf(request.url);
  try {
    const root = await realpath(folder);
    // Before links are resolved, so that nothing is learnt of files elsewhere, and after.
    requireBelow([resolve(folder), root], resolve(path), request.url);
    const real = await realpath(path);
    requireBelow([root], real, request.url);
    return await readIfChanged(real, request);
  } catch (error) {
    throw translate(error, request.url);
  }
}

async function readIfChanged(path: string, request: SourceRequest): Promise<SourceReply> {
  const stats = await stat(path, { bigint: true });
  if (!stats.isFile()) {
    throw new PipelineError('not-found', `${shown(request.url)} is no file`);
  }
  const etag = `"${stats.mtimeNs.toString(36)}-${stats.size.toString(36)}"`;
  const lastModified = stats.mtime.toUTCString();
  if (request.etag !== undefined) {
    if (request.etag === etag) return { status: 'unchanged' };
  } else if (request.lastModified === lastModified) return { status: 'unchanged' };
  if (stats.size > BigInt(request.sizeBytesMax)) throw tooLarge(request);
  const bytes = await readFile(path, { signal: request.signal });
  if (bytes.length > request.sizeBytesMax) throw tooLarge(request);
  return {
    status: 'fresh',
    url: request.url,
    bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    contentType: null,
    etag,
    lastModified,
  };
}

function pathOf(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.protocol !== 'file:') throw new Error(`a ${parsed.protocol} address`);
    const path = fileURLToPath(parsed);
    if (path.includes('\0')) throw new Error('a NUL character');
    return path;
  } catch (cause) {
    throw new PipelineError('config-invalid', `${shown(url)} is no address of a local file`, {
      hint: 'write file:///folder/file, with a "/" never percent-encoded',
      cause,
    });
  }
}

function requireBelow(roots: readonly string[], path: string, url: string): void {
  const isBelow = roots.some((root) => path.startsWith(root.endsWith(sep) ? root : root + sep));
  if (isBelow) return;
  throw new PipelineError('config-invalid', `${shown(url)} lies outside of the source's folder`);
}

const KIND_OF_CODE: Record<string, ErrorKind> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'denied',
  EPERM: 'denied',
  ELOOP: 'config-invalid',
  ENAMETOOLONG: 'not-found',
};

function translate(error: unknown, url: string): PipelineError {
  if (error instanceof PipelineError) return error;
  const { code, name, message } = error as NodeJS.ErrnoException;
  if (name === 'AbortError') {
    return new PipelineError('interrupted', `reading of ${shown(url)} was stopped`, {
      cause: error,
    });
  }
  const kind = KIND_OF_CODE[code ?? ''] ?? 'unavailable';
  return new PipelineError(kind, `${shown(url)} cannot be read: ${code ?? message}`, {
    cause: error,
  });
}

function tooLarge(request: SourceRequest): PipelineError {
  return new PipelineError(
    'too-large',
    `${shown(request.url)} has more than ${request.sizeBytesMax} bytes`,
  );
}

function shown(url: string): string {
  return JSON.stringify(url.length > 200 ? `${url.slice(0, 200)}…` : url);
}
