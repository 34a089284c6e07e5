import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../../../core/error.ts';
import type { StepPorts } from '../../../ports/step.ts';
import type { ExtractedSource } from '../extract/extract-manifest.ts';

/** A landed CSV as a file that the engine may read. */
export interface SourceFile {
  path: string;
  /** Line feeds in it, and one more for a last line without. */
  lineCount: number;
  hasNul: boolean;
}

const READ_BYTES = 1 << 18;
const LINE_FEED = 10;
/** What the engine takes for a pattern in a path: it would read other files too. */
const PATTERN = /[*?[\]]/;

/**
 * The bytes of a landed object on local disk: where they are, or copied below scratch. They are hashed on the way:
 * `input-invalid` when they are not those that the manifest names, `not-found` when the object is gone.
 */
export async function sourceFile(
  { store, scratch, signal }: Pick<StepPorts, 'store' | 'scratch' | 'signal'>,
  source: Pick<ExtractedSource, 'key' | 'sha256'>,
  name: string,
): Promise<SourceFile> {
  const there = await store.localPath(source.key);
  const isUsable = there !== null && !PATTERN.test(there);
  const path = isUsable ? there : join(scratch, name);
  const chunks = isUsable
    ? createReadStream(path, { highWaterMark: READ_BYTES, signal })
    : await store.open(source.key, { signal });
  const seen = await readThrough(chunks, isUsable ? null : path);
  if (seen.sha256 !== source.sha256) {
    // Waiting does not cure it: nobody writes a landed object twice.
    throw new PipelineError('input-invalid', `${store.url}/${source.key}: not what was extracted`, {
      hint: 'the object was changed or damaged: extract this logical date again (-p extract=true)',
    });
  }
  return { path, lineCount: seen.lineCount, hasNul: seen.hasNul };
}

/** Hashes bytes and counts their lines as they pass; writes them to `copyTo` where that is wanted. */
async function readThrough(
  chunks: AsyncIterable<Uint8Array>,
  copyTo: string | null,
): Promise<Omit<SourceFile, 'path'> & { sha256: string }> {
  await using copy = copyTo === null ? null : await open(copyTo, 'w');
  const hash = createHash('sha256');
  let lineFeeds = 0;
  let last = LINE_FEED;
  let hasNul = false;
  for await (const chunk of chunks) {
    hash.update(chunk);
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1))
      lineFeeds += 1;
    hasNul ||= chunk.includes(0);
    last = chunk.at(-1) ?? last;
    await copy?.writeFile(chunk);
  }
  const lineCount = lineFeeds + (last === LINE_FEED ? 0 : 1);
  return { sha256: hash.digest('hex'), lineCount, hasNul };
}
