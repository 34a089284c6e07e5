import type { ZipLimits } from '../../core/limit.ts';
import { badZip, largeZip } from './zip-directory.ts';
import type { ZipDirectory, ZipEntry, ZipReader } from './zip-directory.ts';

/** An entry that may be extracted. */
export interface CheckedEntry extends ZipEntry {
  /** Place in the directory. */
  index: number;
  /** The whole name with its folders. */
  path: string;
  /** The last segment of the name. */
  baseName: string;
  isDirectory: boolean;
}

const LOCAL_HEADER_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const NAME_BYTES_MAX = 1024;

/** Bits 0, 5, 6 and 13: encrypted, patched data, strong encryption, masked headers. */
const FLAGS_REFUSED = 0b0010_0000_0110_0001;
const FLAG_DESCRIPTOR = 0b1000;
const FLAG_UTF8 = 0b1000_0000_0000;

/**
 * The entries of a directory once nothing about them can hurt: limits, names, kinds, places. Throws
 * `too-large` or `input-invalid` for the whole archive; nothing has been written by then.
 */
export async function checkEntries(
  reader: ZipReader,
  directory: ZipDirectory,
  { name, limits }: { name: string; limits: ZipLimits },
): Promise<CheckedEntry[]> {
  const checked: CheckedEntry[] = [];
  const seen = new Set<string>();
  let totalBytes = 0;
  for (const [index, entry] of directory.entries.entries()) {
    const found = checkEntry(entry, index, name);
    checkSize(found, limits, name);
    totalBytes += found.sizeBytes;
    if (totalBytes > limits.totalBytesMax) {
      throw largeZip(name, `more than ${limits.totalBytesMax} bytes in all`);
    }
    const key = found.path.toLowerCase();
    if (seen.has(key)) throw badZip(name, `two members are called ${show(found.path)}`);
    seen.add(key);
    checked.push(found);
  }
  await checkPlaces(reader, { entries: checked, end: directory.offset }, name);
  return checked;
}

/** A member's name for a message: short, and without characters that move a cursor. */
export function show(path: string): string {
  return JSON.stringify(path.length > 80 ? `${path.slice(0, 80)}…` : path);
}

function checkEntry(entry: ZipEntry, index: number, name: string): CheckedEntry {
  const path = decodeName(entry);
  const why = nameFault(path, entry.nameBytes.length) ?? kindFault(entry, path);
  if (why !== null) throw badZip(name, `member ${show(path)} ${why}`);
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  return {
    ...entry,
    index,
    path: segments.join('/'),
    baseName: segments.at(-1) ?? '',
    isDirectory: path.endsWith('/'),
  };
}

/** UTF-8 where flagged or valid; else the bytes as Latin-1, which never fails. */
function decodeName({ nameBytes, flags }: ZipEntry): string {
  const text = nameBytes.toString('utf8');
  return (flags & FLAG_UTF8) !== 0 || !text.includes('\uFFFD')
    ? text
    : nameBytes.toString('latin1');
}

function nameFault(path: string, bytes: number): string | null {
  if (bytes === 0) return 'has no name';
  if (bytes > NAME_BYTES_MAX) return `has a name of ${bytes} bytes`;
  if (/\p{Cc}|\uFFFD/u.test(path)) return 'has characters in its name that are none';
  if (path.includes('\\')) return 'has a backslash in its name';
  if (path.startsWith('/')) return 'has an absolute name';
  if (/^[a-z]:/i.test(path)) return 'has a drive letter in its name';
  const segments = path.split('/');
  if (segments.includes('..')) return 'would leave its folder';
  return segments.every((segment) => segment === '' || segment === '.') ? 'has no name' : null;
}

function kindFault(entry: ZipEntry, path: string): string | null {
  if ((entry.flags & FLAGS_REFUSED) !== 0) return 'is encrypted';
  const isDirectory = path.endsWith('/');
  const type = (entry.attributes >>> 16) & 0o170000;
  if (type === 0o120000) return 'is a symbolic link';
  if (type !== 0 && type !== (isDirectory ? 0o040000 : 0o100000)) return 'is no plain file';
  if (isDirectory) return entry.sizeBytes === 0 ? null : 'is a folder that holds bytes';
  if (entry.method !== STORED && entry.method !== DEFLATED) {
    return `is packed by method ${entry.method}, not by deflate`;
  }
  if (entry.method === STORED && entry.compressedBytes !== entry.sizeBytes) {
    return 'is stored with two different sizes';
  }
  return entry.compressedBytes === 0 && entry.sizeBytes > 0 ? 'has bytes without data' : null;
}

function checkSize(entry: CheckedEntry, limits: ZipLimits, name: string): void {
  const { sizeBytes, compressedBytes, path } = entry;
  if (sizeBytes > limits.memberBytesMax) {
    throw largeZip(name, `member ${show(path)} has more than ${limits.memberBytesMax} bytes`);
  }
  if (sizeBytes > compressedBytes * limits.ratioMax) {
    throw largeZip(name, `member ${show(path)} is packed more than ${limits.ratioMax}:1`);
  }
}

/** Every entry has its own bytes, before the directory, behind a header that agrees with it. */
async function checkPlaces(
  reader: ZipReader,
  { entries, end }: { entries: readonly CheckedEntry[]; end: number },
  name: string,
): Promise<void> {
  const inOrder = entries.toSorted((a, b) => a.headerOffset - b.headerOffset);
  let free = 0;
  for (const entry of inOrder) {
    const member = `member ${show(entry.path)}`;
    if (entry.headerOffset < free) throw badZip(name, `${member} shares bytes with another`);
    if (entry.headerOffset + LOCAL_HEADER_BYTES > end) {
      throw badZip(name, `${member} lies beyond the directory`);
    }
    const header = await reader.read(entry.headerOffset, LOCAL_HEADER_BYTES);
    const nameBytes = header.readUInt16LE(26);
    const start = entry.headerOffset + LOCAL_HEADER_BYTES;
    free = start + nameBytes + header.readUInt16LE(28) + entry.compressedBytes;
    if (free > end) throw badZip(name, `${member} runs into the directory`);
    const localName = await reader.read(start, nameBytes);
    const why = headerFault(entry, header, localName);
    if (why !== null) throw badZip(name, `${member} ${why}`);
  }
}

function headerFault(entry: CheckedEntry, header: Buffer, localName: Buffer): string | null {
  if (header.readUInt32LE(0) !== 0x04034b50) return 'has no header where the directory says';
  if (!localName.equals(entry.nameBytes)) return 'has another name in its header';
  const flags = header.readUInt16LE(6);
  if ((flags & FLAGS_REFUSED) !== 0) return 'is encrypted';
  if (header.readUInt16LE(8) !== entry.method) return 'has another method in its header';
  const fields = [
    [header.readUInt32LE(14), entry.crc32],
    [header.readUInt32LE(18), entry.compressedBytes],
    [header.readUInt32LE(22), entry.sizeBytes],
  ] as const;
  // With a data descriptor the header may leave the three at zero; a full field has a ZIP64 twin.
  const isOpen = (flags & FLAG_DESCRIPTOR) !== 0;
  const agrees = fields.every(
    ([local, central], index) =>
      local === central || (isOpen && local === 0) || (index > 0 && local === 0xffffffff),
  );
  return agrees ? null : 'has another size or checksum in its header';
}
