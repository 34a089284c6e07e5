import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sha256 } from '../../core/manifest.ts';
import { openText } from '../shape/profile/profile-stream.ts';
import type { ServePorts } from './localise.ts';

/** A version of an object. */
interface Version {
  key: string;
  etag: string;
}

/**
 * The text of an object, unpacked and without byte order mark, as a local file that is kept from one query to the next;
 * one version of each object. The caller has seen that the object has this version; null when it has another one by the
 * time that it is read.
 */
export async function keepText(ports: ServePorts, version: Version): Promise<string | null> {
  const folder = join(ports.cache, 'csv');
  const ofObject = sha256(`${ports.store.url}/${version.key}`).slice(0, 32);
  const name = `${ofObject}-${sha256(version.etag).slice(0, 32)}.csv`;
  const path = join(folder, name);
  if (existsSync(path)) return path;
  await mkdir(folder, { recursive: true });
  const own = await mkdtemp(join(ports.cache, 'fetch-'));
  try {
    await writeText(ports, version.key, join(own, 'text'));
    const info = await ports.store.head(version.key, { signal: ports.signal });
    if (info?.etag !== version.etag) return null;
    await rename(join(own, 'text'), path);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  for (const other of await readdir(folder)) {
    if (other.startsWith(ofObject) && other !== name)
      await rm(join(folder, other), { force: true });
  }
  return path;
}

async function writeText({ store, signal }: ServePorts, key: string, path: string): Promise<void> {
  const local = await store.localPath(key);
  const raw = local === null ? await store.open(key, { signal }) : createReadStream(local);
  const { chunks } = await openText(raw);
  await pipeline(Readable.from(chunks, { objectMode: false }), createWriteStream(path), { signal });
}
