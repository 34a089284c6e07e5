import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';

import { translateFileError } from '../../services/adapters/object-store/filesystem-error.ts';
import {
  isContinued,
  keyToNames,
  nameToPiece,
} from '../../services/adapters/object-store/filesystem-name.ts';

/** The key that file names stand for, put together as a listing does. */
function namesToKey(names: readonly string[]): string {
  return names
    .map(
      (name, at) => nameToPiece(name) + (isContinued(name) || at === names.length - 1 ? '' : '/'),
    )
    .join('');
}

describe('the file names of a key', () => {
  it.each([
    'raw/2026-11-21/file.csv',
    'a=1/b=2/part-0.parquet',
    'with space, é and 100%.csv',
    'percent%20twenty',
    '_records/runs/x.json',
    'a/.tmp/b',
    '日本語',
  ])('%j is kept under its own name', (key) => {
    expect(keyToNames(key).join('/')).toBe(key);
  });

  it.each([
    ['.tmp/x', ['%~t.tmp', 'x']],
    ['.TMP/x', ['%~t.TMP', 'x']],
    ['a//b', ['a', '%~e', 'b']],
    ['a/', ['a', '%~e']],
    ['100%~.csv', ['100%~~.csv']],
  ])('%j is kept as %j', (key, names) => {
    expect(keyToNames(key)).toEqual(names);
  });

  it('lead back to the key, fit a file system and never lead upwards, for any key', () => {
    const piece = oneof(
      string({ unit: 'grapheme', maxLength: 300 }),
      constantFrom('%~', '%~c', '%~n', '%~e', '%~t.tmp', '.tmp', '%', '~', '..', '.', 'é', '🚢'),
    );
    const segment = array(piece, { maxLength: 6 })
      .map((pieces) => pieces.join('').replaceAll('/', '_'))
      .filter((text) => text !== '.' && text !== '..' && !text.includes('\0'));
    const keys = array(segment, { minLength: 1, maxLength: 6 })
      .map((segments) => segments.join('/'))
      .filter((key) => key !== '' && !key.startsWith('/') && Buffer.byteLength(key) <= 1024);
    assert(
      property(keys, (key) => {
        const names = keyToNames(key);
        expect(namesToKey(names)).toBe(key);
        for (const name of names) {
          expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
          expect(['', '.', '..', '.tmp']).not.toContain(
            names[0] === name ? name.toLowerCase() : 'x',
          );
          expect(['', '.', '..']).not.toContain(name);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('two keys never share a file', () => {
    const tricky = array(constantFrom('%', '~', 'c', 'n', 'e', 't', '.tmp', '/', 'x'.repeat(160)), {
      minLength: 1,
      maxLength: 6,
    })
      .map((parts) => parts.join(''))
      .filter((key) => !key.startsWith('/'));
    assert(
      property(tricky, tricky, (a, b) => {
        expect(keyToNames(a).join('/') === keyToNames(b).join('/')).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('an error of the file system', () => {
  it.each([
    ['EACCES', 'denied'],
    ['EPERM', 'denied'],
    ['EROFS', 'denied'],
    ['ENOSPC', 'unavailable'],
    ['EDQUOT', 'unavailable'],
    ['EMFILE', 'unavailable'],
    ['EIO', 'unavailable'],
    ['ENAMETOOLONG', 'config-invalid'],
    ['ENOTDIR', 'unsupported'],
    ['EISDIR', 'unsupported'],
  ])('%s is %s and tells what failed', (code, kind) => {
    const error = Object.assign(new Error(`${code}: planned`), { code });
    const translated = translateFileError(error, { method: 'put', object: 'file:///b/a' });
    expect(translated).toMatchObject({
      kind,
      message: `put of file:///b/a failed: ${code}`,
      cause: error,
    });
  });

  it.each(['write', 'copyfile', 'mkdir', 'link', 'fsync'])(
    'a full disk is named with its setting, and known to hold nothing of a %s that is no sync',
    (syscall) => {
      const error = Object.assign(new Error('full'), { code: 'ENOSPC', syscall });
      const translated = translateFileError(error, { method: 'put', object: 'file:///b/a' });
      expect(translated.isUnwritten).toBe(syscall !== 'fsync');
      expect(translated.hint).toContain('ARGOSY_STORE');
    },
  );

  it('without a code is a bug', () => {
    const translated = translateFileError(new TypeError('x'), { method: 'put', object: 'o' });
    expect(translated.kind).toBe('bug');
  });
});
