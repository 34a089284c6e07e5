import { describe, expect, it } from 'vitest';
import type { Dataset, TableObject } from '../../../services/core/dataset.ts';
import {
  bytesOf,
  dayColumnOf,
  dayOf,
  newestOf,
  partitionsOf,
} from '../../../services/stages/observe/catalogue/facts.ts';
import { column } from '../../support/catalogue.ts';

function object(key: string, more: Partial<TableObject> = {}): TableObject {
  return { key, sha256: '', rows: 1, sizeBytes: 10, ...more };
}

describe('partitions', () => {
  it('come from the folders of keys, added up, in the order of their numbers', () => {
    const found = partitionsOf([
      object('t/year=2026/month=10/day=1/a.parquet'),
      object('t/year=2026/month=9/day=30/a.parquet', { rows: 5 }),
      object('t/year=2026/month=9/day=30/b.parquet', { rows: 7, sizeBytes: 3 }),
    ]);
    expect(found).toEqual([
      { partition: 'year=2026/month=9/day=30', rows: 12, sizeBytes: 13, objects: 2 },
      { partition: 'year=2026/month=10/day=1', rows: 1, sizeBytes: 10, objects: 1 },
    ]);
    expect(newestOf(found)).toBe('2026-10-01');
  });

  it('come from what the table says before what the key does, and from a day in it', () => {
    const said = partitionsOf([
      object('x/2020-01-01/a.parquet', { partition: 'ingestion_date=2019-07-31' }),
      object('x/2020-01-01/b.parquet'),
    ]);
    expect(said.map(({ partition }) => partition)).toEqual([
      '2020-01-01',
      'ingestion_date=2019-07-31',
    ]);
  });

  it('leave out objects that are filed under nothing, and do not guess at unknown sizes', () => {
    expect(partitionsOf([object('t/part.parquet')])).toEqual([]);
    const { sizeBytes: _, ...unsized } = object('t/day=1/a');
    expect(partitionsOf([object('t/day=1/b'), unsized])).toMatchObject([{ sizeBytes: null }]);
    expect(bytesOf([object('a'), unsized])).toBeNull();
  });

  it.each([
    ['year=2026/month=1/day=5', '2026-01-05'],
    ['year=2026/month=1/day=5/hour=23', '2026-01-05'],
    ['year=2026/month=12', '2026-12'],
    ['ingestion_date=2017-07-31', '2017-07-31'],
    ['2026-01-31', '2026-01-31'],
    ['category=books', null],
    ['month=3', null],
  ])('%s is about %s', (partition, day) => {
    expect(dayOf(partition)).toBe(day);
  });

  it('without rows say nothing of how new the data is', () => {
    const day = { sizeBytes: 1, objects: 1 };
    expect(
      newestOf([
        { partition: '2026-01-01', rows: 1, ...day },
        { partition: '2026-01-02', rows: 0, ...day },
      ]),
    ).toBe('2026-01-01');
  });
});

describe('the column that says how new the data is', () => {
  const date = (name: string) => column(name, { type: 'DATE' });
  const of = (more: Partial<Dataset>) =>
    dayColumnOf({ name: 't', kind: 'table', description: '', columns: [], ...more });

  it('is the one in whose order rows are kept, the only date, or the only one in the key', () => {
    const at = column('at', { type: 'TIMESTAMP' });
    expect(of({ columns: [date('born'), at], sortKey: 'at' })).toBe('at');
    expect(of({ columns: [column('x'), date('day')] })).toBe('day');
    expect(of({ columns: [date('first'), date('day')], key: ['x', 'day'] })).toBe('day');
  });

  it('is none where several might be meant', () => {
    expect(of({ columns: [date('first'), date('last')] })).toBeNull();
    expect(of({ columns: [column('x')] })).toBeNull();
  });
});
