import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { duckdbEngine } from '../../../services/adapters/query-engine/duckdb.ts';
import { commitWatermarks } from '../../../services/pipelines/finance/extract/watermark.ts';
import { reconcile } from '../../../services/pipelines/finance/extract/reconcile.ts';
import {
  customersCsv,
  type ExtractBench,
  extractBench,
  type ExtractBenchOptions,
  TRANSACTIONS_HEADER,
  transactionsCsv,
} from '../../support/extract-bench.ts';
import { START } from '../../support/source-bench.ts';

const open: ExtractBench[] = [];
afterEach(async () => {
  for (const made of open.splice(0)) await made[Symbol.asyncDispose]();
});

async function bench(options: ExtractBenchOptions = {}): Promise<ExtractBench> {
  const made = await extractBench(options);
  open.push(made);
  return made;
}

/** A bench with one good file of each dataset in the inbox. */
async function filled(options: ExtractBenchOptions = {}): Promise<ExtractBench> {
  const made = await bench(options);
  await made.put('inbox/transactions/a.csv', transactionsCsv());
  await made.put('inbox/customers/a.csv', customersCsv());
  return made;
}

const PLAIN = 'extracted/2026-11-20/raw_transactions_20261120_000000.csv';

describe('extract', () => {
  it('lands the only source of a dataset under the name of the requirements, byte for byte', async () => {
    const made = await filled();
    const result = await made.run();
    expect(result.outputs).toEqual({
      manifest: expect.stringMatching(/^extracted\/2026-11-20\/manifest-[0-9a-f]{16}\.json$/),
      transactions: '1',
      customers: '1',
    });
    expect(await made.text(PLAIN)).toBe(transactionsCsv());
    const manifest = await made.manifest();
    expect(manifest?.sources[0]).toMatchObject({
      dataset: 'transactions',
      address: 'mem://argosy-finance/inbox/transactions/a.csv',
      key: PLAIN,
      format: 'csv',
      columns: TRANSACTIONS_HEADER.split(','),
      rows: 1,
      bytes: Buffer.byteLength(transactionsCsv()),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      reportedTotal: null,
      watermark: { id: expect.stringMatching(/^transactions\//) },
    });
  });

  it('the same sources a second time write nothing, and say so', async () => {
    const made = await filled();
    const { outputs } = await made.run();
    const before = await made.text('extracted/2026-11-20/manifest.json');
    expect(await made.text(outputs['manifest'] ?? '')).toBe(before);
    const again = await made.run();
    expect(again.counts).toMatchObject({ objectsWritten: 0, objectsSkipped: 4 });
    expect(made.logged.map(({ event }) => event)).toContain('extract.unchanged');
    expect(await made.text('extracted/2026-11-20/manifest.json')).toBe(before);
    expect(await made.keys('extracted/')).toHaveLength(4);
  });

  it('a source that changed is landed beside what was there, which stays as it was', async () => {
    const made = await filled();
    await made.run();
    await made.put(
      'inbox/transactions/a.csv',
      transactionsCsv('T2,C1,2026-11-19,1,M,gas,failed,cash'),
    );
    await made.run();
    expect(await made.text(PLAIN)).toBe(transactionsCsv());
    const [source] = (await made.manifest())?.sources ?? [];
    expect(source?.key).toMatch(/raw_transactions_20261120_000000_[0-9a-f]{16}\.csv$/);
    expect(await made.text(source?.key ?? '')).toContain('T2,C1');
  });

  it('several sources of all kinds in one run are landed each', async () => {
    const clock = manualClock(START);
    const other = memoryStore({ bucket: 'other', clock });
    await other.put(
      'day/b.csv',
      Buffer.from(transactionsCsv('T2,C,2026-11-19,1,M,gas,failed,cash')),
    );
    await other.put(
      'day/a.csv.gz',
      gzipSync(transactionsCsv('T3,C,2026-11-19,1,M,gas,failed,cash')),
    );
    await other.put('day/_SUCCESS', Buffer.from('x'));
    const made = await filled({ buckets: { other } });
    await writeFile(`${made.folder}/t.csv`, transactionsCsv('T4,C,2026-11-19,1,M,gas,failed,cash'));
    const result = await made.run({
      transactions: `inbox/transactions/a.csv, s3://other/day/ file://${made.folder}/t.csv`,
    });
    expect(result.outputs['transactions']).toBe('4');
    const sources = (await made.manifest())?.sources ?? [];
    expect(sources.map(({ address }) => address)).toEqual([
      'mem://argosy-finance/inbox/transactions/a.csv',
      'mem://other/day/a.csv.gz',
      'mem://other/day/b.csv',
      `file://${made.folder}/t.csv`,
      'mem://argosy-finance/inbox/customers/a.csv',
    ]);
    expect(await made.text(sources[1]?.key ?? '')).toBe(
      transactionsCsv('T3,C,2026-11-19,1,M,gas,failed,cash'),
    );
    expect(sources.map(({ rewrittenFrom }) => rewrittenFrom)).toEqual([
      undefined,
      'gzip',
      undefined,
      undefined,
      undefined,
    ]);
    expect(result.problems).toEqual([]);
  });

  it('a folder of files is read in the order of names, and nothing but CSV', async () => {
    const made = await filled();
    await writeFile(`${made.folder}/2.csv`, transactionsCsv('T2,C,2026-11-19,1,M,gas,failed,cash'));
    await writeFile(`${made.folder}/1.csv`, transactionsCsv('T1,C,2026-11-19,1,M,gas,failed,cash'));
    await writeFile(`${made.folder}/notes.txt`, 'not rows');
    await made.run({ transactions: `file://${made.folder}/` });
    const addresses = (await made.manifest())?.sources.map(({ address }) =>
      address.split('/').at(-1),
    );
    expect(addresses).toEqual(['1.csv', '2.csv', 'a.csv']);
  });

  it.each([
    ['', 'config-invalid', 'names no source'],
    ['ftp://host/x.csv', 'config-invalid', 'ftp: address'],
    ['postgres://user:s3cret@host/db', 'config-invalid', 'postgres: address'],
    ['postgres:', 'config-invalid', 'ARGOSY_SOURCE_DATABASE'],
    ['extracted/', 'config-invalid', 'itself writes there'],
    ['_records/', 'config-invalid', 'itself writes there'],
    ['inbox/none.csv', 'not-found', 'no such object'],
    ['inbox/none/', 'not-found', 'no .csv'],
    ['../x.csv', 'config-invalid', 'refused'],
    ['file:///nowhere/at/all.csv', 'not-found', 'ENOENT'],
    ['inbox/transactions/a.csv inbox/transactions/a.csv', 'config-invalid', 'twice'],
  ])('the source %j is %s, and nothing is landed', async (transactions, kind, message) => {
    const made = await filled();
    const said = await made.run({ transactions }).catch((error: unknown) => error);
    expect(said).toMatchObject({ kind, message: expect.stringContaining(message) });
    expect(JSON.stringify(said) + String(said)).not.toContain('s3cret');
    expect(await made.keys('extracted/')).toEqual([]);
  });

  it.each([
    ['nothing at all', '', 'empty'],
    ['a header and no row', `${TRANSACTIONS_HEADER}\n`, 'no source holds a row'],
    ['no header', transactionsCsv().split('\n').slice(1).join('\n'), 'column'],
    ['a column missing', transactionsCsv().replace('amount', 'amounts'), 'no column amount'],
    ['a column twice but for case', transactionsCsv().replace('status', ' Amount'), 'but for case'],
    ['a column twice', transactionsCsv().replace('status', 'amount'), 'same name'],
    ['a field too many', transactionsCsv('T1,C,x,2026-11-19,1,M,gas,failed,cash'), 'on line 2'],
    ['a field too few', transactionsCsv('T1,C,2026-11-19,1,M,gas,failed'), 'on line 2'],
    ['a quote left open', transactionsCsv('T1,"C,2026-11-19,1,M,gas,failed,cash'), 'line 2'],
    ['text behind a quote', transactionsCsv('T1,"C"x,2026-11-19,1,M,gas,failed,cash'), 'line 2'],
    ['a NUL', transactionsCsv('T1,C\0,2026-11-19,1,M,gas,failed,cash'), 'line 2'],
  ])('a CSV with %s is refused by its line, and nothing is landed', async (_, text, message) => {
    const made = await filled();
    await made.put('inbox/transactions/a.csv', text);
    await expect(made.run()).rejects.toMatchObject({
      kind: 'input-invalid',
      message: expect.stringContaining(message),
    });
    expect(await made.keys('extracted/')).toEqual([]);
  });

  it('a CSV with a row of megabytes is too large', async () => {
    const made = await filled();
    const row = `T1,C,2026-11-19,1,M,gas,failed,${'x'.repeat(2 * 2 ** 20)}`;
    await made.put('inbox/transactions/a.csv', transactionsCsv(row));
    await expect(made.run()).rejects.toMatchObject({ kind: 'too-large' });
    expect(await made.keys('extracted/')).toEqual([]);
  });

  it('a gzip file that is cut short or damaged is refused', async () => {
    const made = await filled();
    const whole = gzipSync(transactionsCsv());
    const damaged = Buffer.from(whole).fill(0, 20, 30);
    for (const bytes of [whole.subarray(0, whole.length - 9), damaged]) {
      await made.put('inbox/transactions/a.csv', bytes);
      await expect(made.run()).rejects.toMatchObject({
        kind: 'input-invalid',
        message: expect.stringContaining('gzip'),
      });
    }
    expect(await made.keys('extracted/')).toEqual([]);
  });

  it('a file of customers without header is refused, and no e-mail address is told', async () => {
    const made = await filled();
    await made.put(
      'inbox/customers/a.csv',
      customersCsv().split('\n').slice(1).join('\n') + customersCsv().split('\n')[1]!,
    );
    const said = await made.run().catch((error: unknown) => error);
    expect(said).toMatchObject({ kind: 'input-invalid', hint: expect.stringContaining('header') });
    expect(JSON.stringify([said, made.logged]) + String(said)).not.toContain('ann@example.com');
  });

  it('a CSV in another dress lands as plain CSV with the same cells', async () => {
    const made = await filled();
    const row = 'T1;;2026-11-19;1;"";gas;"fa;iled";"ca\r\nsh"';
    const text = `\ufeff${TRANSACTIONS_HEADER.replaceAll(',', ';')}\r\n\r\n${row}\r\n`;
    await made.put('inbox/transactions/a.csv', Buffer.from(text, 'utf16le'));
    await made.run();
    expect(await made.text(PLAIN)).toBe(
      `${TRANSACTIONS_HEADER}\nT1,,2026-11-19,1,"",gas,fa;iled,"ca\r\nsh"\n`,
    );
  });
});

it('a file that is not UTF-8 is read as Latin-1, and people are told', async () => {
  const made = await filled();
  const row = 'T1,C,2026-11-19,1,caf\u00e9,gas,failed,cash';
  await made.put('inbox/transactions/a.csv', Buffer.from(transactionsCsv(row), 'latin1'));
  const { problems } = await made.run();
  expect(await made.text(PLAIN)).toContain('caf\u00e9');
  expect(problems).toEqual([
    {
      object: 'mem://argosy-finance/inbox/transactions/a.csv',
      message: expect.stringContaining('Latin-1'),
    },
  ]);
});

describe('a Parquet object', () => {
  const columns = TRANSACTIONS_HEADER.split(',');
  const select = (values: string): string =>
    `SELECT ${values
      .split(' | ')
      .map((value, at) => `${value} AS ${columns[at]}`)
      .join(', ')}`;

  /** What DuckDB writes of a SELECT. */
  async function parquetOf(folder: string, sql: string): Promise<Uint8Array> {
    const options = { folders: [folder], memoryBytesMax: 2 ** 28, threads: 1, connections: 1 };
    const engine = await duckdbEngine(options);
    await engine.run(`COPY (${sql}) TO '${folder}/made.parquet' (FORMAT parquet)`);
    await engine.close();
    return readFile(`${folder}/made.parquet`);
  }

  const VALUES =
    "'T1' | 9007199254740993 | TIMESTAMP '2026-11-19 10:00:00' | 1.10::DECIMAL(12,2) | NULL | '' | 'a,\"b\"' | true";

  it('lands as CSV with the values as they are, NULL apart from an empty text', async () => {
    const made = await filled();
    await made.put('inbox/transactions/b.parquet', await parquetOf(made.folder, select(VALUES)));
    const { outputs } = await made.run({ transactions: 'inbox/transactions/b.parquet' });
    expect(outputs['transactions']).toBe('1');
    expect(await made.text(PLAIN)).toBe(
      `${TRANSACTIONS_HEADER}\nT1,9007199254740993,2026-11-19 10:00:00,1.10,,"","a,""b""",true\n`,
    );
    expect((await made.manifest())?.sources[0]?.rewrittenFrom).toBe('parquet');
    expect((await made.run()).outputs['transactions']).toBe('2');
  });

  it('that is cut short, or holds lists, is refused', async () => {
    const made = await filled();
    const whole = await parquetOf(made.folder, select(VALUES));
    const lists = await parquetOf(made.folder, select(VALUES.replace('true', '[1, 2]')));
    for (const bytes of [whole.subarray(0, whole.length - 9), lists, Buffer.from('no')]) {
      await made.put('inbox/transactions/b.parquet', bytes);
      await expect(made.run()).rejects.toMatchObject({ kind: 'input-invalid' });
    }
    expect(await made.keys('extracted/')).toEqual([]);
  });

  it('is read below a prefix; tables of other kinds there are not passed over in silence', async () => {
    const made = await filled();
    await made.put('inbox/transactions/b.xlsx', 'x');
    await expect(made.run()).rejects.toMatchObject({ kind: 'unsupported' });
  });
});

describe('increment', () => {
  it('takes only what was not loaded, and moves on only when the load has committed', async () => {
    const made = await filled();
    const taken = async (day: string): Promise<string[]> => {
      await made.run({ increment: 'true' }, { day });
      const { sources } = (await made.manifest(day))!;
      return sources.map(({ address }) => address.split('/').slice(-2).join('/'));
    };
    const commit = async (day: string): Promise<void> =>
      commitWatermarks(made.records, (await made.manifest(day))!);
    const first = ['transactions/a.csv', 'customers/a.csv'];
    expect(await taken('2026-11-01')).toEqual(first);
    // Nothing was loaded, so the next day takes the same again.
    expect(await taken('2026-11-02')).toEqual(first);
    await commit('2026-11-02');
    await commit('2026-11-02');
    // The same day again takes the same, though it was loaded.
    expect(await taken('2026-11-02')).toEqual(first);
    expect(await taken('2026-11-03')).toEqual([]);
    const row = 'T2,C,2026-11-19,1,M,gas,failed,cash';
    await made.put('inbox/transactions/b.csv', transactionsCsv(row));
    expect(await taken('2026-11-03')).toEqual(['transactions/b.csv']);
    await made.put('inbox/transactions/a.csv', transactionsCsv(row));
    expect(await taken('2026-11-03')).toEqual(['transactions/a.csv', 'transactions/b.csv']);
    await commit('2026-11-03');
    expect(await taken('2026-11-04')).toEqual([]);
    // An older day takes all, and moves nothing.
    expect(await taken('2026-11-01')).toHaveLength(3);
    await commit('2026-11-01');
    expect(await taken('2026-11-04')).toEqual([]);
  });
});

describe('reconciliation', () => {
  it('sets the total of the sources against what was loaded', () => {
    const source = {
      dataset: 'transactions' as const,
      address: 'a',
      key: 'k',
      format: 'csv' as const,
      columns: [],
      rows: 10,
      bytes: 1,
      sha256: '',
      reportedTotal: 12,
      watermark: null,
    };
    const manifest = { logicalDate: '2026-11-20', sources: [source] };
    expect(reconcile(manifest, 'transactions', { loaded: 8, rejected: 1, held: 1 })).toEqual({
      dataset: 'transactions',
      reported: 12,
      extracted: 10,
      loaded: 8,
      rejected: 1,
      held: 1,
      unaccounted: 0,
      missing: 4,
    });
    const silent = { ...manifest, sources: [source, { ...source, reportedTotal: null }] };
    const none = reconcile(silent, 'transactions', { loaded: 0, rejected: 0, held: 0 });
    expect(none).toMatchObject({ reported: null, missing: null, unaccounted: 20 });
  });
});
