import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Crash, type Fault, faultPlan, faultStore } from '../../../services/layers/fault.ts';
import { extractManifestKey } from '../../../services/pipelines/finance/extract/extract-manifest.ts';
import { listOf, textOf } from '../../support/bytes.ts';
import {
  customersOf,
  DAY,
  type FinanceBench,
  type FinanceWorkshop,
  financeWorkshop,
  type Landed,
  sampleOf,
  transactionLine,
  transactionsOf,
} from '../../support/finance-bench.ts';
import { isEverythingRequired } from '../../support/require-component.ts';

let bench: FinanceBench;
let workshop: FinanceWorkshop;

beforeAll(async () => {
  workshop = await financeWorkshop();
});

beforeEach(() => {
  bench = workshop.bench();
});

afterAll(() => workshop[Symbol.asyncDispose]());

const FEW = { 'min-rows': '0', 'max-null-share': '1', 'max-duplicate-share': '1' };
const CUSTOMER = 'CUST000042,Ana,2020-03-15 00:00:00,gold,ana@example.com,true';

describe('quality-mode', () => {
  const tooFew = (): Landed[] => [
    transactionsOf([transactionLine(), transactionLine({ transaction_id: 'T2', amount: '' })]),
    customersOf([CUSTOMER]),
  ];

  it('block: keeps rejects and report, and nothing that could be loaded', async () => {
    await bench.land(tooFew());
    await expect(bench.run()).rejects.toMatchObject({
      kind: 'quality-failed',
      message: expect.stringContaining('inflight-rows'),
      hint: expect.stringMatching(/clean\/[-\d]+\/report-[0-9a-f]{16}\.json/),
    });
    const keys = (await listOf(bench.store.list(''))).map(({ key }) => key);
    expect(keys.filter((key) => /^(?:_quarantine|clean)/.test(key))).toEqual([
      expect.stringMatching(/^_quarantine\/transactions\/[-\d]{10}\/[0-9a-f]{16}\.jsonl$/),
      expect.stringMatching(/^clean\/[-\d]{10}\/report-[0-9a-f]{16}\.json$/),
      `clean/${DAY}/report.json`,
    ]);
    expect(bench.checks.get('inflight-rows')).toBeGreaterThan(0);
  });

  it('warn: goes on and says which rules do not hold', async () => {
    await bench.land(tooFew());
    const { problems, outputs } = await bench.run({ 'quality-mode': 'warn' });
    expect(outputs['clean']).toBe('1');
    expect(problems.map(({ message }) => message).join()).toMatch(/inflight-rows.*rows-enough/);
  });
});

describe('the same input', () => {
  it('gives the same bytes, writes nothing and says so', async () => {
    await bench.land(sampleOf(1_000, 500));
    await bench.run();
    const before = await bench.digest();
    const { counts, outputs } = await bench.run();
    expect(counts).toMatchObject({ objectsWritten: 0, objectsSkipped: 8 });
    expect(outputs['changed']).toBe('false');
    expect(bench.logged()).toContain('transform.unchanged');
    expect(await bench.digest()).toEqual(before);
    const other = workshop.bench();
    await other.land(sampleOf(1_000, 500));
    await other.run();
    expect(await other.digest()).toEqual(before);
  });

  it('corrected: has rejects of its own, and those of the earlier run stay', async () => {
    await bench.land([transactionsOf([transactionLine({ amount: '' })])]);
    await bench.run(FEW);
    expect(await bench.rejects()).toHaveLength(1);
    const kept = await listOf(bench.store.list('_quarantine/'));
    await bench.land([transactionsOf([transactionLine()])]);
    await bench.run(FEW);
    expect(await bench.rejects()).toEqual([]);
    expect(await listOf(bench.store.list('_quarantine/'))).toEqual(kept);
  });

  it('is that which the manifest says, whatever was extracted since', async () => {
    await bench.land([transactionsOf([transactionLine()])]);
    const first = textOf(await bench.store.get(extractManifestKey(DAY))) ?? '';
    await bench.store.put('extracted/own.json', Buffer.from(first));
    await bench.land([
      transactionsOf([transactionLine(), transactionLine({ transaction_id: 'T2' })]),
    ]);
    await bench.store.put(
      JSON.parse(first).sources[0].key,
      Buffer.from(transactionsOf([transactionLine()]).text),
    );
    const { outputs } = await bench.run({ ...FEW, manifest: 'extracted/own.json' });
    expect(outputs['extracted']).toBe('1');
  });
});

/** What is wrong after a run that crashed, and after one more. */
async function crashed(
  sources: readonly Landed[],
  fault: Fault,
  calm: ReadonlyMap<string, string>,
): Promise<string[]> {
  const other = workshop.bench();
  await other.land(sources);
  const ended = await other
    .run(FEW, faultStore(other.store, faultPlan([fault])))
    .catch((error: unknown) => error);
  const faults = ended instanceof Crash ? [] : [`the run ended in ${String(ended)}`];
  const seen = await other.digest();
  if (seen.has(`clean/${DAY}/manifest.json`) && !isDeepStrictEqual(seen, calm))
    faults.push('there is a manifest, and not all that it names');
  await other.run(FEW);
  const later = await other.digest();
  return isDeepStrictEqual(later, calm) ? faults : [...faults, 'the next run ends in other bytes'];
}

describe('a crash before or after any call to the store', () => {
  it('leaves no manifest that names what is not there, and one more run ends in the same bytes', async () => {
    const sources = [
      transactionsOf([transactionLine(), transactionLine({ transaction_id: 'T2', amount: 'x' })]),
      customersOf([CUSTOMER, ',No id,,,,']),
    ];
    await bench.land(sources);
    const plan = faultPlan();
    await bench.run(FEW, faultStore(bench.store, plan));
    const calm = await bench.digest();
    const every = isEverythingRequired() ? 1 : 31;
    const faults: string[] = [];
    for (let call = 1; call <= plan.calls.length; call += every) {
      for (const when of ['before', 'after'] as const) {
        const found = await crashed(sources, { call, when, error: 'crash' }, calm);
        faults.push(...found.map((fault) => `${when} ${plan.calls[call - 1]}: ${fault}`));
      }
    }
    expect(faults).toEqual([]);
  }, 300_000);
});

describe('what is wrong with the input', () => {
  it('no extract: not-found with what to do', async () => {
    await expect(bench.run()).rejects.toMatchObject({
      kind: 'not-found',
      hint: expect.stringContaining('extract'),
    });
  });

  it('a landed object with other bytes than were extracted is refused', async () => {
    const [source] = await bench.land([transactionsOf([transactionLine()])]);
    await bench.store.put(source!.key, Buffer.from('transaction_id\nT1\n'));
    await expect(bench.run(FEW)).rejects.toMatchObject({
      kind: 'input-invalid',
      hint: expect.stringContaining('-p extract=true'),
    });
    expect(await bench.store.head(`clean/${DAY}/report.json`)).toBeNull();
  });

  it('a CSV that no gate has seen is refused without showing its rows', async () => {
    const text = `transaction_id,amount\nT1,"zoe@mail.example\nT2,1.00\n`;
    await bench.land([
      transactionsOf([transactionLine()]),
      { dataset: 'transactions', text, rows: 2 },
    ]);
    const failure = await bench.run(FEW).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      kind: 'input-invalid',
      message: expect.stringMatching(/_1\.csv: not a CSV that can be read on line 2$/),
    });
    expect(String(failure)).not.toContain('zoe');
  });

  it('no customers and no rows at all: everything empty, nothing lost', async () => {
    await bench.land([transactionsOf([])]);
    const { counts } = await bench.run(FEW);
    expect(counts).toMatchObject({ rowsRead: 0, rowsWritten: 0, rowsRejected: 0 });
    expect(await bench.clean()).toEqual([]);
    expect(await bench.clean('customers')).toEqual([]);
  });
});
