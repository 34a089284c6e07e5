import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  CUSTOMER_REASONS,
  TRANSACTION_REASONS,
} from '../../../services/pipelines/finance/clean/reject.ts';
import {
  customersOf,
  DAY,
  type FinanceBench,
  type FinanceWorkshop,
  financeWorkshop,
  sampleOf,
  transactionLine,
  transactionsOf,
} from '../../support/finance-bench.ts';

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

interface Report {
  counts: Record<string, number> & { rejectsByReason: Record<string, number> };
  customersCounts: Record<string, number> & { rejectsByReason: Record<string, number> };
  warnings: Record<string, number>;
  report: Record<string, unknown>;
  inFlight: { rules: { rule: string; isPassed: boolean }[] };
  rules: { checkCount: number; passedCount: number; rules: { rule: string }[] };
}

describe('the sample of requirements 4.3', () => {
  it('is cleaned with every check passed, and 97 % of it can be loaded', async () => {
    await bench.land(sampleOf(10_000, 5_000));
    const { outputs, counts } = await bench.run();
    expect(outputs).toEqual({
      manifest: expect.stringMatching(/^clean\/[-\d]{10}\/manifest-[0-9a-f]{16}\.json$/),
      report: expect.stringMatching(/^clean\/[-\d]{10}\/report-[0-9a-f]{16}\.json$/),
      extracted: '10000',
      clean: '9734',
      rejected: '266',
      customers: '4997',
      changed: 'true',
    });
    expect(counts).toMatchObject({ rowsRead: 15_000, rowsWritten: 14_731, rowsRejected: 269 });
    const report = await bench.json<Report>(`clean/${DAY}/report.json`);
    expect(report.counts.rejectsByReason).toEqual({
      'amount-not-positive': 4,
      'amount-scale': 2,
      'amount-too-large': 2,
      'amount-unreadable': 2,
      'date-in-future': 2,
      'date-too-old': 2,
      'date-unreadable': 2,
      'duplicate-id': 100,
      'null-amount': 140,
      'null-customer-id': 2,
      'null-date': 2,
      'null-status': 2,
      'null-transaction-id': 2,
      'status-unknown': 2,
    });
    expect(report.customersCounts.rejectsByReason).toEqual({
      'date-unreadable': 1,
      'duplicate-id': 1,
      'null-customer-id': 1,
    });
    expect(report.warnings).toEqual({ 'tier-unknown': 1, 'email-invalid': 1 });
    expect(report.report).toMatchObject({
      initial_records: 10_000,
      final_records: 9_734,
      records_removed: 266,
      removal_percentage: 2.66,
      timestamp: `${DAY}T00:00:00.000Z`,
    });
    expect(report.inFlight.rules.every(({ isPassed }) => isPassed)).toBe(true);
    expect([report.rules.checkCount, report.rules.passedCount]).toEqual([11, 11]);
    const known = new Set((await bench.clean('customers')).map((row) => row['customer_id']));
    const loadable = (await bench.clean()).filter((row) => known.has(row['customer_id'] ?? null));
    expect(loadable.length).toBeGreaterThanOrEqual(9_700);
    expect(loadable.length).toBeLessThan(9_734);
    expect(bench.checks.get('transaction-id-unique')).toBe(0);
  });
});

describe('the worked scores of requirements 4.5', () => {
  const cases = [
    ['6000.00', 'completed', '2026-11-17 14:00:00', '30.00', '30', 'medium'],
    ['12000.00', 'completed', '2026-11-14 03:00:00', '100.00', '100', 'critical'],
    ['20.00', 'failed', '2026-11-16 10:00:00', '50.00', '50', 'medium'],
    ['20.00', 'failed', '2026-11-15 02:00:00', '80.00', '80', 'high'],
    ['12000.00', 'failed', '2026-11-17 14:00:00', '100.00', '120', 'critical'],
    ['12000.00', 'failed', '2026-11-14 03:00:00', '100.00', '150', 'critical'],
  ] as const;

  it('are exact, and what is above 100 is capped with the sum kept', async () => {
    const lines = cases.map(([amount, status, at], number) =>
      transactionLine({ transaction_id: `T${number}`, amount, status, transaction_date: at }),
    );
    await bench.land([transactionsOf(lines)]);
    await bench.run(FEW);
    expect(await bench.clean()).toMatchObject(
      cases.map(([, , , score, raw, level]) => ({
        risk_score: score,
        risk_score_raw: raw,
        risk_level: level,
        risk_version: '1',
      })),
    );
  });
});

describe('band edges', () => {
  it('are exact for amounts, hours, days of the week and levels', async () => {
    const at = (date: string): Record<string, string> => ({ transaction_date: date });
    const cases: [Record<string, string>, string, string, string][] = [
      [{ amount: '0.01' }, 'small', '0', 'low'],
      [{ amount: '50.00' }, 'small', '0', 'low'],
      [{ amount: '50.01' }, 'medium', '0', 'low'],
      [{ amount: '200.00' }, 'medium', '0', 'low'],
      [{ amount: '200.01' }, 'large', '0', 'low'],
      [{ amount: '500.00' }, 'large', '0', 'low'],
      [{ amount: '500.01' }, 'very_large', '0', 'low'],
      [{ amount: '1000.00' }, 'very_large', '0', 'low'],
      [{ amount: '1000.01' }, 'exceptional', '0', 'low'],
      [{ amount: '5000.00' }, 'exceptional', '0', 'low'],
      [{ amount: '5000.01' }, 'exceptional', '30', 'medium'],
      [{ amount: '10000.00' }, 'exceptional', '30', 'medium'],
      [{ amount: '10000.01' }, 'exceptional', '70', 'high'],
      [{ amount: '1000000.00' }, 'exceptional', '70', 'high'],
      [at('2026-11-17 00:00:00'), 'medium', '20', 'low'],
      [at('2026-11-17 05:59:59'), 'medium', '20', 'low'],
      [at('2026-11-17 06:00:00'), 'medium', '0', 'low'],
      [at('2026-11-17 23:59:59'), 'medium', '0', 'low'],
      [at('2026-11-13 23:59:59'), 'medium', '0', 'low'],
      [at('2026-11-14 06:00:00'), 'medium', '10', 'low'],
      [at('2026-11-15 23:59:59'), 'medium', '10', 'low'],
      [at('2026-11-16 06:00:00'), 'medium', '0', 'low'],
      [at('2026-11-14 05:00:00'), 'medium', '30', 'medium'],
      [{ ...at('2026-11-15 23:00:00'), amount: '10000.01' }, 'exceptional', '80', 'high'],
      [{ ...at('2026-11-17 05:00:00'), amount: '10000.01' }, 'exceptional', '90', 'critical'],
      [{ status: 'failed' }, 'medium', '50', 'medium'],
      [{ status: 'failed', amount: '5000.01' }, 'exceptional', '80', 'high'],
    ];
    const lines = cases.map(([fields], number) =>
      transactionLine({ transaction_id: `T${number}`, ...fields }),
    );
    await bench.land([transactionsOf(lines)]);
    await bench.run(FEW);
    const seen = (await bench.clean()).map((row) => [
      row['amount_category'],
      row['risk_score_raw'],
      row['risk_level'],
    ]);
    expect(seen).toEqual(cases.map(([, ...expected]) => expected));
  });

  it('the end of the logical date and 730 days before it bound the dates', async () => {
    const dates = [
      '2026-11-20 23:59:59',
      '2026-11-21 00:00:00',
      '2024-11-21 00:00:00',
      '2024-11-20 23:59:59',
    ];
    await bench.land([
      transactionsOf(
        dates.map((date, at) =>
          transactionLine({ transaction_id: `T${at}`, transaction_date: date }),
        ),
      ),
    ]);
    await bench.run(FEW);
    expect((await bench.clean()).map((row) => row['transaction_date'])).toEqual([
      dates[0],
      dates[2],
    ]);
    expect((await bench.rejects()).map(({ rule }) => rule)).toEqual([
      'date-in-future',
      'date-too-old',
    ]);
  });
});

describe('every reason', () => {
  const long = 'x'.repeat(51);
  const refused: [rule: string, fields: Record<string, string>][] = [
    ['null-transaction-id', { transaction_id: ' ' }],
    ['null-customer-id', { customer_id: '\t' }],
    ['null-amount', { amount: '' }],
    ['null-date', { transaction_date: '' }],
    ['null-status', { status: '' }],
    ['amount-unreadable', { amount: '1e400' }],
    ['amount-unreadable', { amount: 'NaN' }],
    ['amount-unreadable', { amount: 'Infinity' }],
    ['amount-unreadable', { amount: '1_000' }],
    ['amount-unreadable', { amount: '1,000.00' }],
    ['amount-unreadable', { amount: '１２' }],
    ['amount-unreadable', { amount: '1 2' }],
    ['amount-scale', { amount: '0.005' }],
    ['amount-scale', { amount: '54.601' }],
    ['amount-not-positive', { amount: '-0.00' }],
    ['amount-not-positive', { amount: '-54.60' }],
    ['amount-not-positive', { amount: `-${'9'.repeat(40)}` }],
    ['amount-too-large', { amount: '1000000.01' }],
    ['amount-too-large', { amount: '1234567890123' }],
    ['amount-too-large', { amount: '9'.repeat(60) }],
    ['date-unreadable', { transaction_date: '31/02/2026 10:00:00' }],
    ['date-unreadable', { transaction_date: '2026-02-31 10:00:00' }],
    ['date-unreadable', { transaction_date: '2026-11-17 24:00:00' }],
    ['date-unreadable', { transaction_date: 'infinity' }],
    ['date-unreadable', { transaction_date: '2026-11-17 10:00:00.1234567' }],
    ['date-too-old', { transaction_date: '0001-01-01 00:00:00' }],
    ['date-in-future', { transaction_date: '2026-11-21 00:00:00' }],
    ['status-unknown', { status: 'nan' }],
    ['status-unknown', { status: 'FAİLED' }],
    ['text-too-long', { transaction_id: 'T'.repeat(21) }],
    ['text-too-long', { category: long }],
    ['text-not-storable', { merchant_id: 'M\0' }],
  ];

  it('refuses a row with its place and its cells as they were', async () => {
    const good = transactionLine({ transaction_id: 'GOOD' });
    const lines = refused.map(([, fields], at) =>
      transactionLine({ transaction_id: `R${at}`, ...fields }),
    );
    await bench.land([transactionsOf([good, ...lines])]);
    const { counts } = await bench.run(FEW);
    const rejects = await bench.rejects();
    expect(rejects).toMatchObject(
      refused.map(([rule, fields], at) => ({
        rule,
        line: at + 3,
        values: Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [name, value === '' ? null : value]),
        ),
      })),
    );
    const all = refused.length;
    expect(counts).toMatchObject({ rowsRead: all + 1, rowsWritten: 1, rowsRejected: all });
    const reasons = Object.keys(TRANSACTION_REASONS).filter((reason) => reason !== 'duplicate-id');
    expect(new Set(rejects.map(({ rule }) => rule))).toEqual(new Set(reasons));
  });

  const loaded: [fields: Record<string, string>, expected: Record<string, string>][] = [
    [{ amount: '+5' }, { amount: '5.00' }],
    [{ amount: '.5' }, { amount: '0.50' }],
    [{ amount: ' 0007.100 ' }, { amount: '7.10' }],
    [
      { transaction_date: '2026-11-17T14:30:00.120Z' },
      { transaction_date: '2026-11-17 14:30:00.12' },
    ],
    [
      { transaction_date: '2026-11-17 01:30:00+02:00' },
      { transaction_date: '2026-11-16 23:30:00' },
    ],
    [{ transaction_date: '2026-11-17 22:30:00-02' }, { transaction_date: '2026-11-18 00:30:00' }],
    [{ merchant_id: "m'); drop table x;--" }, { merchant_id: "M'); DROP TABLE X;--" }],
    [{ category: '=cmd|"/c calc"!A0' }, { category: '=cmd|"/c calc"!a0' }],
    [{ category: 'two\nlines' }, { category: 'two\nlines' }],
    [{ transaction_id: ' txn1\u00a0' }, { transaction_id: 'TXN1' }],
    [{ status: ' FAILED ' }, { status: 'failed' }],
    [
      { transaction_date: ' 2026-11-17 ' },
      { transaction_date: '2026-11-17 00:00:00', transaction_hour: '0', risk_score: '20.00' },
    ],
    [
      { merchant_id: '', category: '', payment_method: ' ' },
      { merchant_id: 'MERCH0000', category: 'unknown', payment_method: 'unknown' },
    ],
  ];

  it('fits no row that is merely written unlike the others: it is loaded exactly', async () => {
    const lines = loaded.map(([fields], at) =>
      transactionLine({ transaction_id: `T${at}`, ...fields }),
    );
    await bench.land([transactionsOf(lines)]);
    await bench.run(FEW);
    expect(await bench.rejects()).toEqual([]);
    expect(await bench.clean()).toMatchObject(loaded.map(([, expected]) => expected));
  });
});

describe('repeated ids', () => {
  it('are told after normalising, and the first row with an amount is kept', async () => {
    await bench.land([
      transactionsOf([
        transactionLine({ transaction_id: ' txn1 ', amount: '' }),
        transactionLine({ transaction_id: 'TXN1', amount: '2.00' }),
        transactionLine({ transaction_id: 'TXN2', amount: '' }),
      ]),
      transactionsOf([
        transactionLine({ transaction_id: 'txn1', amount: '3.00' }),
        transactionLine({ transaction_id: 'TXN2', amount: 'n/a' }),
      ]),
    ]);
    await bench.run(FEW);
    expect(await bench.clean()).toMatchObject([{ transaction_id: 'TXN1', amount: '2.00' }]);
    const seen = (await bench.rejects()).map(
      ({ object, line, rule }) => `${object.at(-5)}:${line} ${rule}`,
    );
    expect(seen).toEqual([
      '0:2 duplicate-id',
      '0:4 null-amount',
      '1:2 duplicate-id',
      '1:3 duplicate-id',
    ]);
  });
});

describe('places', () => {
  it('name the line at which a row begins, whatever its cells and columns', async () => {
    const text =
      'note,amount,transaction_id,customer_id,transaction_date,status\r\n' +
      '"a\nb",1.00,T1,C1,2026-11-17 10:00:00,completed\r\n' +
      'x,bad,T2,C1,2026-11-17 10:00:00,completed\r\n' +
      '"""\n\n",bad,T3,C1,2026-11-17 10:00:00,completed\r\n' +
      'x,bad,T4,C1,2026-11-17 10:00:00,completed\r\n';
    await bench.land([{ dataset: 'transactions', text, rows: 4 }]);
    await bench.run(FEW);
    const seen = (await bench.rejects()).map(({ line, values }) => [
      values['transaction_id'],
      line,
    ]);
    expect(seen).toEqual([
      ['T2', 4],
      ['T3', 5],
      ['T4', 8],
    ]);
    expect(await bench.clean()).toMatchObject([{ transaction_id: 'T1', merchant_id: 'MERCH0000' }]);
  });
});

describe('customers', () => {
  it('are normalised, and refused only where the warehouse could not hold them', async () => {
    await bench.land([
      customersOf([
        ' cust000042 ,Ana,2020-03-15,GOLD, ana@example.com ,',
        'CUST000042,Ana again,2020-03-15,gold,ana@example.com,true',
        ',Nobody,2020-03-15,gold,n@example.com,true',
        'C2,"Robert\'); DROP TABLE dim_customers;--",,,,NO',
        'C3,Tin,2020-03-15 10:00:00+02,tin,not an address,1',
        'C4,Bad day,2020-02-30,gold,c4@example.com,true',
        'C4b,Bad year,0001-01-01 00:00:00+02,gold,c4@example.com,true',
        'C5,Bad flag,2020-02-20,gold,c5@example.com,perhaps',
        `C6,${'n'.repeat(101)},2020-02-20,gold,c6@example.com,true`,
        'C7,No\0name,2020-02-20,gold,c7@example.com,true',
      ]),
    ]);
    await bench.run(FEW);
    expect(await bench.clean('customers')).toEqual([
      {
        customer_id: 'CUST000042',
        customer_name: 'Ana',
        registration_date: '2020-03-15 00:00:00',
        customer_tier: 'gold',
        email: 'ana@example.com',
        is_active: 'true',
      },
      {
        customer_id: 'C2',
        customer_name: "Robert'); DROP TABLE dim_customers;--",
        registration_date: null,
        customer_tier: null,
        email: null,
        is_active: 'false',
      },
      {
        customer_id: 'C3',
        customer_name: 'Tin',
        registration_date: '2020-03-15 08:00:00',
        customer_tier: 'tin',
        email: 'not an address',
        is_active: 'true',
      },
    ]);
    expect((await bench.rejects('customers')).map(({ line, rule }) => `${line} ${rule}`)).toEqual([
      '3 duplicate-id',
      '4 null-customer-id',
      '7 date-unreadable',
      '8 date-unreadable',
      '9 flag-unreadable',
      '10 text-too-long',
      '11 text-not-storable',
    ]);
    const told = new Set((await bench.rejects('customers')).map(({ rule }) => rule));
    expect(told).toEqual(new Set(Object.keys(CUSTOMER_REASONS)));
    const report = await bench.json<Report>(`clean/${DAY}/report.json`);
    expect(report.warnings).toEqual({ 'tier-unknown': 1, 'email-invalid': 1 });
  });
});

describe('e-mail addresses', () => {
  it('are masked wherever they stand in a rejected row, and never logged', async () => {
    await bench.land([
      transactionsOf([
        transactionLine({ amount: '', merchant_id: 'zoe.smith@mail.example' }),
        transactionLine({
          transaction_id: 'zoe%40mail.example',
          status: 'to <zoe@mail.example>, x',
        }),
        transactionLine({ amount: 'Zoe＠mail.example', category: 'line\nzoe@mail.example' }),
        transactionLine({ amount: '', customer_id: 'Q"zoe@mail.example' }),
      ]),
      customersOf([
        ',Zoe,2020-03-15,gold,zoe@mail.example,true',
        'C1,zoe@mail.example,2020-33-15,gold,zoe at mail.example,true',
      ]),
    ]);
    await bench.run(FEW);
    const [transactions, customers] = [await bench.rejects(), await bench.rejects('customers')];
    expect(transactions).toHaveLength(4);
    expect(customers.map(({ values }) => values['email'])).toEqual(['z***@***', 'z***']);
    expect(customers[1]?.values['customer_name']).toBe('z***@***');
    const written = JSON.stringify([transactions, customers]) + bench.logged();
    expect(written).not.toMatch(/mail\.example|smith|oe@/i);
  });
});
