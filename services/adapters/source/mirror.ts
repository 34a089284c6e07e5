import { readdir, stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { PipelineError } from '../../core/error.ts';
import { printable } from '../../core/printable.ts';
import type { Source } from '../../ports/source.ts';
import { folderSource } from './folder.ts';

export interface MirrorSourceOptions {
  /** `file:PATH`, as the operator wrote it; relative paths are meant from `cwd`. */
  url: string;
  cwd: string;
}

/**
 * A site copied into a folder. The folder's own address gives its page: `index.html`, or the only `.html` there;
 * `not-found` or `config-invalid` when that is nobody's or several'. Files below the folder can be read, no others.
 */
export async function mirrorSource({ url, cwd }: MirrorSourceOptions): Promise<Source> {
  const path = mirrorPath(url, cwd);
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  const folder = isFolder ? path : join(path, '..');
  const source = folderSource({ folder });
  return {
    fetch: async (request) => {
      if (request.url !== url)
        return source.fetch({ ...request, url: within(folder, request.url) });
      const page = isFolder ? await pageOf(path) : path;
      return source.fetch({ ...request, url: pathToFileURL(page).href });
    },
  };
}

/** A link from the root of the site (`/ftp/a.zip`) means the folder, which is that root's copy. */
function within(folder: string, url: string): string {
  const isFile = URL.canParse(url) && url.startsWith('file:');
  const path = isFile ? pathOf(url, 'link to a file of this machine, below the mirror') : null;
  if (path === null || path.startsWith(`${folder}${sep}`)) return url;
  return pathToFileURL(join(folder, path)).href;
}

function mirrorPath(url: string, cwd: string): string {
  const path = url.slice('file:'.length);
  if (!path.startsWith('//')) return resolve(cwd, path);
  return pathOf(url, 'write file:FOLDER, relative to here, or file:///FOLDER in full');
}

/** What Node refuses (a host, a "/" in percent form) is a wrong address, not a fault of ours. */
function pathOf(url: string, hint: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    const message = `${printable(url)} is no address of a file of this machine`;
    throw new PipelineError('config-invalid', message, { hint, cause });
  }
}

async function pageOf(folder: string): Promise<string> {
  const pages = (await readdir(folder)).filter((name) => /\.html?$/i.test(name));
  const page =
    pages.find((name) => name === 'index.html') ?? (pages.length === 1 ? pages[0] : undefined);
  if (page !== undefined) return join(folder, page);
  if (pages.length === 0) {
    throw new PipelineError('not-found', `file:${folder}: the folder holds no .html page`, {
      hint: 'copy the archive page into the folder, beside the ZIPs it links to',
    });
  }
  throw new PipelineError(
    'config-invalid',
    `file:${folder}: ${pages.length} .html pages and no index.html`,
    {
      hint: 'name the page itself: file:FOLDER/PAGE.html',
    },
  );
}
