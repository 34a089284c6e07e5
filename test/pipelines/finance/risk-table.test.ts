import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RISK_TABLE, type RiskTable } from '../../../services/pipelines/finance/clean/risk.ts';
import { readRiskTable } from '../../../services/pipelines/finance/clean/risk-table.ts';
import {
  type FinanceBench,
  type FinanceWorkshop,
  financeWorkshop,
  transactionLine,
  transactionsOf,
} from '../../support/finance-bench.ts';

const KEY = 'config/risk.json';
const FEW = { 'min-rows': '0', 'max-null-share': '1', 'max-duplicate-share': '1' };
const { signal } = new AbortController();

let workshop: FinanceWorkshop;
let bench: FinanceBench;

beforeAll(async () => {
  workshop = await financeWorkshop();
});

beforeEach(() => {
  bench = workshop.bench();
});

afterAll(() => workshop[Symbol.asyncDispose]());

const own = (changes: Partial<RiskTable>): RiskTable => ({
  ...RISK_TABLE,
  version: '2026-strict.1',
  ...changes,
});

async function put(table: unknown): Promise<void> {
  await bench.store.put(KEY, Buffer.from(JSON.stringify(table)));
}

describe('the table of risks', () => {
  it('is the built-in one without a key', async () => {
    expect(await readRiskTable(bench.store, '', signal)).toBe(RISK_TABLE);
  });

  it('of one’s own scores the rows, and its version stands on every one', async () => {
    await put(
      own({
        amounts: [{ above: '100.00', points: 25 }],
        statuses: [{ status: 'pending', points: 60 }],
        weekdays: [{ days: [1], points: 5 }],
        hours: [{ from: 14, to: 14, points: 7 }],
        scoreMax: 90,
        levels: [
          { upTo: 50, level: 'low' },
          { upTo: 90, level: 'critical' },
        ],
        amountCategories: [
          { upTo: '100.00', category: 'cheap' },
          { upTo: null, category: 'dear' },
        ],
      }),
    );
    await bench.land([
      transactionsOf([
        transactionLine({ transaction_id: 'T1' }),
        transactionLine({ transaction_id: 'T2', amount: '100.01', status: 'pending' }),
      ]),
    ]);
    await bench.run({ ...FEW, 'risk-table': KEY });
    const stamp = { risk_version: '2026-strict.1' };
    expect(await bench.clean()).toMatchObject([
      { ...stamp, risk_score: '12.00', risk_level: 'low', amount_category: 'cheap' },
      {
        ...stamp,
        risk_score: '90.00',
        risk_score_raw: '97',
        risk_level: 'critical',
        amount_category: 'dear',
      },
    ]);
  });

  it('that is not there: not-found', async () => {
    await bench.land([transactionsOf([transactionLine()])]);
    await expect(bench.run({ ...FEW, 'risk-table': KEY })).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining(KEY),
    });
  });

  it('that is the built-in one, word for word, may bear its version', async () => {
    await put(RISK_TABLE);
    expect(await readRiskTable(bench.store, KEY, signal)).toEqual(RISK_TABLE);
  });

  const wrong: [fault: string, table: unknown][] = [
    ['version', own({ version: 'Two Words' })],
    ['version', own({ version: "1'; DROP TABLE x" })],
    ['version', { ...RISK_TABLE, scoreMax: 90 }],
    ['version', []],
    ['not a JSON object', null],
    ['amounts', own({ amounts: [{ above: '5e3', points: 1 }] })],
    ['amounts', own({ amounts: [{ above: '5000', points: 1 }] })],
    ['amounts', own({ amounts: [{ above: '5000.00', points: -1 }] })],
    ['amounts', { ...own({}), amounts: undefined }],
    ['statuses', own({ statuses: [{ status: "x' OR 1=1", points: 1 }] })],
    ['weekdays', own({ weekdays: [{ days: [7], points: 1 }] })],
    ['weekdays', own({ weekdays: [{ days: [], points: 1 }] })],
    ['hours', own({ hours: [{ from: 5, to: 4, points: 1 }] })],
    ['hours', own({ hours: [{ from: 0, to: 24, points: 1 }] })],
    ['scoreMax', own({ scoreMax: 101 })],
    ['levels', own({ levels: [{ upTo: 99, level: 'low' }] })],
    ['levels', own({ levels: [] })],
    [
      'levels',
      own({
        levels: [
          { upTo: 100, level: 'low' },
          { upTo: 100, level: 'high' },
        ],
      }),
    ],
    ['amountCategories', own({ amountCategories: [{ upTo: '50.00', category: 'small' }] })],
    ['amountCategories', own({ amountCategories: [{ upTo: null, category: "s'" }] })],
    ['amountCategories', own({ amountCategories: [] })],
  ];

  it.each(wrong)('is refused: %s %#', async (fault, table) => {
    await put(table);
    await expect(readRiskTable(bench.store, KEY, signal)).rejects.toMatchObject({
      kind: 'config-invalid',
      message: expect.stringContaining(fault),
    });
  });

  it('that is no JSON is refused', async () => {
    await bench.store.put(KEY, Buffer.from('{'));
    await expect(readRiskTable(bench.store, KEY, signal)).rejects.toMatchObject({
      kind: 'config-invalid',
      message: expect.stringContaining('not a JSON object'),
    });
  });
});
