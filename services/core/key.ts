import { PipelineError } from './error.ts';

/** The longest object key, in UTF-8 bytes, that S3 and every store after its model takes. */
export const KEY_BYTES_MAX = 1024;

/**
 * Returns the key when it names an object inside its bucket: relative, no `.` or `..` segment (also not behind a
 * backslash), no NUL, well-formed text, 1 to 1,024 bytes of UTF-8. Else throws `config-invalid`.
 */
export function checkKey(key: string): string {
  const fault = key === '' ? 'it is empty' : faultOf(key, allSegments(key));
  if (fault !== null) throw refusal('key', key, fault);
  return key;
}

/** As `checkKey` for the beginning of a key: may be empty and may end inside a segment (`a/.` finds `a/.hidden`). */
export function checkPrefix(prefix: string): string {
  const fault = faultOf(prefix, allSegments(prefix).slice(0, -1));
  if (fault !== null) throw refusal('key prefix', prefix, fault);
  return prefix;
}

/** Joins parts with one `/` each; empty parts are left out. The whole is checked as by `checkKey`. */
export function joinKey(...parts: readonly string[]): string {
  const kept = parts.filter((part) => part !== '');
  const absolute = kept.find((part) => part.startsWith('/'));
  if (absolute !== undefined) throw refusal('key', absolute, 'it begins with "/"');
  const last = kept.length - 1;
  return checkKey(
    kept.map((part, at) => (at < last && part.endsWith('/') ? part.slice(0, -1) : part)).join('/'),
  );
}

/**
 * The key of an object as a bucket notification spells it: `+` is a space, `%XX` is a byte of UTF-8. Throws
 * `input-invalid` when it cannot be decoded or does not name an object inside the bucket.
 */
export function decodeEventKey(encoded: string): string {
  let key: string;
  try {
    key = decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch (cause) {
    throw new PipelineError('input-invalid', `key ${quote(encoded)} is not percent-encoded UTF-8`, {
      cause,
    });
  }
  try {
    return checkKey(key);
  } catch (cause) {
    throw new PipelineError('input-invalid', `event: ${(cause as Error).message}`, { cause });
  }
}

/** A key as a bucket notification spells it, which `decodeEventKey` takes back: letters, digits and `+ % - _ . ! ~ * ' ( )`. */
export function encodeEventKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%20', '+');
}

const encoder = new TextEncoder();

/** The order of keys everywhere: by their UTF-8 bytes, which is not the order of JavaScript's own comparison. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return codeUnitRank(left) - codeUnitRank(right);
  }
  return a.length - b.length;
}

/** UTF-16 puts surrogates (characters beyond U+FFFF) before U+E000 to U+FFFF; UTF-8 puts them after. */
function codeUnitRank(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit;
}

/** Segments as any reader may see them: Windows and some servers take a backslash for a slash. */
function allSegments(key: string): string[] {
  return key.split(/[/\\]/);
}

function faultOf(key: string, segments: readonly string[]): string | null {
  if (key.startsWith('/')) return 'it begins with "/"';
  if (key.includes('\0')) return 'it holds a NUL character';
  if (/\p{Surrogate}/u.test(key)) return 'it is not well-formed Unicode';
  if (segments.some((segment) => segment === '.' || segment === '..')) {
    return 'it holds a "." or ".." segment';
  }
  const sizeBytes = encoder.encode(key).length;
  return sizeBytes > KEY_BYTES_MAX ? `it has ${sizeBytes} bytes, more than ${KEY_BYTES_MAX}` : null;
}

function refusal(noun: string, key: string, fault: string): PipelineError {
  return new PipelineError('config-invalid', `${noun} ${quote(key)} is refused: ${fault}`, {
    hint: 'use a relative key such as raw/2026-11-21/file.csv',
  });
}

/** On one line and short, whatever the key holds. */
function quote(key: string): string {
  return JSON.stringify(key.length > 120 ? `${key.slice(0, 120)}…` : key);
}
