import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { PipelineError } from '../../../core/error.ts';
import type { ObjectInfo } from '../../../ports/object-store.ts';
import type { StepPorts } from '../../../ports/step.ts';
import { gateCsv } from '../../../stages/land/feed/gate.ts';
import { FEEDS } from '../feed/feeds.ts';
import { contentHash } from './content-hash.ts';
import type { SeenColumn } from './file-record.ts';
import { jsonLines } from './json-lines.ts';
import type { RawKey } from './raw-key.ts';
import { csvSample, seenColumns } from './seen-columns.ts';

/** What is found in the bytes of a file; `errors` is empty for a good one. */
export interface Content {
  errors: string[];
  /** Of what is in it, unpacked: packed or not, it is the same content. */
  md5: string;
  /** Of the object's bytes. */
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
  const sha256 = createHash('sha256');
  const content = contentHash();
  const chunks = hashing(await store.open(info.key, { signal }), [sha256, content]);
  const folder = join(scratch, `file-${number}`);
  const found: Omit<Content, 'md5' | 'sha256'> = {
    errors: [],
    rows: 0,
    columns: [],
    rewrittenFrom: null,
  };
  try {
    await mkdir(folder, { recursive: true });
    if (FEEDS[named.feed].format === 'csv')
      await readCsv(chunks, { named, path: join(folder, 'file'), found });
    else await readJson(chunks, named, found);
  } catch (error) {
    if (!isOfContent(error)) throw error;
    found.errors.push(wordsOf(error));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  // A reader that has seen enough leaves the rest, which belongs to the hash all the same.
  for await (const _ of chunks);
  return { ...found, md5: await content.digest(), sha256: sha256.digest('hex') };
}

type Found = Omit<Content, 'md5' | 'sha256'>;

async function readCsv(
  chunks: AsyncIterable<Uint8Array>,
  { named, path, found }: { named: RawKey; path: string; found: Found },
): Promise<void> {
  const required = FEEDS[named.feed].required;
  const missingIn = (header: readonly string[]): string[] => {
    const names = new Set(header.map((name) => name.trim().toLowerCase()));
    const missing = required.filter((name) => !names.has(name));
    return missing.length === 0 ? [] : [`required columns missing: ${missing.join(', ')}`];
  };
  const gated = await gateCsv(chunks, { address: named.feed, path, judgeHeader: missingIn });
  found.rows = gated.rows;
  found.rewrittenFrom = gated.rewrittenFrom;
  found.columns = await csvSample(gated.path, gated.columns);
  // Requirements 3.5: whatever else it may be read as.
  if (/latin-1|utf-16/.test(gated.rewrittenFrom ?? '')) found.errors.push('the text is not UTF-8');
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
  const flaws: string[] = [];
  for await (const line of jsonLines(bytes, flaws)) {
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
  found.errors.push(...flaws);
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
  hashes: readonly { update(bytes: Uint8Array): unknown }[],
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (const hash of hashes) await hash.update(chunk);
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
