import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { RecordStore } from '../../services/ports/record-store.ts';
import { listOf, textOf, utf8 } from '../support/bytes.ts';

/** A record store under test, with the store its records are objects of. */
export interface MadeRecords {
  records: RecordStore;
  store: ObjectStore;
  close?: () => Promise<void>;
}

/** Every sentence of the record-store port, as a test. */
export function recordStoreContract(name: string, make: () => Promise<MadeRecords>): void {
  describe(`${name} keeps the record-store contract`, () => {
    let made: MadeRecords;
    let records: RecordStore;

    beforeAll(async () => {
      made = await make();
      records = made.records;
    }, 60_000);
    afterAll(() => made.close?.());

    it('what is put is got', async () => {
      const value = { b: 1, a: [true, null, 'é'], deep: { n: 1.5 } };
      await records.put('runs', 'one', value);
      expect(await records.get('runs', 'one')).toEqual(value);
    });

    it('what is not there is null', async () => {
      expect(await records.get('runs', 'none')).toBeNull();
      expect(await records.get('nothing', 'none')).toBeNull();
    });

    it('is kept as JSON that people can read, in the order of its fields', async () => {
      await records.put('readable', 'one', { b: 1, a: 2 });
      const text = textOf(await made.store.get('_records/readable/one.json'));
      expect(text).toBe('{\n  "b": 1,\n  "a": 2\n}\n');
    });

    it('ids are told in their order, as those of a scan, and without reading a record', async () => {
      for (const id of ['b', 'a/z', 'a-b', 'a']) await records.put('named', id, { id });
      await made.store.put('_records/named/broken.json', utf8('no JSON'));
      const ids = ['a', 'a-b', 'a/z', 'b', 'broken'];
      expect(await listOf(records.ids('named'))).toEqual(ids);
      await made.store.delete('_records/named/broken.json');
      const scanned = await listOf(records.scan('named'));
      expect(scanned.map(({ id }) => id)).toEqual(ids.slice(0, -1));
      expect(await listOf(records.ids('nothing'))).toEqual([]);
    });

    it('the newest are as many as are asked for, or as there are', async () => {
      for (const id of ['a', 'a/z', 'b']) await records.put('written', id, { id });
      expect(await listOf(records.newest('written', 2))).toHaveLength(2);
      const all = await listOf(records.newest('written', 9));
      expect(all.map(({ id }) => id).toSorted()).toEqual(['a', 'a/z', 'b']);
      for (const { id, value } of all) expect(value).toEqual({ id });
      expect(await listOf(records.newest('nothing', 2))).toEqual([]);
    });

    it('a put replaces', async () => {
      await records.put('replaced', 'x', { n: 1 });
      await records.put('replaced', 'x', { n: 2 });
      expect(await records.get('replaced', 'x')).toEqual({ n: 2 });
    });

    it('a put of the same record writes nothing', async () => {
      await records.put('same', 'x', { n: 1 });
      const before = await made.store.head('_records/same/x.json');
      await records.put('same', 'x', { n: 1 });
      expect(await made.store.head('_records/same/x.json')).toEqual(before);
    });

    it('put-if-absent keeps the first', async () => {
      expect(await records.putIfAbsent('once', 'x', { n: 1 })).toBe(true);
      expect(await records.putIfAbsent('once', 'x', { n: 2 })).toBe(false);
      expect(await records.get('once', 'x')).toEqual({ n: 1 });
    });

    it('scans a collection and those below it, in the order of ids', async () => {
      const ids = ['b', 'a', 'a-b', 'a.b', 'a/b', 'sub/one', 'B', 'é', ...numbered(30)];
      for (const id of ids) await records.put('scan', id, { id });
      await records.put('scanned-not', 'x', {});
      const scanned = await listOf(records.scan<{ id: string }>('scan'));
      expect(scanned.map(({ id }) => id)).toEqual(
        ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
      expect(scanned.every(({ id, value }) => value.id === id)).toBe(true);
      expect((await listOf(records.scan('scan/sub'))).map(({ id }) => id)).toEqual(['one']);
    });

    it('scanning nothing gives nothing', async () => {
      expect(await listOf(records.scan('no-such-collection'))).toEqual([]);
    });

    it.each([
      ['', 'id'],
      ['runs', ''],
      ['../up', 'id'],
      ['runs', '../../up'],
      ['/runs', 'id'],
      ['runs/', 'id'],
      ['runs', 'id/'],
    ])('the name %j and id %j are refused', async (collection, id) => {
      const calls = [
        async () => records.get(collection, id),
        async () => records.put(collection, id, {}),
        async () => records.putIfAbsent(collection, id, {}),
      ];
      for (const call of calls) {
        await expect(call()).rejects.toMatchObject({ kind: 'config-invalid' });
      }
    });

    it.each(['{"cut": ', '', '\u{FEFF}{', '{} x'])(
      '%j is input-invalid with its key',
      async (text) => {
        await made.store.put('_records/broken/x.json', utf8(text));
        await expect(records.get('broken', 'x')).rejects.toMatchObject({
          kind: 'input-invalid',
          message: expect.stringContaining('_records/broken/x.json'),
        });
        await expect(listOf(records.scan('broken'))).rejects.toMatchObject({
          kind: 'input-invalid',
        });
      },
    );

    it('bytes that are no UTF-8 are input-invalid', async () => {
      await made.store.put('_records/broken/y.json', new Uint8Array([0x22, 0xff, 0x22]));
      await expect(records.get('broken', 'y')).rejects.toMatchObject({ kind: 'input-invalid' });
    });

    it('a value that is no JSON is a bug of the caller', async () => {
      await expect(records.put('runs', 'undefined', undefined)).rejects.toMatchObject({
        kind: 'bug',
      });
    });
  });
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `n${String(at).padStart(4, '0')}`);
}
