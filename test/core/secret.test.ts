import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { printable } from '../../services/core/printable.ts';
import { isSecret, isSecretName, redactText, secret } from '../../services/core/secret.ts';

const CANARY = 'canary-7f3a91';

describe('secret', () => {
  it('prints as *** in every usual way of printing', () => {
    const hidden = secret(CANARY);
    const prints = [
      String(hidden),
      [hidden].join(),
      JSON.stringify({ hidden }),
      inspect(hidden),
      inspect({ deep: [hidden] }, { showHidden: true, depth: 9 }),
      JSON.stringify({ ...hidden }),
      JSON.stringify(Object.getOwnPropertyDescriptors(hidden)),
    ];
    for (const print of prints) expect(print).not.toContain(CANARY);
    expect(prints[0]).toBe('***');
    expect(prints[2]).toBe('{"hidden":"***"}');
  });

  it('gives its value away to reveal alone', () => {
    expect(secret(CANARY).reveal()).toBe(CANARY);
  });

  it('is told from a look-alike', () => {
    expect(isSecret(secret(CANARY))).toBe(true);
    expect(isSecret({ ...secret(CANARY) })).toBe(false);
    expect(isSecret(null)).toBe(false);
  });
});

describe('redactText', () => {
  it('replaces a secret everywhere, also as an address spells it', () => {
    const value = 'p@ss word/1';
    const text = `${value} and ?x=${encodeURIComponent(value)} and ${value}`;
    expect(redactText(text, [value])).toBe('*** and ?x=*** and ***');
  });

  it('leaves no rest of a longer secret that holds a shorter one', () => {
    expect(redactText('key-one-two', ['key', 'key-one-two'])).toBe('***');
  });

  it('hides passwords in addresses that nobody told it about', () => {
    expect(redactText('postgres://etl:hunter2@db:5432/x', [])).toBe('postgres://etl:***@db:5432/x');
    expect(redactText('https://a.test/q?apikey=K9&symbol=IBM', [])).toBe(
      'https://a.test/q?apikey=***&symbol=IBM',
    );
    expect(redactText('https://s3/x?X-Amz-Signature=abc', [])).toBe(
      'https://s3/x?X-Amz-Signature=***',
    );
  });

  it('leaves text alone when a secret is empty', () => {
    expect(redactText('abc', [''])).toBe('abc');
  });
});

describe('isSecretName', () => {
  it.each(['password', 'REDSHIFT_PASSWORD', 'apiKey', 'MARKET_API_KEY', 'Authorization', 'token'])(
    'takes %s for the name of a secret',
    (name) => expect(isSecretName(name)).toBe(true),
  );

  it.each(['key', 'object', 'rowsRead', 'author', 'etag', 'keys'])('leaves %s readable', (name) =>
    expect(isSecretName(name)).toBe(false),
  );
});

describe('printable', () => {
  it('escapes what moves a cursor, forges a line or turns text around', () => {
    expect(printable('a\u001b[31mb\nc\rd\te\u009b\u202Ef\u200bg')).toBe(
      'a\\u001b[31mb\\nc\\rd\\te\\u009b\\u202ef\\u200bg',
    );
  });

  it('leaves printable text of any script alone', () => {
    const text = 'Größe 大きさ 🚢 “quoted” a=b';
    expect(printable(text)).toBe(text);
  });
});
