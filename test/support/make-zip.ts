import { crc32, deflateRawSync } from 'node:zlib';

/** One member of a ZIP to be made; everything that may lie can be set apart from the truth. */
export interface MadeMember {
  name: string | Buffer;
  data?: Buffer | string;
  /** The bytes between header and next entry; by default the data, packed by `method`. */
  packed?: Buffer;
  /** 8 (deflate) by default. */
  method?: number;
  flags?: number;
  /** Unix type and mode, shifted into place by the maker. */
  mode?: number;
  crc?: number;
  sizeBytes?: number;
  compressedBytes?: number;
  extra?: Buffer;
  comment?: string;
  disk?: number;
  /** Where the directory says that the header is; by default where it is. */
  headerOffset?: number;
  signature?: number;
  /** What the local header says instead of the directory's fields. */
  local?: {
    name?: string | Buffer;
    signature?: number;
    flags?: number;
    method?: number;
    crc?: number;
    sizeBytes?: number;
    compressedBytes?: number;
    extra?: Buffer;
  };
  /** Bytes right after the packed ones, such as a data descriptor. */
  trailer?: Buffer;
  /** True: only in the directory; `headerOffset` should point at another entry. */
  isPhantom?: boolean;
}

/** What the end of the archive says instead of the truth. */
export interface MadeEnd {
  count?: number;
  countOnDisk?: number;
  directoryBytes?: number;
  directoryOffset?: number;
  disk?: number;
  comment?: Buffer;
  commentBytes?: number;
  signature?: number;
  prefix?: Buffer;
  suffix?: Buffer;
  /** Bytes between the directory and the end record. */
  beforeEnd?: (directory: { offset: number; sizeBytes: number; count: number }) => Buffer;
}

/** A ZIP, byte by byte the same for the same members. */
export function makeZip(members: readonly MadeMember[], end: MadeEnd = {}): Buffer {
  const parts: Buffer[] = [end.prefix ?? Buffer.alloc(0)];
  const records: Buffer[] = [];
  let offset = parts[0]?.length ?? 0;
  for (const member of members) {
    const made = fill(member);
    records.push(directoryRecord(made, member.headerOffset ?? offset));
    if (member.isPhantom) continue;
    const bytes = Buffer.concat([
      localHeader(made),
      made.packed,
      member.trailer ?? Buffer.alloc(0),
    ]);
    parts.push(bytes);
    offset += bytes.length;
  }
  const directory = Buffer.concat(records);
  const truth = { offset, sizeBytes: directory.length, count: members.length };
  parts.push(directory, end.beforeEnd?.(truth) ?? Buffer.alloc(0), endRecord(truth, end));
  parts.push(end.suffix ?? Buffer.alloc(0));
  return Buffer.concat(parts);
}

/** A ZIP64 end record with its locator, to stand before the plain end record. */
export function zip64End(
  said: { offset: number; sizeBytes: number; count: number },
  recordOffset: number,
  lies: { recordSignature?: number; locatorSignature?: number; disk?: number; wide?: bigint } = {},
): Buffer {
  const bytes = Buffer.alloc(76);
  bytes.writeUInt32LE(lies.recordSignature ?? 0x06064b50, 0);
  bytes.writeBigUInt64LE(44n, 4);
  bytes.writeUInt16LE(45, 12);
  bytes.writeUInt16LE(45, 14);
  bytes.writeUInt32LE(lies.disk ?? 0, 16);
  bytes.writeBigUInt64LE(BigInt(said.count), 24);
  bytes.writeBigUInt64LE(BigInt(said.count), 32);
  bytes.writeBigUInt64LE(BigInt(said.sizeBytes), 40);
  bytes.writeBigUInt64LE(lies.wide ?? BigInt(said.offset), 48);
  bytes.writeUInt32LE(lies.locatorSignature ?? 0x07064b50, 56);
  bytes.writeBigUInt64LE(BigInt(recordOffset), 64);
  bytes.writeUInt32LE(1, 72);
  return bytes;
}

/** An extra field: id, length, content. */
export function extraField(id: number, content: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(content.length, 2);
  return Buffer.concat([head, content]);
}

/** 64-bit numbers, little end first. */
export function wide(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [index, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), index * 8);
  return bytes;
}

interface Filled {
  name: Buffer;
  packed: Buffer;
  method: number;
  flags: number;
  crc: number;
  sizeBytes: number;
  compressedBytes: number;
  member: MadeMember;
}

function fill(member: MadeMember): Filled {
  const data = Buffer.from(member.data ?? '');
  const method = member.method ?? 8;
  const packed = member.packed ?? (method === 8 ? deflateRawSync(data) : data);
  return {
    name: Buffer.from(member.name),
    packed,
    method,
    flags: member.flags ?? 0,
    crc: member.crc ?? crc32(data),
    sizeBytes: member.sizeBytes ?? data.length,
    compressedBytes: member.compressedBytes ?? packed.length,
    member,
  };
}

function localHeader(made: Filled): Buffer {
  const local = made.member.local ?? {};
  const name = Buffer.from(local.name ?? made.name);
  const extra = local.extra ?? Buffer.alloc(0);
  const bytes = Buffer.alloc(30);
  bytes.writeUInt32LE(local.signature ?? 0x04034b50, 0);
  bytes.writeUInt16LE(20, 4);
  bytes.writeUInt16LE(local.flags ?? made.flags, 6);
  bytes.writeUInt16LE(local.method ?? made.method, 8);
  bytes.writeUInt16LE(0x21, 12);
  bytes.writeUInt32LE(local.crc ?? made.crc, 14);
  bytes.writeUInt32LE(local.compressedBytes ?? made.compressedBytes, 18);
  bytes.writeUInt32LE(local.sizeBytes ?? made.sizeBytes, 22);
  bytes.writeUInt16LE(name.length, 26);
  bytes.writeUInt16LE(extra.length, 28);
  return Buffer.concat([bytes, name, extra]);
}

function directoryRecord(made: Filled, headerOffset: number): Buffer {
  const { member } = made;
  const extra = member.extra ?? Buffer.alloc(0);
  const comment = Buffer.from(member.comment ?? '');
  const bytes = Buffer.alloc(46);
  bytes.writeUInt32LE(member.signature ?? 0x02014b50, 0);
  bytes.writeUInt16LE(0x0314, 4);
  bytes.writeUInt16LE(20, 6);
  bytes.writeUInt16LE(made.flags, 8);
  bytes.writeUInt16LE(made.method, 10);
  bytes.writeUInt16LE(0x21, 14);
  bytes.writeUInt32LE(made.crc, 16);
  bytes.writeUInt32LE(made.compressedBytes, 20);
  bytes.writeUInt32LE(made.sizeBytes, 24);
  bytes.writeUInt16LE(made.name.length, 28);
  bytes.writeUInt16LE(extra.length, 30);
  bytes.writeUInt16LE(comment.length, 32);
  bytes.writeUInt16LE(member.disk ?? 0, 34);
  bytes.writeUInt32LE(((member.mode ?? 0) << 16) >>> 0, 38);
  bytes.writeUInt32LE(headerOffset, 42);
  return Buffer.concat([bytes, made.name, extra, comment]);
}

function endRecord(
  truth: { offset: number; sizeBytes: number; count: number },
  end: MadeEnd,
): Buffer {
  const comment = end.comment ?? Buffer.alloc(0);
  const count = Math.min(end.count ?? truth.count, 0xffff);
  const bytes = Buffer.alloc(22);
  bytes.writeUInt32LE(end.signature ?? 0x06054b50, 0);
  bytes.writeUInt16LE(end.disk ?? 0, 4);
  bytes.writeUInt16LE(end.countOnDisk ?? count, 8);
  bytes.writeUInt16LE(count, 10);
  bytes.writeUInt32LE(end.directoryBytes ?? truth.sizeBytes, 12);
  bytes.writeUInt32LE(end.directoryOffset ?? truth.offset, 16);
  bytes.writeUInt16LE(end.commentBytes ?? comment.length, 20);
  return Buffer.concat([bytes, comment]);
}
