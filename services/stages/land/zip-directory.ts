import { PipelineError } from '../../core/error.ts';

/** Bytes at any place of an archive, wherever they are kept. */
export interface ZipReader {
  sizeBytes: number;
  /** The bytes of `[offset, offset + length)`; the caller keeps within `sizeBytes`. */
  read(offset: number, length: number): Promise<Buffer>;
}

/** One entry as the central directory describes it; nothing is believed yet. */
export interface ZipEntry {
  nameBytes: Buffer;
  flags: number;
  method: number;
  crc32: number;
  compressedBytes: number;
  sizeBytes: number;
  /** Unix file type and mode in the upper half. */
  attributes: number;
  headerOffset: number;
}

export interface ZipDirectory {
  entries: ZipEntry[];
  /** Where the central directory starts: no entry may reach beyond it. */
  offset: number;
  /** From the end record to the end of the archive. */
  tailBytes: number;
}

interface Span {
  count: number;
  sizeBytes: number;
  offset: number;
}

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const ENTRY_BYTES = 46;
const COMMENT_BYTES_MAX = 0xffff;
const FULL_16 = 0xffff;
const FULL_32 = 0xffffffff;

/** What is read into memory of a central directory; 1,000 entries with long names need far less. */
const DIRECTORY_BYTES_MAX = 8 * 1024 * 1024;

/** An `input-invalid` about an archive. */
export function badZip(name: string, why: string, cause?: unknown): PipelineError {
  const hint = 'fetch the archive again; if it stays like this, ask its sender for a plain ZIP';
  return new PipelineError('input-invalid', `${name}: ${why}`, { hint, cause });
}

/** A `too-large` about an archive. */
export function largeZip(name: string, why: string): PipelineError {
  const hint = 'nothing was extracted; if the archive is meant to be like this, raise the limit';
  return new PipelineError('too-large', `${name}: ${why}`, { hint });
}

/**
 * The central directory of a ZIP (APPNOTE 4.3), read strictly: every record is where its neighbour
 * says, counts and sizes agree, ZIP64 says what the plain records say. `input-invalid` otherwise,
 * `too-large` above `entriesMax`. Says nothing of what the entries hold.
 */
export async function readZipDirectory(
  reader: ZipReader,
  { name, entriesMax }: { name: string; entriesMax: number },
): Promise<ZipDirectory> {
  if (reader.sizeBytes === 0) throw badZip(name, 'the file is empty (0 bytes)');
  const end = await findEnd(reader, name);
  const span = await readSpan(reader, end, name);
  if (span.count > entriesMax) {
    throw largeZip(name, `${span.count} entries, at most ${entriesMax} are allowed`);
  }
  if (span.sizeBytes > DIRECTORY_BYTES_MAX) {
    throw largeZip(name, `a directory of ${span.sizeBytes} bytes`);
  }
  const bytes = await reader.read(span.offset, span.sizeBytes);
  const entries = parseEntries(bytes, span.count, name);
  return { entries, offset: span.offset, tailBytes: reader.sizeBytes - end.offset };
}

interface End {
  offset: number;
  record: Buffer;
}

async function findEnd(reader: ZipReader, name: string): Promise<End> {
  const tailBytes = Math.min(reader.sizeBytes, END_BYTES + COMMENT_BYTES_MAX);
  const start = reader.sizeBytes - tailBytes;
  const tail = await reader.read(start, tailBytes);
  for (let at = tailBytes - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== 0x06054b50) continue;
    if (at + END_BYTES + tail.readUInt16LE(at + 20) !== tailBytes) continue;
    return { offset: start + at, record: tail.subarray(at, at + END_BYTES) };
  }
  throw badZip(name, 'no end-of-directory record: not a ZIP, or cut off');
}

async function readSpan(reader: ZipReader, end: End, name: string): Promise<Span> {
  const { record } = end;
  const plain: Span = {
    count: record.readUInt16LE(10),
    sizeBytes: record.readUInt32LE(12),
    offset: record.readUInt32LE(16),
  };
  const isFull = plain.count === FULL_16 || plain.sizeBytes === FULL_32 || plain.offset === FULL_32;
  const zip64 = await readEnd64(reader, end.offset, name);
  if (zip64 === null && isFull) throw badZip(name, 'its ZIP64 end record is missing');
  const disks = [record.readUInt16LE(4), record.readUInt16LE(6)];
  if (disks.some((disk) => disk !== 0 && !(disk === FULL_16 && zip64 !== null))) {
    throw badZip(name, 'one part of an archive in several parts');
  }
  if (record.readUInt16LE(8) !== plain.count) throw badZip(name, 'its entry counts differ');
  const span = zip64 === null ? plain : agree(plain, zip64.span, name);
  if (span.offset + span.sizeBytes !== (zip64?.offset ?? end.offset)) {
    throw badZip(name, 'its directory is not where the end record says');
  }
  return span;
}

/** Where a plain field is not full, it must say the same as its ZIP64 twin. */
function agree(plain: Span, wide: Span, name: string): Span {
  const isSame =
    (plain.count === FULL_16 || plain.count === wide.count) &&
    (plain.sizeBytes === FULL_32 || plain.sizeBytes === wide.sizeBytes) &&
    (plain.offset === FULL_32 || plain.offset === wide.offset);
  if (!isSame) throw badZip(name, 'its ZIP64 end record contradicts the plain one');
  return wide;
}

async function readEnd64(
  reader: ZipReader,
  endOffset: number,
  name: string,
): Promise<{ offset: number; span: Span } | null> {
  const locatorOffset = endOffset - LOCATOR_BYTES;
  if (locatorOffset < 0) return null;
  const locator = await reader.read(locatorOffset, LOCATOR_BYTES);
  if (locator.readUInt32LE(0) !== 0x07064b50) return null;
  const offset = wideNumber(locator, 8, name);
  if (offset + END64_BYTES > locatorOffset) throw badZip(name, 'its ZIP64 locator points nowhere');
  const record = await reader.read(offset, END64_BYTES);
  const isRecord =
    record.readUInt32LE(0) === 0x06064b50 &&
    offset + 12 + wideNumber(record, 4, name) === locatorOffset;
  if (!isRecord) throw badZip(name, 'its ZIP64 locator points at something else');
  if (record.readUInt32LE(16) !== 0 || record.readUInt32LE(20) !== 0) {
    throw badZip(name, 'one part of an archive in several parts');
  }
  const count = wideNumber(record, 32, name);
  if (wideNumber(record, 24, name) !== count) throw badZip(name, 'its entry counts differ');
  const span = {
    count,
    sizeBytes: wideNumber(record, 40, name),
    offset: wideNumber(record, 48, name),
  };
  return { offset, span };
}

function wideNumber(bytes: Buffer, at: number, name: string): number {
  const value = bytes.readBigUInt64LE(at);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw badZip(name, `a ZIP64 number is out of range: ${value}`);
  }
  return Number(value);
}

function parseEntries(bytes: Buffer, count: number, name: string): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_BYTES > bytes.length) throw badZip(name, `its directory lacks entry ${index}`);
    if (bytes.readUInt32LE(at) !== 0x02014b50) {
      throw badZip(name, `entry ${index} of its directory has a wrong signature`);
    }
    const nameEnd = at + ENTRY_BYTES + bytes.readUInt16LE(at + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
    const next = extraEnd + bytes.readUInt16LE(at + 32);
    if (next > bytes.length) throw badZip(name, `entry ${index} reaches beyond its directory`);
    if (bytes.readUInt16LE(at + 34) !== 0) {
      throw badZip(name, `entry ${index} is in another part of the archive`);
    }
    const fixed = bytes.subarray(at, at + ENTRY_BYTES);
    const nameBytes = bytes.subarray(at + ENTRY_BYTES, nameEnd);
    const entry = parseEntry(fixed, nameBytes);
    widen(entry, bytes.subarray(nameEnd, extraEnd), `${name}, entry ${index}`);
    entries.push(entry);
    at = next;
  }
  if (at !== bytes.length) throw badZip(name, `its directory holds more than ${count} entries`);
  return entries;
}

function parseEntry(fixed: Buffer, nameBytes: Buffer): ZipEntry {
  return {
    nameBytes,
    flags: fixed.readUInt16LE(8),
    method: fixed.readUInt16LE(10),
    crc32: fixed.readUInt32LE(16),
    compressedBytes: fixed.readUInt32LE(20),
    sizeBytes: fixed.readUInt32LE(24),
    attributes: fixed.readUInt32LE(38),
    headerOffset: fixed.readUInt32LE(42),
  };
}

/** Replaces full 32-bit fields by their 64-bit twins of the extra field (APPNOTE 4.5.3). */
function widen(entry: ZipEntry, extra: Buffer, name: string): void {
  const wide = ([...fieldNames] as const).filter((field) => entry[field] === FULL_32);
  if (wide.length === 0) return;
  const block = findExtra(extra, 1);
  if (block === null) throw badZip(name, 'its ZIP64 extra field is missing');
  if (block.length < wide.length * 8) throw badZip(name, 'its ZIP64 extra field is too short');
  for (const [index, field] of wide.entries()) entry[field] = wideNumber(block, index * 8, name);
}

const fieldNames = ['sizeBytes', 'compressedBytes', 'headerOffset'] as const;

/** The content of the extra field with this id; null when there is none. */
export function findExtra(extra: Buffer, id: number): Buffer | null {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === id) return extra.subarray(at + 4, end);
    at = end;
  }
  return null;
}
