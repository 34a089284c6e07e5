import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { PipelineError } from '../../../services/core/error.ts';
import {
  type FileRecord,
  fileRecords,
} from '../../../services/pipelines/commerce/door/file-record.ts';
import { checkContent } from '../../../services/pipelines/commerce/door/check-file.ts';
import { parseRawKey } from '../../../services/pipelines/commerce/door/raw-key.ts';
import { accountsOf, readFeedSet } from '../../../services/pipelines/commerce/set/feed-set.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import type { StepResult } from '../../../services/ports/step.ts';
import { curatedRows } from '../../support/commerce-curated.ts';
import { runCommerceStep } from '../../support/commerce-run.ts';
import { openOwnEngine, START } from '../../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const DAY = 'raw/transactions/date=2026-01-15';
const HEADER =
  'transaction_id,customer_id,product_id,quantity,price,total_amount,transaction_date,status\n';
const sale = (id: string) => `${id},cust_1,prod_1,2,29.99,59.98,2026-01-15 14:30:45,completed\n`;
const file = (...sales: string[]) => Buffer.from(HEADER + sales.map(sale).join(''));

let folder: TempFolder;
let store: ObjectStore;
let runs = 0;
beforeAll(async () => {
  folder = await tempFolder();
});
beforeEach(() => {
  store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
});
afterAll(() => folder.remove());

function step(name: string, parameters = {}, logicalDate = '2026-01-31'): Promise<StepResult> {
  const runId = `run-${runs}`;
  return runCommerceStep({ store, folder: folder.path }, name, { parameters, runId, logicalDate });
}

/** A run of its own: the door, and the feed. */
async function run(feed = 'transactions'): Promise<{ door: StepResult; made: StepResult }> {
  runs += 1;
  const door = await step('validate');
  return { door, made: await step(feed) };
}

async function ids(feed: 'transactions' | 'products' = 'transactions', column = 'transaction_id') {
  const { commit } = await readFeedSet(store, feed);
  const rows = await curatedRows({ store, folder: folder.path }, feed, { set: commit! });
  return rows.map((row) => row[column] ?? '').toSorted();
}

async function recordOf(key: string): Promise<FileRecord | undefined> {
  const ledger = { records: objectRecords(store), signal: new AbortController().signal };
  return (await fileRecords(ledger)).find((one) => one.key === key);
}

describe('a file that is replaced', () => {
  it('leaves its content to a copy that was refused for it', async () => {
    await store.put(`${DAY}/a.csv`, file('x'));
    await store.put(`${DAY}/b.csv`, file('x'));
    await run();
    await store.put(`${DAY}/a.csv`, file('z'));
    const { door } = await run();
    expect(door.outputs).toMatchObject({ accepted: '2', duplicates: '0', refused: '0' });
    expect(await ids()).toEqual(['x', 'z']);
    expect(await store.head('quarantine/transactions/date=2026-01-15/b.csv.reasons.json')).toBe(
      null,
    );
  });

  it('takes its old rows along when it becomes a copy of another', async () => {
    await store.put(`${DAY}/a.csv`, file('z', 'w'));
    await store.put(`${DAY}/c.csv`, file('y'));
    await run();
    await store.put(`${DAY}/a.csv`, file('y'));
    await run();
    expect(await ids()).toEqual(['y']);
    await store.put(`${DAY}/c.csv`, file('v'));
    await run();
    expect(await ids()).toEqual(['v', 'y']);
  });

  it('keeps its last good rows while what came instead is refused', async () => {
    await store.put(`${DAY}/a.csv`, file('x'));
    await store.put(`${DAY}/b.csv`, file('y'));
    await run();
    await store.put(`${DAY}/a.csv`, Buffer.from('garbage'));
    const { door } = await run();
    expect(door.outputs['refused']).toBe('1');
    expect(await ids()).toEqual(['x', 'y']);
  });
});

it('a file that the door lets in and the engine cannot read is refused, and stops no other file', async () => {
  await store.put(`${DAY}/a.csv`, file('x'));
  await store.put(`${DAY}/b.csv`, file('y'));
  await run();
  await store.put(`${DAY}/a.csv`, file('z'));
  await store.put(`${DAY}/c.csv`, file('v'));
  runs += 1;
  await step('validate');
  const odd = (await recordOf(`${DAY}/a.csv`))?.metadata.sha256 ?? '';
  const made = await runCommerceStep(
    { store, folder: folder.path, openEngine: cannotRead(odd) },
    'transactions',
    { runId: `run-${runs}` },
  );
  expect(made.problems.map(({ object }) => object)).toEqual([`${DAY}/a.csv`]);
  expect(await ids()).toEqual(['v', 'x', 'y']);
  await expect(step('verdict')).rejects.toMatchObject({
    kind: 'input-invalid',
    message: expect.stringContaining('a.csv (cannot be read as transactions)') as string,
  });
  const reasons = 'quarantine/transactions/date=2026-01-15/a.csv.reasons.json';
  expect(await store.head(reasons)).not.toBe(null);
  expect((await run()).made.outputs['files']).toBe('0');
});

/** Engines that fail as theirs does at a file of these bytes. */
function cannotRead(sha256: string): typeof openOwnEngine {
  return async (folders) => {
    const engine = await openOwnEngine(folders);
    return {
      ...engine,
      run: async (sql) => {
        if (sql.includes(sha256)) throw new PipelineError('input-invalid', 'CSV Error on Line: 2');
        return engine.run(sql);
      },
    };
  };
}

describe('an object that is gone', () => {
  it('keeps its rows, is told once, and stops nothing, when everything is made again too', async () => {
    await store.put(`${DAY}/a.csv`, file('x'));
    await store.put(`${DAY}/b.csv`, file('y'));
    await run();
    await store.delete(`${DAY}/a.csv`);
    await store.put(`${DAY}/c.csv`, file('z'));
    const { door } = await run();
    expect(door.problems.map(({ object }) => object)).toEqual([`${DAY}/a.csv`]);
    expect((await run()).door.problems).toEqual([]);
    expect(await ids()).toEqual(['x', 'y', 'z']);
    expect((await recordOf(`${DAY}/a.csv`))?.isGone).toBe(true);
  });

  it('is no obstacle when it was never taken, and leaves its content to a copy', async () => {
    await store.put(`${DAY}/a.csv`, file('x'));
    await store.put(`${DAY}/b.csv`, file('x'));
    await step('validate');
    await store.delete(`${DAY}/a.csv`);
    const { door, made } = await run();
    expect(door.outputs).toMatchObject({ accepted: '1', refused: '0' });
    expect(made.outputs['files']).toBe('1');
    expect(await ids()).toEqual(['x']);
  });
});

describe('two files of one name', () => {
  it('are two, though all their good rows are the same', async () => {
    for (const shop of ['1', '2'])
      await store.put(
        `raw/transactions/shop=${shop}/date=2026-01-15/t.csv`,
        Buffer.concat([file('x'), Buffer.from(sale('bad').replace(',2,', `,-${shop},`))]),
      );
    const { made } = await run();
    expect(made.outputs).toMatchObject({
      files: '2',
      'rows-in': '4',
      published: '1',
      rejected: '3',
    });
  });

  it('of which one is packed are one', async () => {
    await store.put(`${DAY}/t.csv`, file('x'));
    await store.put(`${DAY}/t.csv.gz`, gzipSync(file('x')));
    const { door } = await run();
    expect(door.outputs).toMatchObject({ accepted: '1', duplicates: '1' });
    expect(accountsOf(await readFeedSet(store, 'transactions'))).toMatchObject({ rowsIn: 1 });
  });
});

describe('the door', () => {
  const CLICKS = 'raw/clickstream/date=2026-01-15/c.json';
  const click = (page: string) =>
    `{"session_id":"s","customer_id":null,"event_type":"page_view","page":"${page}","timestamp":"2026-01-15T10:30:45","device":"mobile"}\n`;

  it('takes a plain CSV that is called gzip', async () => {
    await store.put(`${DAY}/t.csv.gz`, file('x'));
    expect((await run()).made.outputs).toMatchObject({ published: '1' });
  });

  it.each([
    ['a control character', click('\u0001'), /line 151 holds/],
    ['a line too long', click('x'.repeat(2 ** 21)), /line 151 is longer/],
  ])('refuses %s wherever it is', async (_, line, reason) => {
    await store.put(CLICKS, Buffer.from(click('/').repeat(150) + line));
    await step('validate');
    expect((await recordOf(CLICKS))?.errors.join()).toMatch(reason);
  });

  it('refuses text that is not UTF-8, and keeps no name that a file without a header would give', async () => {
    await store.put(`${DAY}/l.csv`, Buffer.from(`${HEADER}${sale('é')}`, 'latin1'));
    await store.put(`${DAY}/w.csv`, Buffer.from(`\ufeff${HEADER}${sale('x')}`, 'utf16le'));
    await store.put(`${DAY}/n.csv`, Buffer.from(sale('PLANTED') + sale('x')));
    await step('validate');
    const latin = await recordOf(`${DAY}/l.csv`);
    expect(latin?.errors).toEqual(['the text is not UTF-8']);
    expect((await recordOf(`${DAY}/w.csv`))?.errors).toEqual(['the text is not UTF-8']);
    const telling: string[] = [];
    for await (const { key } of store.list(''))
      if (Buffer.from((await store.get(key))!).includes('PLANTED')) telling.push(key);
    expect(telling).toEqual([`${DAY}/n.csv`]);
  });

  it('says of a CSV all that is wrong with it', async () => {
    const header = HEADER.replace('customer_id', 'price').replace('status', 'state');
    await store.put(`${DAY}/t.csv`, Buffer.from(`${header}${sale('x').replace('\n', ',more\n')}`));
    await step('validate');
    const errors = (await recordOf(`${DAY}/t.csv`))?.errors.join('; ');
    expect(errors).toContain('extra field');
    expect(errors).toContain('same name');
    expect(errors).toContain('required columns missing: customer_id, status');
  });

  it('leaves no copy of a file on the disk once it has looked at it', async () => {
    await store.put(`${DAY}/a.csv`, file('x'));
    const scratch = await mkdtemp(join(folder.path, 'look-'));
    const info = (await store.head(`${DAY}/a.csv`))!;
    const named = parseRawKey(info.key)!;
    const ports = { store, scratch, signal: new AbortController().signal };
    expect((await checkContent(ports, { info, named, number: 0 })).rows).toBe(1);
    expect(await readdir(scratch)).toEqual([]);
  });

  it('says of a threshold that is none before anything is read', async () => {
    await expect(step('validate', { 'max-reject-share': 'abc' })).rejects.toMatchObject({
      kind: 'config-invalid',
    });
  });

  it('passes over marks and half-written files', async () => {
    for (const name of ['_SUCCESS', '.t.csv', 't.csv.tmp'])
      await store.put(`${DAY}/${name}`, file('x'));
    const { outputs, problems } = await step('validate');
    expect([outputs['accepted'], outputs['refused'], problems]).toEqual(['0', '0', []]);
  });

  it('refuses a file of a day to come, until a run of that day', async () => {
    await store.put(`${DAY}/a.csv`, file('x'));
    const at = async (day: string) => {
      runs += 1;
      return (await step('validate', {}, day)).outputs;
    };
    expect(await at('2026-01-14')).toMatchObject({ accepted: '0', refused: '1' });
    expect(await at('2026-01-14')).toMatchObject({ accepted: '0', refused: '0' });
    expect(await at('2026-01-15')).toMatchObject({ accepted: '1', refused: '0' });
  });

  it('with strict=true ends every run for as long as a refused file is there', async () => {
    await store.put(`${DAY}/a.csv`, Buffer.from('a\n1\n'));
    for (const _ of [1, 2]) {
      runs += 1;
      await expect(step('validate', { strict: 'true' })).rejects.toMatchObject({
        kind: 'input-invalid',
        message: expect.stringContaining(`${DAY}/a.csv (`) as string,
      });
    }
    await store.delete(`${DAY}/a.csv`);
    runs += 1;
    expect((await step('validate', { strict: 'true' })).outputs['refused']).toBe('0');
  });
});

it('the newest form of a product is that of the newest day, wherever its file lies', async () => {
  const product = (name: string) =>
    Buffer.from(
      `${JSON.stringify({ product_id: 'p', name, category: 'c', brand: 'b', price: 1, stock: 1 })}\n`,
    );
  await store.put('raw/products/region=eu/date=2026-01-25/p.json', product('new'));
  await store.put('raw/products/region=us/date=2026-01-21/p.json', product('old'));
  await store.put('raw/products/date=2026-01-19/date=2026-01-30/p.json', product('neither'));
  const { door } = await run('products');
  expect(door.outputs).toMatchObject({ accepted: '2', refused: '1' });
  expect(await ids('products', 'name')).toEqual(['new']);
});
