import { parse } from 'node-html-parser';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { noteReport } from '../../../services/pipelines/finance/found.ts';
import { financeReport } from '../../../services/pipelines/finance/report.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { type RunRecord, runCollection } from '../../../services/stages/observe/run-record.ts';
import type { ReportRequest } from '../../../services/stages/observe/report.ts';
import {
  customersOf,
  DAY,
  financeWorkshop,
  transactionLine,
  transactionsOf,
} from '../../support/finance-bench.ts';
import { HOSTILE, writeFinanceDay } from '../../support/finance-day.ts';
import { openOwnEngine } from '../../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const RUN = {
  pipeline: 'finance',
  logicalDate: '2026-11-20',
  trigger: 'manual',
  system: 'local',
  actor: 'local-user',
} as const;

let folder: TempFolder;
let store: ObjectStore;
let good: string;
let bad: string;

function asking(logicalDate: string | null, bucket = store): ReportRequest {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { signal } = new AbortController();
  const cache = `${folder.path}/cache`;
  const ports = { store: bucket, openEngine: openOwnEngine, log, signal, cache };
  return { ports, records: objectRecords(bucket), logicalDate };
}

beforeAll(async () => {
  folder = await tempFolder();
  store = filesystemStore({ folder: folder.path, bucket: 'finance' });
  const place = { store, records: objectRecords(store) };
  const days = { folder: folder.path };
  await writeFinanceDay(place, { ...days, day: '2026-11-18' });
  await writeFinanceDay(place, { ...days, day: '2026-11-19', isBlocked: true });
  await writeFinanceDay(place, { ...days, day: '2026-11-20' });
  good = (await financeReport(asking(null))).html;
  bad = (await financeReport(asking('2026-11-19'))).html;
});

afterAll(() => folder.remove());

/** The text of the page, in words with one blank between. */
function textOf(html: string): string {
  return parse(html).querySelector('main')!.structuredText.replaceAll(/\s+/g, ' ');
}

it('is about the day of the newest run, or about the day that was asked for', async () => {
  expect((await financeReport(asking(null))).logicalDate).toBe('2026-11-20');
  expect(parse(bad).querySelector('.subtitle')?.text).toBe('Data quality of 2026-11-19');
});

it('is the same page for the same store', async () => {
  expect((await financeReport(asking(null))).html).toBe(good);
});

it('has all three lists of rules with what was seen and asked', () => {
  const page = parse(good);
  const names = page.querySelectorAll('.verdicts code').map(({ text }) => text);
  expect(names).toHaveLength(4 + 9 + 8);
  expect(page.querySelectorAll('.checks li')).toHaveLength(4 + 11 + 8);
  expect(page.querySelector('.state')?.text).toContain('All 23 checks hold');
  expect(page.querySelector('.alerts')).toBeNull();
  expect(textOf(good)).toContain('seen 0 (0 of 32000)');
});

it('accounts for every row: extracted = loaded + rejected + held', () => {
  const rows = parse(good).querySelectorAll('#ways tbody tr');
  const parts = rows.map((row) => row.querySelectorAll('td').map(({ text }) => text));
  expect(parts.map(([name, count]) => [name, count])).toEqual([
    ['Loaded', '3,988'],
    ['Rejected', '123'],
    ['Held', '12'],
  ]);
});

it('shows rejects by reason, at most five examples each, with their place', () => {
  const page = parse(good);
  const groups = page.querySelectorAll('.reason');
  expect(groups.map((group) => group.querySelector('summary code')?.text)).toEqual([
    'null-amount',
    'duplicate-id',
    'status-unknown',
  ]);
  expect(groups.map((group) => group.querySelectorAll('.examples li').length)).toEqual([5, 5, 4]);
  expect(groups[0]?.structuredText).toContain('there is no amount');
  expect(groups[0]?.text).toContain('raw_transactions_20261121_000000.csv');
  expect(groups[0]?.text).toContain('transaction_id=TXN1 amount=NULL status=completed');
});

it('counts the clean rows by amount, risk and day', () => {
  const page = parse(good);
  const sum = (id: string): number =>
    page
      .querySelectorAll(`#${id} tbody tr`)
      .reduce(
        (all, row) => all + Number(row.querySelectorAll('td')[1]!.text.replaceAll(',', '')),
        0,
      );
  for (const id of ['amounts', 'amount-categories', 'risk-scores', 'risk-levels', 'daily-counts'])
    expect([id, sum(id)]).toEqual([id, 4000]);
});

it('of a run that was blocked says what failed first of all, and shows what it came to', () => {
  const page = parse(bad);
  expect(page.querySelector('.state')?.text).toContain('The run failed');
  const alerts = page.querySelectorAll('.alerts li').map(({ text }) => text.trim());
  expect(alerts).toHaveLength(2);
  expect(alerts[0]).toContain('table: 4000 rows, asked ≥ 5000');
  expect(textOf(bad)).toContain('Not asked: the run did not come this far.');
  expect(textOf(bad)).toContain('There are no clean transactions.');
  expect(page.querySelectorAll('#ways tbody td').map(({ text }) => text)).toContain(
    'Clean, not loaded',
  );
});

it('of a run that something else has ended says what', async () => {
  const other = filesystemStore({ folder: folder.path, bucket: 'ended' });
  const records = objectRecords(other);
  await writeFinanceDay({ store: other, records }, { folder: folder.path, day: '2026-11-20' });
  const run = await records.get<RunRecord>(runCollection('finance'), 'finance-2026-11-20');
  const ended = { ...run!, status: 'failed', error_class: 'unavailable', error_message: HOSTILE };
  await records.put(runCollection('finance'), run!.run_id, ended);
  const { html } = await financeReport(asking(null, other));
  const page = parse(html);
  expect(page.querySelector('.alerts')?.text).toContain('<script>alert(1)</script>');
  expect(page.querySelector('.facts')?.text).toContain('failed: unavailable');
  expect(page.querySelectorAll('script')).toHaveLength(0);
});

it('takes no clean rows or checks of an earlier run of the day for those of the newest', async () => {
  const other = filesystemStore({ folder: folder.path, bucket: 'again' });
  const place = { store: other, records: objectRecords(other) };
  await writeFinanceDay(place, { folder: folder.path, day: '2026-11-20' });
  const manifest = await other.get('clean/2026-11-20/manifest.json');
  const older = Buffer.from(manifest!).toString().replace('a'.repeat(64), 'b'.repeat(64));
  await writeFinanceDay(place, { folder: folder.path, day: '2026-11-20', isBlocked: true });
  await other.put('clean/2026-11-20/manifest.json', Buffer.from(older));
  const { html } = await financeReport(asking('2026-11-20', other));
  expect(textOf(html)).toContain('There are no clean transactions.');
  expect(textOf(html)).toContain('Not asked');
});

it('shows what the newest run has found itself, whatever another run of the day left last', async () => {
  const other = filesystemStore({ folder: folder.path, bucket: 'own' });
  const records = objectRecords(other);
  await writeFinanceDay({ store: other, records }, { folder: folder.path, day: '2026-11-20' });
  const { html: before } = await financeReport(asking('2026-11-20', other));
  const run = (await records.get<RunRecord>(runCollection('finance'), 'finance-2026-11-20'))!;
  const manifest = 'clean/2026-11-20/manifest-own.json';
  const report = 'clean/2026-11-20/report-own.json';
  for (const [newest, own] of [
    ['manifest.json', manifest] as const,
    ['report.json', report] as const,
  ]) {
    await other.put(own, (await other.get(`clean/2026-11-20/${newest}`))!);
    await other.put(`clean/2026-11-20/${newest}`, Buffer.from('{"counts":{}}'));
  }
  await noteReport(records, { ...RUN, runId: run.run_id }, report);
  const steps = [{ ...run.steps[0]!, step: 'transform', outputs: { manifest } }, ...run.steps];
  await records.put(runCollection('finance'), run.run_id, { ...run, steps });
  expect((await financeReport(asking('2026-11-20', other))).html).toBe(before);
});

it('is not about runs of uploads, however many came since, and finds a day behind them', async () => {
  const busy = filesystemStore({ folder: folder.path, bucket: 'busy' });
  const records = objectRecords(busy);
  await writeFinanceDay({ store: busy, records }, { folder: folder.path, day: '2026-11-20' });
  const run = await records.get<RunRecord>(runCollection('finance'), 'finance-2026-11-20');
  const steps = [{ ...run!.steps[0]!, step: 'process' }];
  for (let at = 0; at < 90; at += 1) {
    const startedAt = `2026-11-21T10:${String(at % 60).padStart(2, '0')}:00.000Z`;
    const upload = { ...run!, run_id: `upload-${at}`, logical_date: '2026-11-21', steps };
    await records.put(runCollection('finance'), upload.run_id, {
      ...upload,
      started_at: startedAt,
    });
  }
  const { logicalDate, html } = await financeReport(asking(null, busy));
  expect(logicalDate).toBe('2026-11-20');
  expect(html).not.toContain('upload-');
});

it('shows text from outside as text', () => {
  for (const html of [good, bad]) {
    const page = parse(html);
    expect(page.querySelectorAll('script, img, [onerror]')).toHaveLength(0);
    expect(html).not.toContain(HOSTILE);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    for (const mark of ['\u202e', '\u0007']) expect(html).not.toContain(mark);
  }
});

it('without a run, or without one of that day, says what to do', async () => {
  const empty = filesystemStore({ folder: folder.path, bucket: 'empty' });
  await empty.put('x', Buffer.from('x'));
  await expect(financeReport(asking(null, empty))).rejects.toMatchObject({
    kind: 'not-found',
    message: 'finance has not run yet',
    hint: expect.stringContaining('argosy run finance') as string,
  });
  await expect(financeReport(asking('2020-01-01'))).rejects.toMatchObject({
    kind: 'not-found',
    message: 'finance has not run for 2020-01-01',
  });
});

it('a damaged report is named, not taken for none', async () => {
  const damaged = filesystemStore({ folder: folder.path, bucket: 'damaged' });
  const key = 'clean/2026-11-20/report.json';
  await damaged.put(key, Buffer.from('{"counts": '));
  await expect(financeReport(asking('2026-11-20', damaged))).rejects.toMatchObject({
    kind: 'input-invalid',
    message: expect.stringContaining(key) as string,
  });
});

it('reads what the step transform leaves, whose rejects have names that the page explains', async () => {
  await using workshop = await financeWorkshop();
  const bench = workshop.bench();
  const lines = Array.from({ length: 200 }, (_, at) =>
    transactionLine({ transaction_id: `TXN${String(at).padStart(8, '0')}` }),
  );
  const refused = transactionLine({ transaction_id: 'TXN00000999', amount: '' });
  await bench.land([
    transactionsOf([...lines, refused]),
    customersOf(['CUST000042,Ana,2020-03-15 00:00:00,gold,ana@example.com,true']),
  ]);
  await bench.run({});
  const { html } = await financeReport(asking(DAY, bench.store));
  const page = parse(html);
  expect(page.querySelectorAll('.verdicts code')).toHaveLength(4 + 9);
  expect(page.querySelector('.state')?.text).toContain('All 15 checks hold');
  expect(page.querySelectorAll('.reason code').map(({ text }) => text)[0]).toBe('null-amount');
  expect(page.querySelector('.reason .meaning')?.text).toBe('there is no amount');
  const counts = page.querySelectorAll('#amount-categories tbody tr').map(({ text }) => text);
  expect(counts.join(' ')).toContain('200');
});
