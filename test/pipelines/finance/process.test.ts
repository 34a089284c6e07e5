import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { encodeEventKey } from '../../../services/core/key.ts';
import { faultPlan } from '../../../services/layers/fault.ts';
import { openCleaner } from '../../../services/pipelines/finance/upload/clean-upload.ts';
import {
  uploadRows,
  type UploadRow,
} from '../../../services/pipelines/finance/upload/upload-rows.ts';
import { uploadText } from '../../../services/pipelines/finance/upload/upload-text.ts';
import { type Uploads, uploads } from '../../support/uploads.ts';

const HEADER =
  'transaction_id,customer_id,transaction_date,amount,merchant_id,category,status,payment_method';
const row = (id: string, amount: string, rest = 'MERCH0001,groceries,completed,credit_card') =>
  `${id},CUST000042,2026-01-31 14:30:00,${amount},${rest}`;
const csv = (...rows: string[]): string => `${[HEADER, ...rows].join('\n')}\n`;
const STAMP = '2026-11-21 00:00:00';

describe('an upload', () => {
  it('is written to the processed bucket under its name, stamped, without what the rules refuse', async () => {
    await using at = await uploads();
    const good = row('TXN1', '54.60');
    await at.put(
      'a.csv',
      csv(good, row('TXN2', ''), row(' txn1 ', '7'), row('TXN3', '0'), row('TXN4', '-1'), 'x,y'),
    );
    const { result } = await at.run({ key: 'raw/a.csv' });
    expect(await at.output('a.csv')).toBe(`${HEADER},processed_at\n${good},${STAMP}\n`);
    expect(result?.outputs).toEqual({
      pending: '1',
      files: '1',
      records: '1',
      rejected: '5',
      whole: 'false',
    });
    expect(result?.counts).toMatchObject({ rowsRead: 6, rowsWritten: 1, rowsRejected: 5 });
    expect((await at.rejects('a.csv')).map(({ line, rule }) => [line, rule])).toEqual([
      [3, 'amount-missing'],
      [4, 'id-repeated'],
      [5, 'amount-not-positive'],
      [6, 'amount-not-positive'],
      [7, 'row-width'],
    ]);
    expect(await at.records()).toEqual([
      {
        message: '1 of 6 rows processed',
        records_processed: 1,
        output_file: 'mem://processed/processed/a.csv',
        status: 'success',
        source_key: 'raw/a.csv',
        etag: expect.any(String),
        size_bytes: expect.any(Number),
        rows_read: 6,
        rows_rejected: 5,
        rejects_by_reason: {
          'amount-missing': 1,
          'id-repeated': 1,
          'amount-not-positive': 2,
          'row-width': 1,
        },
        rejects_key: expect.stringMatching(/^_quarantine\/uploads\/a\.csv\/[0-9a-f]{16}\.jsonl$/),
        processed_at: STAMP,
      },
    ]);
    expect(at.checks).toEqual(new Map([['upload-row-accepted', 5]]));
  });

  it('keeps the first row of an id, whatever its amount, as requirements 4.11 order it', async () => {
    await using at = await uploads();
    await at.put('a.csv', csv(row('TXN1', ''), row('TXN1', '5'), row('TXN2', '6')));
    await at.run({ key: 'raw/a.csv' });
    expect((await at.rejects('a.csv')).map(({ rule }) => rule)).toEqual([
      'amount-missing',
      'id-repeated',
    ]);
  });

  it.each([
    ['0.01', 'kept'],
    ['0.00000000000000000000000000000000001', 'kept'],
    ['1e-400', 'kept'],
    ['1e400', 'kept'],
    ['99999999999999999999.99', 'kept'],
    ['+5', 'kept'],
    [' 5.10 ', 'kept'],
    ['.5', 'kept'],
    ['5.', 'kept'],
    ['0', 'amount-not-positive'],
    ['-0.0', 'amount-not-positive'],
    ['0e9', 'amount-not-positive'],
    ['-0.01', 'amount-not-positive'],
    ['', 'amount-missing'],
    ['NaN', 'amount-missing'],
    ['NULL', 'amount-missing'],
    ['Infinity', 'amount-invalid'],
    ['1e99999', 'amount-invalid'],
    ['"1,000.00"', 'amount-invalid'],
    ['0x10', 'amount-invalid'],
    ['١٢', 'amount-invalid'],
    ['=1+1', 'amount-invalid'],
    ["5'; DROP TABLE x", 'amount-invalid'],
    ['.', 'amount-invalid'],
  ])('with the amount %s has that row %s', async (amount, fate) => {
    await using at = await uploads();
    await at.put('a.csv', csv(row('TXN1', amount)));
    await at.run({ key: 'raw/a.csv' });
    const isKept = fate === 'kept';
    expect((await at.rejects('a.csv')).map(({ rule }) => rule)).toEqual(isKept ? [] : [fate]);
    const kept = isKept ? `${row('TXN1', amount)},${STAMP}\n` : '';
    expect(await at.output('a.csv')).toBe(`${HEADER},processed_at\n${kept}`);
  });

  it.each([
    ['with CRLF and a BOM', `\ufeff${csv(row('TXN1', '5')).replaceAll('\n', '\r\n')}`],
    ['with old Mac line ends', csv(row('TXN1', '5')).replaceAll('\n', '\r')],
    ['with blank lines', csv('', row('TXN1', '5'), '', '')],
    ['without a last line end', csv(row('TXN1', '5')).trimEnd()],
    [
      'with its header in other letters',
      csv(row('TXN1', '5')).replace(HEADER, HEADER.toUpperCase()),
    ],
  ])('%s is the same rows', async (_, text) => {
    await using at = await uploads();
    await at.put('a.csv', text);
    await at.run({ key: 'raw/a.csv' });
    expect(await at.output('a.csv')).toBe(`${HEADER},processed_at\n${row('TXN1', '5')},${STAMP}\n`);
  });

  it('keeps line ends, quotes, commas, formulas and Unicode in values as they are', async () => {
    await using at = await uploads();
    const odd = '"a ""b"", c\nd",=cmd|x,"💸 文",5" nail';
    await at.put('a.csv', csv(row('TXN1', '5', odd), row('TXN2', '-1', odd), row('TXN3', 'x')));
    await at.run({ key: 'raw/a.csv' });
    const quoted = '"a ""b"", c\nd",=cmd|x,💸 文,"5"" nail"';
    expect(await at.output('a.csv')).toBe(
      `${HEADER},processed_at\n${row('TXN1', '5', quoted)},${STAMP}\n`,
    );
    // The values above span two lines each.
    expect((await at.rejects('a.csv')).map(({ line }) => line)).toEqual([4, 6]);
  });

  it('masks e-mail addresses in what it refuses', async () => {
    await using at = await uploads();
    await at.put('a.csv', csv(row('TXN1', '-1', 'jane.doe@example.org,b,c,d')));
    await at.run({ key: 'raw/a.csv' });
    expect((await at.rejects('a.csv'))[0]?.text).toContain('j***@***,b,c,d');
  });

  it('that is gzip by its name is unpacked, and its output packed', async () => {
    await using at = await uploads();
    await at.put('a.csv.gz', gzipSync(csv(row('TXN1', '5'))));
    await at.run({ key: 'raw/a.csv.gz' });
    const packed = await at.processed.get('processed/a.csv.gz');
    expect(gunzipSync(packed ?? Buffer.alloc(0)).toString()).toContain(
      `${row('TXN1', '5')},${STAMP}`,
    );
  });

  it.each([
    ['empty', '', 'it is empty'],
    ['of blank lines', '\n\n', 'it is empty'],
    ['of a header alone', csv(), 'a header and no rows'],
    ['without the column amount', 'transaction_id,x\n1,2\n', 'column amount is not there'],
    [
      'with semicolons',
      csv(row('TXN1', '5')).replaceAll(',', ';'),
      'column transaction_id is not there',
    ],
    [
      'with a column twice',
      'transaction_id,amount,amount\n1,2,3\n',
      'column "amount" is there twice',
    ],
    [
      'with a quote that is not closed',
      csv(row('TXN1', '5'), '"x'),
      'after line 2: a quote is not closed',
    ],
    [
      'with a quote that is not closed, behind CRLF',
      csv(row('TXN1', '5'), '', '"x').replaceAll('\n', '\r\n'),
      'after line 2: a quote',
    ],
    [
      'with a row of 1.1 MB',
      csv('x'.repeat(1_100_000)),
      'after line 1: the next row has more than 1048576',
    ],
    ['in Latin-1', Buffer.from(csv(row('TXN1', '5', 'Gr\xfc\xdfe,b,c,d')), 'latin1'), 'not UTF-8'],
    ['in UTF-16', Buffer.from(`\ufeff${csv()}`, 'utf16le'), 'not UTF-8'],
  ])('%s is refused as a whole, with its address', async (_, content, why) => {
    await using at = await uploads();
    await at.put('a.csv', content);
    const end = await at.run({ key: 'raw/a.csv' });
    expect(end).toMatchObject({ kind: 'input-invalid' });
    expect(end.message).toContain('mem://argosy-finance/raw/a.csv');
    expect(end.message).toContain(why);
    expect(await at.output('a.csv')).toBeNull();
    expect(await at.records()).toMatchObject([{ status: 'error', output_file: null }]);
  });

  it.each([
    ['is cut short', (bytes: Buffer) => bytes.subarray(0, -9)],
    ['is none', () => Buffer.from(csv(row('TXN1', '5')))],
  ])('that should be gzip and %s is refused', async (_, spoil) => {
    await using at = await uploads();
    await at.put('a.csv.gz', spoil(gzipSync(csv(row('TXN1', '5')))));
    const end = await at.run({ key: 'raw/a.csv.gz' });
    expect(end).toMatchObject({ kind: 'input-invalid' });
    expect(end.message).toContain('not a whole gzip file');
  });

  it('of more ids than are remembered is too large, and says so', () => {
    const header = { line: 1, fields: ['transaction_id', 'amount'], text: '' };
    const cleaner = openCleaner(header, { what: 'x', processedAt: STAMP, idsMax: 2 });
    const judge = (id: string) => cleaner.judge({ line: 2, fields: [id, '1'], text: '' });
    expect(judge('a')).toEqual(['a', '1', STAMP]);
    judge('b');
    expect(judge('b')).toBe('id-repeated');
    expect(() => judge('c')).toThrow('more than 2 transactions');
  });

  it('that has processed_at already has it once, with the new day', async () => {
    await using at = await uploads();
    await at.put('a.csv', 'processed_at,transaction_id,amount\nold,TXN1,5\n');
    await at.run({ key: 'raw/a.csv' });
    expect(await at.output('a.csv')).toBe(`processed_at,transaction_id,amount\n${STAMP},TXN1,5\n`);
  });
});

describe('the rows of an upload', () => {
  const odd = row('TXN1', '5', '"Grüße\r\n""💸""",b,c,d');
  const text = `\ufeff${HEADER}\r\n${odd}\r\n\r\n${row('TXN2', '6')}`;
  const rowsOf = async (pieces: readonly Uint8Array[]): Promise<UploadRow[]> => {
    const bytes = (async function* each() {
      yield* pieces;
    })();
    const rows: UploadRow[] = [];
    const decoded = uploadText(bytes, { what: 'x', isGzip: false });
    for await (const one of uploadRows(decoded, 'x')) rows.push(one);
    return rows;
  };

  it('are the same in whatever pieces it comes', async () => {
    const whole = Buffer.from(text);
    const expected = await rowsOf([whole]);
    expect(expected.map(({ line, fields }) => [line, fields[0], fields[4]])).toEqual([
      [1, 'transaction_id', 'merchant_id'],
      [2, 'TXN1', 'Grüße\r\n"💸"'],
      [5, 'TXN2', 'MERCH0001'],
    ]);
    for (const size of [1, 2, 3, 7, 64]) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < whole.length; at += size) pieces.push(whole.subarray(at, at + size));
      expect(await rowsOf(pieces)).toEqual(expected);
    }
  });
});

describe('an upload that comes again', () => {
  it('with the same bytes writes nothing, also on another day', async () => {
    await using at = await uploads();
    await at.put('a.csv', csv(row('TXN1', '5'), row('TXN2', '')));
    await at.run({ 'event-key': 'raw%2Fa.csv' });
    const before = await at.content();
    const again = await at.run({ 'event-key': 'raw%2Fa.csv' }, { logicalDate: '2026-11-22' });
    expect(again.result?.outputs).toEqual({
      pending: '0',
      files: '0',
      records: '0',
      rejected: '0',
      whole: 'false',
    });
    expect((await at.run()).result?.outputs).toMatchObject({ pending: '0' });
    expect(await at.content()).toEqual(before);
  });

  it('with other bytes replaces the output, and back again', async () => {
    await using at = await uploads();
    for (const amount of ['5', '6', '5']) {
      await at.put('a.csv', csv(row('TXN1', amount)));
      const { result } = await at.run();
      expect(result?.outputs).toMatchObject({ pending: '1' });
      expect(await at.output('a.csv')).toContain(row('TXN1', amount));
      expect((await at.run()).result?.outputs).toMatchObject({ pending: '0' });
    }
    expect(await at.records()).toHaveLength(2);
  });

  it('and was refused is refused again when it is named, and left alone by the sweep', async () => {
    await using at = await uploads();
    await at.put('a.csv', '');
    expect(await at.run()).toMatchObject({ kind: 'input-invalid' });
    expect(await at.run()).toMatchObject({ kind: null });
    expect(await at.run({ key: 'raw/a.csv' })).toMatchObject({ kind: 'input-invalid' });
  });
});

describe('a sweep of uploads', () => {
  it('processes a hundred, whatever they are called, and one that is bad does not stop the others', async () => {
    await using at = await uploads();
    const odd = ['a b+c é 文.csv', '{{workflow.name}}.CSV', "100% 'done' (1).csv", 'deep/er/x.csv'];
    const names = [...odd, ...Array.from({ length: 96 }, (_, n) => `n${n}.csv`)];
    for (const [n, name] of names.entries()) await at.put(name, csv(row(`TXN${n}`, `${n + 1}`)));
    await at.put('bad.csv', '');
    await at.put('notes.txt', 'no CSV');
    const first = await at.run();
    expect(first).toMatchObject({ kind: 'input-invalid' });
    expect(first.message).toContain('raw/bad.csv: it is empty');
    for (const [n, name] of names.entries()) {
      expect(await at.output(name)).toContain(row(`TXN${n}`, `${n + 1}`));
    }
    expect(await at.records()).toHaveLength(101);
    const second = await at.run();
    expect(second.result?.counts).toEqual({ objectsSkipped: 101 });
  });

  it('keeps equal names in two folders apart, and names that are too long', async () => {
    await using at = await uploads();
    const long = `${'ü'.repeat(450)}/${'x'.repeat(80)}.csv`;
    for (const name of ['a/x.csv', 'b/x.csv', long])
      await at.put(name, csv(row(name.slice(0, 9), '1')));
    const { result } = await at.run();
    expect(result?.outputs).toMatchObject({ files: '3' });
    expect(await at.output('a/x.csv')).toContain('a/x.csv,CUST');
    expect(await at.output('b/x.csv')).toContain('b/x.csv,CUST');
    expect((await at.run()).result?.outputs).toMatchObject({ pending: '0' });
  });
});

describe('the process step', () => {
  it.each([
    ['a key outside raw/', { key: 'clean/a.csv' }],
    ['a key that is no CSV', { key: 'raw/a.txt' }],
    ['an event of an object that is gone', { 'event-key': encodeEventKey('raw/gone.csv') }],
  ])('has nothing to do for %s', async (_, parameters) => {
    await using at = await uploads();
    const { result } = await at.run(parameters);
    expect(result?.outputs).toMatchObject({ pending: '0' });
    expect(result?.problems).toHaveLength(1);
  });

  it.each([
    ['a key that is not there', { key: 'raw/gone.csv' }, 'not-found'],
    ['both names', { key: 'raw/a.csv', 'event-key': 'raw%2Fa.csv' }, 'config-invalid'],
    ['an event key that is none', { 'event-key': 'raw%2F..%2Fsecret.csv' }, 'input-invalid'],
    ['an event key that is broken', { 'event-key': 'raw%2' }, 'input-invalid'],
  ])('ends with an error for %s', async (_, parameters, kind) => {
    await using at = await uploads();
    expect(await at.run(parameters)).toMatchObject({ kind });
  });

  it('processes what has come while it was reading, and never overwrites it with older bytes', async () => {
    await using at = await uploads();
    await at.put('a.csv', csv(row('TXN1', '1')));
    let reads = 0;
    const raw = {
      ...at.raw,
      open: async (key: string) => {
        const stream = await at.raw.open(key);
        reads += 1;
        if (reads === 1) await at.put('a.csv', csv(row('TXN1', '2')));
        return stream;
      },
    };
    expect(await at.run({ key: 'raw/a.csv' }, { raw })).toMatchObject({ kind: null });
    expect(await at.output('a.csv')).toContain(row('TXN1', '2'));
    expect(await at.records()).toHaveLength(1);
  });

  it('gives up on an object that never stands still', async () => {
    await using at = await uploads();
    await at.put('a.csv', csv(row('TXN1', '1')));
    let reads = 0;
    const raw = {
      ...at.raw,
      open: async (key: string) => {
        reads += 1;
        await at.put('a.csv', csv(row('TXN1', `${reads + 1}`)));
        return at.raw.open(key);
      },
    };
    expect(await at.run({ key: 'raw/a.csv' }, { raw })).toMatchObject({ kind: 'conflict' });
    expect(reads).toBe(3);
  });
});

describe('a process step that is killed', () => {
  async function begin(): Promise<Uploads> {
    const at = await uploads();
    await at.put('a.csv', csv(row('TXN1', '5'), row('TXN2', '')));
    await at.put('b.csv', csv(row('TXN3', '7')));
    await at.run();
    await at.put('a.csv', csv(row('TXN1', '6'), row('TXN2', '0')));
    await at.put('c.csv.gz', gzipSync(csv(row('TXN4', '8'))));
    return at;
  }

  it.each([['before'], ['after']] as const)(
    '%s any call ends, after the next run, in the same bytes',
    async (when) => {
      await using kept = await begin();
      await using calm = await uploads(kept);
      const counting = faultPlan();
      expect(await calm.run({}, { plan: counting })).toMatchObject({ kind: null });
      const expected = await calm.content();
      expect(counting.calls.length).toBeGreaterThan(20);
      for (let call = 1; call <= counting.calls.length; call += 1) {
        await using at = await uploads(kept);
        const plan = faultPlan([{ call, when, error: 'crash' }]);
        const what = `${when} call ${call}: ${counting.calls[call - 1]}`;
        expect([what, (await at.run({}, { plan })).kind]).toEqual([what, 'crash']);
        // What has a record is whole.
        for (const record of await at.records()) {
          expect([what, await at.output(record.source_key.slice(4))]).not.toEqual([what, null]);
        }
        expect([what, (await at.run()).kind]).toEqual([what, null]);
        expect([what, await at.content()]).toEqual([what, expected]);
      }
    },
  );

  it.each([['unavailable'], ['throttled'], ['denied']] as const)(
    'or met by a store that is %s fails with that, and no upload is called bad',
    async (error) => {
      await using kept = await begin();
      const counting = faultPlan();
      await using calm = await uploads(kept);
      await calm.run({}, { plan: counting });
      for (let call = 1; call <= counting.calls.length; call += 3) {
        await using at = await uploads(kept);
        const plan = faultPlan([{ call, when: 'truncated', error }]);
        expect((await at.run({}, { plan })).kind).toBe(error);
        expect((await at.records()).filter(({ status }) => status === 'error')).toEqual([]);
      }
    },
  );
});
