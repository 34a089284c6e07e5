import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { PipelineError } from '../../../core/error.ts';
import type { ObjectInfo } from '../../../ports/object-store.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { gateCsv } from '../../../stages/land/feed/gate.ts';
import { FEEDS } from '../feed/feeds.ts';
import type { SeenColumn } from './file-record.ts';
import { jsonLines } from './json-lines.ts';
import type { RawKey } from './raw-key.ts';
import { csvSample, seenColumns } from './seen-columns.ts';

/** What is found in the bytes of a file; `errors` is empty for a good one. */
export interface Content {
  errors: string[];
  md5: string;
  sha256: string;
  rows: number;
  columns: readonly SeenColumn[];
  rewrittenFrom: string | null;
}

/** Records of a JSON file that are looked at for the columns that have to be there (requirements 3.5). */
const RECORDS_LOOKED_AT = 100;

/** Reads a raw object once: hashes, encoding, structure, columns, rows. Only a store that fails makes it throw. */
export async function checkContent(
  ports: Pick<StepPorts, 'store' | 'scratch' | 'signal'>,
  { info, named, number }: { info: ObjectInfo; named: RawKey; number: number },
): Promise<Content> {
  const { store, scratch, signal } = ports;
  const hashes = { md5: createHash('md5'), sha256: createHash('sha256') };
  const chunks = hashing(await store.open(info.key, { signal }), hashes);
  const found: Omit<Content, 'md5' | 'sha256'> = {
    errors: [],
    rows: 0,
    columns: [],
    rewrittenFrom: null,
  };
  try {
    if (FEEDS[named.feed].format === 'csv')
      await readCsv(chunks, { named, path: join(scratch, `file-${number}`), found });
    else await readJson(chunks, named, found);
  } catch (error) {
    if (!isOfContent(error)) throw error;
    found.errors.push(wordsOf(error));
  }
  // A reader that has seen enough leaves the rest, which belongs to the hash all the same.
  for await (const _ of chunks);
  return { ...found, md5: hashes.md5.digest('hex'), sha256: hashes.sha256.digest('hex') };
}

type Found = Omit<Content, 'md5' | 'sha256'>;

async function readCsv(
  chunks: AsyncIterable<Uint8Array>,
  { named, path, found }: { named: RawKey; path: string; found: Found },
): Promise<void> {
  const gated = await gateCsv(chunks, { address: named.feed, path });
  found.rows = gated.rows;
  found.rewrittenFrom = gated.rewrittenFrom;
  found.columns = await csvSample(gated.path, gated.columns);
  const names = new Set(gated.columns.map((name) => name.trim().toLowerCase()));
  const missing = FEEDS[named.feed].required.filter((name) => !names.has(name));
  if (missing.length > 0) found.errors.push(`required columns missing: ${missing.join(', ')}`);
}

async function readJson(
  chunks: AsyncIterable<Uint8Array>,
  { feed, isGzip }: RawKey,
  found: Found,
): Promise<void> {
  const { required } = FEEDS[feed];
  const records: Record<string, unknown>[] = [];
  const missing = new Set<string>();
  const bytes = isGzip
    ? (Readable.from(chunks).pipe(createGunzip()) as AsyncIterable<Uint8Array>)
    : chunks;
  if (isGzip) found.rewrittenFrom = 'gzip';
  for await (const line of jsonLines(bytes)) {
    found.rows += 1;
    if (line === null) continue;
    const record = objectOf(line);
    if (record === null) found.errors.push(`record ${found.rows} is no JSON object`);
    else {
      records.push(record);
      for (const name of required) if (!Object.hasOwn(record, name)) missing.add(name);
    }
  }
  if (found.errors.length > 5)
    found.errors.splice(5, Infinity, 'and more of the first 100 records');
  if (missing.size > 0) found.errors.push(`required columns missing: ${[...missing].join(', ')}`);
  if (found.rows === 0) found.errors.push('the file holds no record');
  found.columns = seenColumns(records);
}

export { RECORDS_LOOKED_AT };

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

async function* hashing(
  chunks: AsyncIterable<Uint8Array>,
  { md5, sha256 }: { md5: ReturnType<typeof createHash>; sha256: ReturnType<typeof createHash> },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    md5.update(chunk);
    sha256.update(chunk);
    yield chunk;
  }
}

function isOfContent(error: unknown): boolean {
  if (error instanceof PipelineError)
    return error.kind === 'input-invalid' || error.kind === 'too-large';
  const code = (error as { code?: unknown }).code;
  return (
    typeof code === 'string' &&
    (code.startsWith('Z_') || code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
  );
}

function wordsOf(error: unknown): string {
  if (error instanceof PipelineError) return error.message.replace(/^[a-z]+: /, '');
  return (error as { code: string }).code.startsWith('Z_')
    ? 'gzip is damaged'
    : 'the text is not UTF-8';
}
