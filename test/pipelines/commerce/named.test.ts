import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueryEngine } from '../../../services/ports/query-engine.ts';
import {
  askNamed,
  findNamed,
  NAMED,
  prepareNamed,
} from '../../../services/pipelines/commerce/answer/named.ts';
import { REFERENCE } from '../../support/named-reference.ts';
import { type ShopRows, shopRows } from '../../support/commerce-rows.ts';
import { makeTables } from '../../support/commerce-tables.ts';
import { openOwnEngine } from '../../support/pipeline.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const LAST = '2026-11-20';
const SHOPS: readonly [name: string, rows: ShopRows][] = [
  [
    'a shop of 120 days',
    shopRows({ seed: 1, lastDay: LAST, dayCount: 120, transactions: 3000, sessions: 900 }),
  ],
  [
    'a small shop of 20 days',
    shopRows({ seed: 2, lastDay: LAST, dayCount: 20, transactions: 60, sessions: 12 }),
  ],
  ['a shop without a row', { transactions: [], products: [], clicks: [], reviews: [] }],
];

let folder: TempFolder;

beforeAll(async () => {
  folder = await tempFolder();
});
afterAll(() => folder.remove());

describe.each(SHOPS)('%s', (_name, rows) => {
  let engine: QueryEngine;

  beforeAll(async () => {
    engine = await openOwnEngine([folder.path]);
    await makeTables(engine, folder.path, rows);
    await prepareNamed(engine);
  });
  afterAll(() => engine.close());

  const cases = NAMED.flatMap(({ name }) =>
    [LAST, '2026-11-10', '2026-10-31'].map((asOf) => [name, asOf] as const),
  );
  it.each(cases)(
    '%s as of %s is what a slow implementation says, row by row',
    async (name, asOf) => {
      const { rows: found } = await askNamed(engine, findNamed(name), asOf);
      const expected = REFERENCE[name]!(rows, asOf);
      expect(found.map((row) => row.map(String))).toEqual(expected.map((row) => row.map(String)));
    },
  );
});

it('the shop has what the queries must not trip over', () => {
  const { transactions, products, clicks } = SHOPS[0]![1];
  const known = new Set(products.map((one) => one.product_id));
  expect(transactions.some((row) => !known.has(row.product_id))).toBe(true);
  expect(transactions.some((row) => row.status === 'on hold')).toBe(true);
  const bought = clicks.filter((row) => row.event_type === 'purchase');
  const looked = new Set(
    clicks.filter((row) => row.event_type === 'checkout_start').map((row) => row.session_id),
  );
  expect(bought.some((row) => !looked.has(row.session_id))).toBe(true);
});

it('there are six, and a name that is none of them gets the nearest', () => {
  expect(NAMED.map(({ name }) => name).toSorted()).toEqual(Object.keys(REFERENCE).toSorted());
  expect(() => findNamed('top_product')).toThrow(
    expect.objectContaining({
      kind: 'config-invalid',
      hint: expect.stringContaining('did you mean top_products?'),
    }),
  );
});
