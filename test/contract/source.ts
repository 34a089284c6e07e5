import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Source, SourceReply } from '../../services/ports/source.ts';
import { seededBytes, textOf, utf8 } from '../support/bytes.ts';

/** A source under test and where it finds the files of the suite. */
export interface MadeSource {
  source: Source;
  /** The address of a file by its name, which may have to be percent-encoded. */
  urlOf: (name: string) => string;
  close?: () => Promise<void>;
}

/** What the source must be able to reach. */
export const SOURCE_FILES: ReadonlyMap<string, Uint8Array> = new Map([
  ['plain.csv', utf8('a,b\n1,2\n')],
  ['empty.csv', new Uint8Array()],
  ['big.bin', seededBytes(3_000_000, 11)],
  ['with space é.csv', utf8('odd')],
  ['folder/below.txt', utf8('below')],
]);

const BYTES_MAX = 10_000_000;

/** Every sentence of the source port that holds for all sources, as a test. */
export function sourceContract(
  name: string,
  make: (files: ReadonlyMap<string, Uint8Array>) => Promise<MadeSource>,
): void {
  describe(`${name} keeps the source contract`, () => {
    let made: MadeSource;

    beforeAll(async () => {
      made = await make(SOURCE_FILES);
    });
    afterAll(() => made.close?.());

    const fetchFile = (file: string, more: object = {}): Promise<SourceReply> =>
      made.source.fetch({ url: made.urlOf(file), sizeBytesMax: BYTES_MAX, ...more });

    it.each([...SOURCE_FILES.keys()])('gives the bytes of %j', async (file) => {
      const reply = await fetchFile(file);
      expect(reply).toMatchObject({ status: 'fresh', url: made.urlOf(file) });
      const bytes = reply.status === 'fresh' ? reply.bytes : null;
      expect(Buffer.compare(bytes ?? utf8('none'), SOURCE_FILES.get(file) ?? utf8('no'))).toBe(0);
    });

    it('what is not there is not-found', async () => {
      await expect(fetchFile('none.csv')).rejects.toMatchObject({ kind: 'not-found' });
      await expect(fetchFile('plain.csv/below')).rejects.toMatchObject({ kind: 'not-found' });
    });

    it('exactly the limit is fine, one byte more is too-large', async () => {
      expect(await fetchFile('plain.csv', { sizeBytesMax: 8 })).toMatchObject({ status: 'fresh' });
      await expect(fetchFile('plain.csv', { sizeBytesMax: 7 })).rejects.toMatchObject({
        kind: 'too-large',
      });
      await expect(fetchFile('big.bin', { sizeBytesMax: 2_999_999 })).rejects.toMatchObject({
        kind: 'too-large',
      });
    });

    it('what has not changed is unchanged, by tag and by time', async () => {
      const reply = await fetchFile('plain.csv');
      const { etag, lastModified } = reply as Extract<SourceReply, { status: 'fresh' }>;
      expect([etag, lastModified]).not.toContain(null);
      expect(await fetchFile('plain.csv', { etag })).toEqual({ status: 'unchanged' });
      expect(await fetchFile('plain.csv', { lastModified })).toEqual({ status: 'unchanged' });
      expect(await fetchFile('plain.csv', { etag, lastModified })).toEqual({ status: 'unchanged' });
    });

    it('another tag gives fresh bytes', async () => {
      const reply = await fetchFile('plain.csv', { etag: '"other"' });
      expect(reply.status === 'fresh' && textOf(reply.bytes)).toBe('a,b\n1,2\n');
    });

    it('a stopped fetch ends as interrupted', async () => {
      await expect(fetchFile('plain.csv', { signal: AbortSignal.abort() })).rejects.toMatchObject({
        kind: 'interrupted',
      });
    });

    it.each(['data:text/plain,x', 'ftp://127.0.0.1/x', 'javascript:1', 'no address', '', '//x/y'])(
      'the address %j is config-invalid',
      async (url) => {
        await expect(made.source.fetch({ url, sizeBytesMax: BYTES_MAX })).rejects.toMatchObject({
          kind: 'config-invalid',
        });
      },
    );
  });
}
