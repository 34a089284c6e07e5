import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { PipelineError } from '../../../core/error.ts';
import { conclude, type Wrapping } from './conclude.ts';
import { bomLength, findMarks, SAMPLE_BYTES, wideEncoding } from './dialect.ts';
import { feed } from './feed.ts';
import { type Profile, PROFILE_RULES, type ProfileRules } from './profile.ts';
import { type Marks, startScan } from './scan-state.ts';
import { utf16ToUtf8 } from './text-encoding.ts';

/** Text beyond this, unpacked, is refused. */
export const TEXT_BYTES_MAX = 64 * 2 ** 30;

export interface ProfileOptions {
  rules?: ProfileRules;
  bytesMax?: number;
  /** The byte that quotes, when it is known; else apostrophes around cells may be taken for quotes. */
  quote?: number;
  /** Told how many bytes of the object have been read. */
  onBytes?: (count: number) => void;
}

type Chunks = AsyncIterable<Uint8Array>;

/**
 * The profile of a CSV in one pass over its bytes, in memory that does not grow with it. Plain or gzip, UTF-8, UTF-16
 * or Latin-1. A file that is no table has the status `error` and whatever was found out; what is thrown comes from
 * reading the bytes.
 */
export async function profileStream(
  chunks: Chunks,
  options: ProfileOptions = {},
): Promise<Profile> {
  const { rules = PROFILE_RULES, bytesMax = TEXT_BYTES_MAX } = options;
  const text = await openText(counted(chunks, options.onBytes), options.quote);
  const state = startScan(text.marks, 1);
  let failure: string | null = text.failure;
  try {
    if (failure === null) await feed(state, text.chunks, { bytesMax });
  } catch (error) {
    failure = failureOf(error);
  }
  return conclude(state, text.wrapping, { rules, failure });
}

/** A flaw of the file is what the profile tells; any other error is not about the file and is thrown on. */
export function failureOf(error: unknown): string {
  const isOfFile =
    error instanceof PipelineError &&
    (error.kind === 'too-large' || error.kind === 'input-invalid');
  if (isOfFile) return `CSV parsing failed: ${error.message}`;
  throw error;
}

/** The bytes of a file as UTF-8 or Latin-1 text without byte order mark, and how it is written. */
export interface OpenText {
  chunks: Chunks;
  marks: Marks;
  wrapping: Wrapping;
  failure: string | null;
}

/** Unwraps a file and finds out how it is written. */
export async function openText(raw: Chunks, quote?: number): Promise<OpenText> {
  const wrapping: Wrapping = { compression: 'none', hasBom: false, wide: null };
  let start = await peek(raw);
  try {
    if (isGzip(start.sample)) {
      wrapping.compression = 'gzip';
      start = await peek(unzipped(start.chunks));
    }
  } catch (error) {
    const marks = findMarks(new Uint8Array(0), true);
    return { chunks: none(), marks, wrapping, failure: failureOf(error) };
  }
  wrapping.wide = wideEncoding(start.sample);
  if (wrapping.wide !== null) {
    wrapping.hasBom = start.sample[0]! >= 0xfe;
    start = await peek(utf16ToUtf8(start.chunks, wrapping.wide));
  }
  const bom = bomLength(start.sample);
  if (bom > 0) wrapping.hasBom = true;
  const marks = findMarks(start.sample.subarray(bom), start.isWhole, quote);
  return { chunks: skip(start.chunks, bom), marks, wrapping, failure: null };
}

export function isGzip(sample: Uint8Array): boolean {
  return sample[0] === 0x1f && sample[1] === 0x8b;
}

async function* none(): AsyncGenerator<Uint8Array> {}

async function* counted(chunks: Chunks, onBytes?: (count: number) => void): Chunks {
  let count = 0;
  for await (const chunk of chunks) {
    count += chunk.length;
    onBytes?.(count);
    yield chunk;
  }
}

async function* skip(chunks: Chunks, length: number): Chunks {
  let left = length;
  for await (const chunk of chunks) {
    const cut = Math.min(left, chunk.length);
    left -= cut;
    yield cut === 0 ? chunk : chunk.subarray(cut);
  }
}

/** The first bytes, and all of them once more. */
async function peek(
  chunks: Chunks,
): Promise<{ sample: Uint8Array; isWhole: boolean; chunks: Chunks }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let length = 0;
  let isWhole = false;
  while (length < SAMPLE_BYTES && !isWhole) {
    const { done, value } = await iterator.next();
    if (done === true) isWhole = true;
    else {
      first.push(value);
      length += value.length;
    }
  }
  const sample = first.length === 1 ? first[0]! : Buffer.concat(first);
  async function* all(): Chunks {
    yield* first;
    first.length = 0;
    try {
      for (;;) {
        const { done, value } = await iterator.next();
        if (done === true) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return {
    sample: sample.subarray(0, SAMPLE_BYTES),
    isWhole: isWhole && length <= SAMPLE_BYTES,
    chunks: all(),
  };
}

/** Unpacks gzip; damaged data is `input-invalid`, an error of the source stays what it is. */
async function* unzipped(chunks: Chunks): Chunks {
  const gunzip = createGunzip();
  const source = Readable.from(chunks, { objectMode: false });
  source.once('error', (error) => gunzip.destroy(error));
  try {
    for await (const chunk of source.pipe(gunzip)) yield chunk;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!code.startsWith('Z_')) throw error;
    throw new PipelineError('input-invalid', 'the gzip data is damaged or cut short', {
      cause: error,
    });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}
