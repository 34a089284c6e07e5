import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import type { CentralDirectory, File } from 'unzipper';
import { PipelineError } from '../../core/error.ts';
import { ZIP_LIMITS, ZIP_MEMORY_BYTES_MAX } from '../../core/limit.ts';
import type { ZipLimits } from '../../core/limit.ts';
import { checkEntries, show } from './zip-check.ts';
import type { CheckedEntry } from './zip-check.ts';
import { badZip, largeZip, readZipDirectory } from './zip-directory.ts';
import { fileSource, memorySource } from './zip-source.ts';
import type { ZipSource } from './zip-source.ts';

/** An archive: its bytes, or a file on this machine. */
export type Zip = Uint8Array | { path: string };

/** What is known of an extracted member. */
export interface ZipMember {
  /** The last segment of its name in the archive, unique in the answer. Text from outside. */
  name: string;
  sizeBytes: number;
  /** As the archive says and as the bytes have it. */
  crc32: number;
}

/** An opened archive's answer: the wanted members in archive order, and how many entries it has. */
export interface Unzipped<Extra> {
  members: (ZipMember & Extra)[];
  entries: number;
}

export interface UnzipOptions {
  /** What messages call the archive: its key. */
  name: string;
  /** Which members to extract, by base name; all files by default. */
  wants?: (baseName: string) => boolean;
  limits?: ZipLimits;
  signal?: AbortSignal | undefined;
}

/** Slack that unzipper reads beyond its guess of a local header: the longest extra field. */
const PADDING_BYTES = 0xffff;

/**
 * The wanted members of a ZIP in memory; none is an answer too. The archive is refused as a whole:
 * `too-large` above a limit of `core/limit.ts`, `input-invalid` for everything that is damaged,
 * encrypted, ambiguous or out to leave its folder (design B4, I7), also in members that are not
 * wanted. Every size and CRC-32 is checked against the bytes. A ZIP in a ZIP stays a file.
 */
export function unzip(zip: Zip, options: UnzipOptions): Promise<Unzipped<{ bytes: Buffer }>> {
  return withArchive(zip, options, async (archive) => {
    const sizeBytes = archive.wanted.reduce((sum, entry) => sum + entry.sizeBytes, 0);
    if (sizeBytes > ZIP_MEMORY_BYTES_MAX) {
      throw largeZip(options.name, `${sizeBytes} bytes to unpack into memory`);
    }
    const members: (ZipMember & { bytes: Buffer })[] = [];
    for (const entry of archive.wanted) {
      const bytes = Buffer.alloc(entry.sizeBytes);
      let at = 0;
      await extractOne({ archive, entry }, options, async (chunks) => {
        for await (const chunk of chunks) at += chunk.copy(bytes, at);
      });
      members.push({ ...memberOf(entry), bytes });
    }
    return members;
  });
}

/**
 * As `unzip`, into files of a new folder below `scratch`, for members of any allowed size. Paths
 * hold nothing that came from the archive. When it throws, the folder is gone. `unavailable` when
 * scratch cannot be written.
 */
export function unzipToScratch(
  zip: Zip,
  scratch: string,
  options: UnzipOptions,
): Promise<Unzipped<{ path: string }>> {
  return withArchive(zip, options, async (archive) => {
    if (archive.wanted.length === 0) return [];
    const folder = await makeFolder(scratch, options.name);
    const members: (ZipMember & { path: string })[] = [];
    try {
      for (const entry of archive.wanted) {
        const path = join(folder, String(entry.index));
        await extractOne({ archive, entry }, options, async (chunks) => {
          await pipeline(chunks, createWriteStream(path, { flags: 'wx' }));
        });
        members.push({ ...memberOf(entry), path });
      }
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    return members;
  });
}

async function makeFolder(scratch: string, name: string): Promise<string> {
  try {
    return await mkdtemp(join(scratch, 'zip-'));
  } catch (error) {
    throw scratchError(error, `${name}: its folder`);
  }
}

function scratchError(cause: unknown, what: string): PipelineError {
  const hint = 'check that the scratch folder exists and has free space';
  return new PipelineError('unavailable', `${what} cannot be written to scratch`, { hint, cause });
}

interface Archive {
  name: string;
  wanted: readonly CheckedEntry[];
  files: readonly File[];
}

function memberOf(entry: CheckedEntry): ZipMember {
  return { name: entry.baseName, sizeBytes: entry.sizeBytes, crc32: entry.crc32 };
}

async function withArchive<Member>(
  zip: Zip,
  options: UnzipOptions,
  extract: (archive: Archive) => Promise<Member[]>,
): Promise<{ members: Member[]; entries: number }> {
  const { name, limits = ZIP_LIMITS, signal } = options;
  signal?.throwIfAborted();
  const source = zip instanceof Uint8Array ? memorySource(zip) : await fileSource(zip.path, name);
  try {
    const { entriesMax } = limits;
    const directory = await readZipDirectory(source, { name, entriesMax });
    const checked = await checkEntries(source, directory, { name, limits });
    const wanted = choose(checked, options);
    const files = wanted.length === 0 ? [] : await openFiles(source, directory.tailBytes, name);
    return { members: await extract({ name, wanted, files }), entries: checked.length };
  } finally {
    await source.close();
  }
}

/** The wanted files; two of one base name would become one, so they are refused. */
function choose(entries: readonly CheckedEntry[], options: UnzipOptions): CheckedEntry[] {
  const { name, wants = () => true } = options;
  const chosen = entries.filter((entry) => !entry.isDirectory && wants(entry.baseName));
  const seen = new Set<string>();
  for (const { baseName } of chosen) {
    const key = baseName.toLowerCase();
    if (seen.has(key)) throw badZip(name, `two members are called ${show(baseName)}`);
    seen.add(key);
  }
  return chosen;
}

type OpenCustom = (
  source: { size(): Promise<number>; stream: ZipSource['stream'] },
  options: { tailSize: number; padding: number },
) => Promise<CentralDirectory>;

async function openFiles(source: ZipSource, tailBytes: number, name: string): Promise<File[]> {
  const { Open } = await import('unzipper');
  // The published types leave out the second argument, which the code takes (lib/Open/index.js).
  const openCustom = Open.custom as OpenCustom;
  const size = () => Promise.resolve(source.sizeBytes);
  const stream = source.stream.bind(source);
  try {
    const archive = await openCustom(
      { size, stream },
      { tailSize: tailBytes, padding: PADDING_BYTES },
    );
    return archive.files;
  } catch (error) {
    throw badZip(name, 'its directory cannot be read', error);
  }
}

async function extractOne(
  { archive, entry }: { archive: Archive; entry: CheckedEntry },
  { signal }: UnzipOptions,
  sink: (chunks: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const member = `member ${show(entry.path)}`;
  const file = archive.files[entry.index];
  if (file === undefined || !isSame(entry, file)) {
    throw badZip(archive.name, `${member} can be read in two ways`);
  }
  const packed = packedStream(entry, file);
  // A late error of a stream that has been given up must not end the process; the pipeline tells
  // the one that counts.
  packed.on('error', () => undefined);
  const check = (chunks: AsyncIterable<Buffer>) =>
    verified(chunks, entry, `${archive.name}: ${member}`);
  try {
    await pipeline(packed, check, sink, { signal });
  } catch (error) {
    throw unzipError(error, archive.name, member);
  }
}

/** unzipper would search what follows for the end of a member whose packed size is 0. */
function packedStream(entry: CheckedEntry, file: File): Readable {
  return entry.compressedBytes === 0 ? Readable.from([], { objectMode: false }) : file.stream();
}

function isSame(entry: CheckedEntry, file: File): boolean {
  return (
    file.offsetToLocalFileHeader === entry.headerOffset &&
    file.compressedSize === entry.compressedBytes &&
    file.uncompressedSize === entry.sizeBytes &&
    file.pathBuffer.equals(entry.nameBytes)
  );
}

/** The bytes unchanged, unless they are more, fewer or others than the directory promised. */
async function* verified(
  chunks: AsyncIterable<Buffer>,
  entry: CheckedEntry,
  member: string,
): AsyncGenerator<Buffer> {
  let sizeBytes = 0;
  let checksum = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > entry.sizeBytes) {
      throw badZip(member, `holds more than the ${entry.sizeBytes} bytes it claims`);
    }
    checksum = crc32(chunk, checksum);
    yield chunk;
  }
  if (sizeBytes < entry.sizeBytes) {
    throw badZip(member, `holds ${sizeBytes} of the ${entry.sizeBytes} bytes it claims`);
  }
  if (checksum !== entry.crc32) throw badZip(member, 'does not match its checksum');
}

function unzipError(error: unknown, name: string, member: string): unknown {
  if (error instanceof PipelineError || !(error instanceof Error)) return error;
  if (error.name === 'AbortError') return error;
  // Errors of the disk name a system call; those of zlib and unzipper do not.
  if ('syscall' in error) return scratchError(error, `${name}: ${member}`);
  return badZip(name, `${member} cannot be unpacked: ${error.message}`, error);
}
