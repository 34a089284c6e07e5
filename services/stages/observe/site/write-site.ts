import { PipelineError } from '../../../core/error.ts';
import { joinKey } from '../../../core/key.ts';
import type { ObjectStore } from '../../../ports/object-store.ts';
import type { SiteFile } from './context.ts';
import { INDEX_PAGE } from './paths.ts';

/** What the site consists of, so that the next one removes what it does not have any more, and nothing else. */
const LIST = 'site.json';
const FORMAT = 'argosy-site/1';
const WRITES_AT_ONCE = 16;

export interface WriteRequest {
  store: ObjectStore;
  /** The key prefix of the site, without a slash at its end; empty for the whole of the store. */
  prefix: string;
  signal: AbortSignal;
}

export interface WrittenSite {
  files: number;
  sizeBytes: number;
  /** Files of the site before that this one does not have. */
  removed: number;
}

/**
 * Writes a site so that no reader meets half of it: each file is replaced as a whole, the page that leads to the others
 * is written after them, and what is not of the site any more is removed last. Killed on the way, it is written again
 * by the next call. `config-invalid` where something lies that is no site: nothing of it is touched.
 */
export async function writeSite(
  files: Iterable<SiteFile>,
  request: WriteRequest,
): Promise<WrittenSite> {
  const { store, prefix, signal } = request;
  const before = await listOf(request);
  const pages = writing(request);
  let index: SiteFile | null = null;
  for (const file of files) {
    // So that what a killed writing leaves is known for a site by the next one.
    if (pages.written.size === 0) await putList(request, before);
    if (file.path === INDEX_PAGE) index = file;
    else await pages.add(file);
  }
  await pages.end();
  await putList(request, new Set([...before, ...pages.written]));
  if (index !== null) {
    await pages.add(index);
    await pages.end();
  }
  const { written } = pages;
  const old = [...before].filter((path) => !written.has(path));
  for (const path of old) await store.delete(joinKey(prefix, path), { signal });
  await putList(request, written);
  return { files: written.size, sizeBytes: pages.sizeBytes(), removed: old.length };
}

/** Writes several files beside each other; a failure is thrown by the next call, once no write goes on. */
function writing({ store, prefix, signal }: WriteRequest) {
  const written = new Set<string>();
  const open = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let sizeBytes = 0;
  const put = async ({ path, text }: SiteFile): Promise<void> => {
    try {
      const bytes = Buffer.from(text);
      sizeBytes += bytes.length;
      await store.put(joinKey(prefix, path), bytes, { signal });
    } catch (error) {
      failures.push(error);
    }
  };
  const end = async (): Promise<void> => {
    await Promise.all(open);
    if (failures.length > 0) throw failures[0];
  };
  return {
    written,
    sizeBytes: () => sizeBytes,
    end,
    async add(file: SiteFile): Promise<void> {
      if (failures.length > 0) await end();
      signal.throwIfAborted();
      if (written.has(file.path))
        throw new PipelineError('bug', `two pages are called ${file.path}`);
      written.add(file.path);
      const one = put(file).finally(() => void open.delete(one));
      open.add(one);
      if (open.size >= WRITES_AT_ONCE) await Promise.race(open);
    },
  };
}

/** The files of the site that is there; none where there is nothing. */
async function listOf({ store, prefix, signal }: WriteRequest): Promise<Set<string>> {
  const key = joinKey(prefix, LIST);
  const bytes = await store.get(key, { signal });
  if (bytes !== null) return new Set(filesOf(key, bytes));
  const place = prefix === '' ? store.url : `${store.url}/${prefix}`;
  for await (const { key: other } of store.list(prefix === '' ? '' : `${prefix}/`, { signal })) {
    throw new PipelineError('config-invalid', `${place} is not empty and holds no site: ${other}`, {
      hint: 'name a folder or prefix that is new, empty, or holds a site that argosy has written',
    });
  }
  return new Set();
}

function filesOf(key: string, bytes: Uint8Array): string[] {
  const refusal = new PipelineError('config-invalid', `${key} is not the list of a site`, {
    hint: 'take the whole folder away, or name another one',
  });
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw refusal;
  }
  const { format, files } = (value ?? {}) as { format?: unknown; files?: unknown };
  const isList = Array.isArray(files) && files.every((one) => typeof one === 'string');
  if (format !== FORMAT || !isList) throw refusal;
  return files;
}

async function putList(
  { store, prefix, signal }: WriteRequest,
  files: ReadonlySet<string>,
): Promise<void> {
  const text = `${JSON.stringify({ format: FORMAT, files: [...files].toSorted() }, null, 2)}\n`;
  await store.put(joinKey(prefix, LIST), Buffer.from(text), { signal });
}
