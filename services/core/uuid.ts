import { createHash } from 'node:crypto';

/** The namespace of DNS names (RFC 9562). */
const DNS = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex');
const OURS = bytesOf(DNS, 'argosy.dev');

/**
 * A UUID of version 5 (RFC 9562) in the namespace of the DNS name argosy.dev: the same name gives the same UUID, another
 * name another one.
 */
export function uuidOf(name: string): string {
  const hex = bytesOf(OURS, name).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function bytesOf(namespace: Buffer, name: string): Buffer {
  const bytes = createHash('sha1').update(namespace).update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}
