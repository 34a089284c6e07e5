import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { evolve } from '../../../services/pipelines/commerce/door/catalogue.ts';
import { accountsOf, readFeedSet } from '../../../services/pipelines/commerce/set/feed-set.ts';
import {
  type FileRecord,
  fileRecords,
} from '../../../services/pipelines/commerce/door/file-record.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import type { StepResult } from '../../../services/ports/step.ts';
import { makeCommerceSample } from '../../../services/sample/commerce.ts';
import { curatedRows, TABLES } from '../../support/commerce-curated.ts';
import { runCommerce, runCommerceStep, type Told } from '../../support/commerce-run.ts';
import { START } from '../../support/pipeline.ts';

const HEADER =
  'transaction_id,customer_id,product_id,quantity,price,total_amount,transaction_date,status\n';
const ROW = 'txn_1,cust_1,prod_1,2,29.99,59.98,2026-01-15 14:30:45,completed\n';
const DAY = 'raw/transactions/date=2026-01-15';
const CLICK = {
  session_id: 's',
  customer_id: null,
  event_type: 'page_view',
  page: '/',
  timestamp: '2026-01-15T10:30:45',
  device: 'mobile',
};

let folder: string;
let store: ObjectStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commerce-validate-'));
});
beforeEach(() => {
  store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const step = (name: string, parameters = {}, runId = 'run-1'): Promise<StepResult> =>
  runCommerceStep({ store, folder }, name, { parameters, runId });

async function records(): Promise<readonly FileRecord[]> {
  return fileRecords({ records: objectRecords(store), signal: new AbortController().signal });
}

async function errorsOf(key: string, content: string | Uint8Array): Promise<readonly string[]> {
  await store.put(key, Buffer.from(content));
  await step('validate');
  return (await records()).find((one) => one.key === key)?.errors ?? ['no record'];
}

describe('validate', () => {
  it.each([
    ['a plain file', `${DAY}/a.csv`, HEADER + ROW],
    ['an upper-case name', `${DAY}/A.CSV`, HEADER + ROW],
    [
      'more columns',
      `${DAY}/a.csv`,
      HEADER.replace('\n', ',channel\n') + ROW.replace('\n', ',web\n'),
    ],
    ['gzip', `${DAY}/a.csv.gz`, gzipSync(HEADER + ROW)],
    ['a byte order mark', `${DAY}/a.csv`, `\ufeff${HEADER}${ROW}`],
    ['click events', 'raw/clickstream/date=2026-01-15/c.jsonl', `${JSON.stringify(CLICK)}\n\n`],
    [
      'packed click events',
      'raw/clickstream/date=2026-01-15/c.json.gz',
      gzipSync(JSON.stringify(CLICK)),
    ],
  ])('takes %s', async (_, key, content) => {
    expect(await errorsOf(key, content)).toEqual([]);
    const feed = key.split('/')[1] ?? '';
    const { outputs } = await step(feed);
    expect(outputs).toMatchObject({ files: '1', 'rows-in': '1', published: '1', rejected: '0' });
  });

  it.each([
    ['no day in its key', 'raw/transactions/a.csv', HEADER + ROW, /date=/],
    ['a day that is none', 'raw/transactions/date=2026-02-30/a.csv', HEADER + ROW, /date=/],
    ['another format', `${DAY}/a.json`, HEADER + ROW, /not a .csv/],
    [
      'columns missing',
      `${DAY}/a.csv`,
      'transaction_id,status\n1,completed\n',
      /customer_id, product_id/,
    ],
    [
      'rows too long',
      `${DAY}/a.csv`,
      `${HEADER}${ROW.replace('\n', ',x\n').repeat(9)}`,
      /extra field/,
    ],
    [
      'text that is not UTF-8',
      'raw/clickstream/date=2026-01-15/c.json',
      Buffer.from([0x7b, 0xff, 0x7d, 10]),
      /not UTF-8/,
    ],
    [
      'gzip that is damaged',
      'raw/clickstream/date=2026-01-15/c.json.gz',
      Buffer.from('no gzip'),
      /gzip is damaged/,
    ],
    ['a key missing', 'raw/clickstream/date=2026-01-15/c.json', '{"page":"/"}', /session_id/],
    [
      'a record that is none',
      'raw/clickstream/date=2026-01-15/c.json',
      `${JSON.stringify(CLICK)}\n[1]\n`,
      /record 2/,
    ],
    ['nothing in it', 'raw/products/date=2026-01-15/p.json', '\n', /no record/],
  ])('refuses %s, with the reasons in the quarantine', async (_, key, content, reason) => {
    const errors = await errorsOf(key, content);
    expect(errors.join('; ')).toMatch(reason);
    const reasons = await store.get(`quarantine/${key.slice('raw/'.length)}.reasons.json`);
    expect(JSON.parse(Buffer.from(reasons ?? '').toString())).toMatchObject({
      valid: false,
      errors,
    });
    expect((await step('validate', {}, 'run-2')).outputs['refused']).toBe('0');
  });

  it('says all that is wrong at once', async () => {
    const errors = await errorsOf('raw/transactions/a.csv', 'transaction_id,status\n1,completed\n');
    expect(errors).toHaveLength(2);
  });

  it('takes content once, and again under the name of a file that was replaced', async () => {
    await store.put(`${DAY}/a.csv`, Buffer.from(HEADER + ROW));
    await store.put(`${DAY}/b.csv`, Buffer.from(HEADER + ROW));
    expect((await step('validate')).outputs).toMatchObject({
      accepted: '1',
      duplicates: '1',
      refused: '0',
    });
    await store.put(`${DAY}/a.csv`, Buffer.from(HEADER + ROW.replace('txn_1', 'txn_2')));
    await store.put(`${DAY}/c.csv`, Buffer.from(HEADER + ROW));
    expect((await step('validate')).outputs).toMatchObject({ refused: '0' });
    const valid = (await records()).filter(({ isValid }) => isValid).map(({ key }) => key);
    // The copy that was there already stands for the content now.
    expect(valid).toEqual([`${DAY}/a.csv`, `${DAY}/b.csv`]);
  });

  it('tells of the files that it has refused at an earlier attempt of the run, and ends a strict one', async () => {
    await store.put(`${DAY}/a.csv`, Buffer.from('a\n1\n'));
    expect((await step('validate')).outputs['refused']).toBe('1');
    expect((await step('validate')).outputs['refused']).toBe('1');
    await expect(step('validate', { strict: 'true' })).rejects.toMatchObject({
      kind: 'input-invalid',
    });
    await expect(step('verdict')).rejects.toMatchObject({
      kind: 'input-invalid',
      message: expect.stringContaining(`${DAY}/a.csv (`) as string,
    });
    expect((await step('verdict', {}, 'run-2')).problems).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('adds new columns and tells of those that are gone or of another type', async () => {
    const file = (columns: FileRecord['metadata']['columns'], sha256: string): FileRecord =>
      ({ date: '2026-01-15', metadata: { columns, sha256 } }) as unknown as FileRecord;
    const first = file(
      [
        { name: 'a', type: 'BIGINT' },
        { name: 'b', type: 'DOUBLE' },
      ],
      '1',
    );
    const { table } = evolve('reviews', { known: null, files: [first], environment: 'local' });
    const next = file(
      [
        { name: 'a', type: 'VARCHAR' },
        { name: 'c', type: 'BIGINT' },
      ],
      '2',
    );
    const evolved = evolve('reviews', { known: table, files: [first, next], environment: 'local' });
    expect(evolved.table.columns.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(evolved.changes.map(({ column, what }) => `${column} ${what}`)).toEqual([
      'a type',
      'b removed',
    ]);
    const again = evolve('reviews', {
      known: evolved.table,
      files: [first, next],
      environment: 'local',
    });
    expect(again.changes).toEqual([]);
  });

  it('takes a file without rows for no change, and learns types when values come', async () => {
    const at = (day: string) => `raw/transactions/date=2026-01-${day}/t.csv`;
    const told: Told = { notices: [], logged: [], checks: new Map() };
    for (const [day, content] of [
      ['14', HEADER],
      ['15', HEADER + ROW],
      ['16', HEADER],
      ['17', HEADER + ROW.replace('29.99', 'cheap').replace('txn_1', 'txn_2')],
    ] as const) {
      await store.put(at(day), Buffer.from(content));
      await step('validate', {}, `run-${day}`);
      const { outputs, problems } = await runCommerceStep({ store, folder }, 'catalogue', {
        parameters: { feed: 'transactions' },
        runId: `run-${day}`,
        told,
      });
      const message = 'the column price was DOUBLE, is VARCHAR';
      expect(problems).toEqual(day === '17' ? [{ object: 'transactions', message }] : []);
      expect(outputs['changes']).toBe(String(problems.length));
    }
    expect(told.notices).toHaveLength(1);
  });
});

describe('what tells of a person', () => {
  it('is nowhere but in raw and processed files', async () => {
    const planted = [
      'cust_PLANTED',
      'agent-PLANTED',
      '198.51.100.77',
      'planted@example.com',
      '+49 170 7654321',
      'extra_planted_column',
    ];
    const sample = makeCommerceSample({
      seed: 4,
      transactions: 300,
      products: 120,
      events: 200,
      reviews: 60,
      customers: 20,
      lastDay: '2026-01-31',
      days: 1,
    });
    for (const [key, bytes] of sample) await store.put(key, bytes);
    const day = 'date=2026-01-31';
    const click = {
      ...CLICK,
      customer_id: planted[0],
      user_agent: planted[1],
      ip_address: planted[2],
      timestamp: '2026-01-31T10:00:00',
      contact: planted[5],
    };
    const clicks = [
      click,
      { ...click, session_id: null },
      { ...click, page: `/?q=${planted[3]}` },
      { ...click, event_type: 'x' },
      { ...click, timestamp: 'x' },
    ];
    await store.put(
      `raw/clickstream/${day}/p.json`,
      Buffer.from(clicks.map((one) => JSON.stringify(one)).join('\n')),
    );
    const row = ROW.replace('cust_1', planted[0] ?? '').replace('2026-01-15', '2026-01-31');
    await store.put(
      `raw/transactions/${day}/p.csv`,
      Buffer.from(HEADER + row + row + row.replace(',2,', ',0,')),
    );
    // Columns that nobody knows are in no table and in no reject.
    const wider = (text: string, cell: string) => text.replace(/\n$/, `,${cell}\n`);
    const more = row.replace('txn_', 'more_');
    const extra = `${planted[5]} ${planted[3]}`;
    await store.put(
      `raw/transactions/${day}/wider.csv`,
      Buffer.from(
        wider(HEADER, 'email') + wider(more, extra) + wider(more.replace(',2,', ',0,'), extra),
      ),
    );
    const product = { product_id: 'prod_p', name: 'P', category: 'Books', brand: 'B', stock: 1 };
    const products = [5, -5].map((price) => ({ ...product, price, supplier_mail: extra }));
    await store.put(
      `raw/products/${day}/p.json`,
      Buffer.from(products.map((one) => JSON.stringify(one)).join('\n')),
    );
    const review = `rev_p,prod_1,${planted[0]},5,"write ${planted[3]} or ${planted[4]} from ${planted[2]}",2026-01-31,True,1\n`;
    const columns =
      'review_id,product_id,customer_id,rating,review_text,review_date,verified_purchase,helpful_votes\n';
    await store.put(
      `raw/reviews/${day}/p.csv`,
      Buffer.from(columns + review + review + review.replace(',5,', ',9,')),
    );
    const { told } = await runCommerce({ store, folder });
    const found: string[] = [];
    for await (const { key } of store.list('')) {
      if (key.startsWith('raw/') || key.startsWith('processed/')) continue;
      const bytes = Buffer.from((await store.get(key)) ?? '');
      for (const text of planted) if (bytes.includes(text)) found.push(`${key}: ${text}`);
    }
    // Parquet is compressed: its rows are read too.
    for (const table of TABLES) {
      const rows = JSON.stringify(await curatedRows({ store, folder }, table));
      for (const text of planted) if (rows.includes(text)) found.push(`${table}: ${text}`);
    }
    const said = JSON.stringify([told satisfies Told, [...told.checks]]);
    for (const text of planted) if (said.includes(text)) found.push(`told: ${text}`);
    expect(found).toEqual([]);
    expect(accountsOf(await readFeedSet(store, 'clickstream')).rejected).toBeGreaterThanOrEqual(2);
  });
});
