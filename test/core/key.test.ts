import { describe, expect, it } from 'vitest';

import {
  checkKey,
  checkPrefix,
  compareKeys,
  decodeEventKey,
  encodeEventKey,
  joinKey,
} from '../../services/core/key.ts';

describe('a key', () => {
  it.each([
    'a',
    'a/b.csv',
    'a//b',
    'folder/',
    '.hidden',
    '..two-dots',
    'a/...',
    'back\\slash',
    'é',
    'new\nline',
    'x'.repeat(1024),
    'é'.repeat(512),
    '🚢',
  ])('%j is taken as it is', (key) => {
    expect(checkKey(key)).toBe(key);
  });

  it.each([
    ['', 'empty'],
    ['/etc/passwd', 'begins with "/"'],
    ['../up', '".." segment'],
    ['a/../b', '".." segment'],
    ['a/..', '".." segment'],
    ['./a', '".." segment'],
    ['a/./b', '".." segment'],
    ['a\\..\\b', '".." segment'],
    ['..\\windows', '".." segment'],
    ['a\0b', 'NUL'],
    ['\ud83d', 'well-formed'],
    ['x'.repeat(1025), '1025 bytes'],
    ['é'.repeat(513), '1026 bytes'],
  ])('%j is refused because of: %s', (key, reason) => {
    expect(() => checkKey(key)).toThrow(
      expect.objectContaining({ kind: 'config-invalid', message: expect.stringContaining(reason) }),
    );
  });

  it('is shown on one line and cut when it is refused', () => {
    const refuse = (): string => checkKey(`a\n/../${'x'.repeat(900)}`);
    expect(refuse).toThrow(/^key "a\\n\/\.\.\/x{114}…" is refused/);
  });
});

describe('a prefix', () => {
  it.each(['', 'a', 'a/', 'a/.', 'a/..', '.', '..', 'x'.repeat(1024)])('%j is taken', (prefix) => {
    expect(checkPrefix(prefix)).toBe(prefix);
  });

  it.each(['/', '/a', '../', 'a/../b', './a', '..\\a', '\0', 'x'.repeat(1025)])(
    '%j is refused',
    (prefix) => {
      expect(() => checkPrefix(prefix)).toThrow(
        expect.objectContaining({ kind: 'config-invalid' }),
      );
    },
  );
});

describe('joining', () => {
  it.each([
    [['a', 'b'], 'a/b'],
    [['a/', 'b'], 'a/b'],
    [['', 'a', '', 'b'], 'a/b'],
    [['a', 'b/'], 'a/b/'],
    [['a'], 'a'],
  ])('%j gives %j', (parts, key) => {
    expect(joinKey(...parts)).toBe(key);
  });

  it.each([[[]], [['']], [['a', '/b']], [['/a', 'b']], [['a', '..', 'b']], [['a', '../b']]])(
    '%j is refused',
    (parts) => {
      expect(() => joinKey(...parts)).toThrow(expect.objectContaining({ kind: 'config-invalid' }));
    },
  );
});

describe('a key in an event', () => {
  it.each([
    ['plain.csv', 'plain.csv'],
    ['a+b.csv', 'a b.csv'],
    ['a%2Bb.csv', 'a+b.csv'],
    ['a%20b.csv', 'a b.csv'],
    ['a%252Fb.csv', 'a%2Fb.csv'],
    ['folder%2Ffile.csv', 'folder/file.csv'],
    ['%C3%A9.csv', 'é.csv'],
    ['100%25.csv', '100%.csv'],
    ['a%0Ab', 'a\nb'],
    ['%F0%9F%9A%A2', '🚢'],
  ])('%j is %j', (encoded, key) => {
    expect(decodeEventKey(encoded)).toBe(key);
  });

  it.each([
    '%',
    '%zz',
    'a%2',
    '%FF.csv',
    '%C3',
    '%ED%A0%80',
    '',
    '%2Fetc%2Fpasswd',
    '..%2F..%2Fetc',
    '%2e%2e%2fup',
    'a%5C..%5Cb',
    'a%00b',
    '%C3%A9'.repeat(513),
  ])('%j is refused as input-invalid', (encoded) => {
    expect(() => decodeEventKey(encoded)).toThrow(
      expect.objectContaining({ kind: 'input-invalid' }),
    );
  });
});

describe('a key that is encoded as in a notification', () => {
  it.each(['a b+c.csv', 'é/文/🚢', '{{=1+1}}', '%2B % %', "!~*()'", '\t\n"\\'])(
    '%j comes back, and holds no brace, quote, blank or slash on the way',
    (key) => {
      const encoded = encodeEventKey(key);
      expect(encoded).toMatch(/^[A-Za-z0-9%+._!~*()'-]+$/);
      expect(decodeEventKey(encoded)).toBe(key);
    },
  );
});

describe('the order of keys', () => {
  it('is that of their UTF-8 bytes', () => {
    const keys = [
      'a',
      'a/b',
      'a.b',
      'A',
      'b',
      'é',
      '\uE000',
      '\uFFFD',
      '🚢',
      '𐀀',
      'ab',
      '',
      '日本',
    ];
    const inBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(keys.toSorted(compareKeys)).toEqual(inBytes);
    expect(keys.toReversed().toSorted(compareKeys)).toEqual(inBytes);
    expect(compareKeys('same', 'same')).toBe(0);
  });
});
