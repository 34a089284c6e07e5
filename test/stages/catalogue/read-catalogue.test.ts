import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import type { Dataset, TableObject } from '../../../services/core/dataset.ts';
import { PipelineError } from '../../../services/core/error.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import type { Warehouse } from '../../../services/ports/warehouse.ts';
import type {
  CatalogueRequest,
  CatalogueSource,
} from '../../../services/stages/observe/catalogue/catalogue.ts';
import { readCatalogue } from '../../../services/stages/observe/catalogue/read-catalogue.ts';
import { runCollection } from '../../../services/stages/observe/run-record.ts';
import type { Database } from '../../../services/stages/serve/database.ts';
import { utf8 } from '../../support/bytes.ts';
import { column, runRecord } from '../../support/catalogue.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const { signal } = new AbortController();

const SALES: Dataset = {
  name: 'sales',
  kind: 'table',
  description: 'Every sale',
  columns: [column('id')],
  location: 'sales/',
  from: ['source:files'],
};
const SUMS: Dataset = { ...SALES, name: 'sums', location: 'sums/', from: ['sales'] };
const FACT: Dataset = { ...SALES, name: 'fact', schema: 'public', from: ['sales'] };

let store: ObjectStore;
let asked: string[];

beforeEach(async () => {
  store = memoryStore({ bucket: 'b', clock: manualClock(new Date('2026-01-31T12:00:00Z')) });
  asked = [];
});

function databaseOf(more: Partial<Database> = {}): Database {
  return {
    name: 'lake',
    datasets: [SALES, SUMS],
    async objects() {
      asked.push('objects');
      return new Map();
    },
    ...more,
  };
}

function sourceOf(database: Database | null, more: Partial<CatalogueSource> = {}): CatalogueSource {
  return {
    name: 'shop',
    summary: 'Sells',
    checks: [],
    records: objectRecords(store),
    ports: {
      store,
      log,
      signal,
      cache: 'unused',
      openEngine: async () => {
        asked.push('engine');
        throw new Error('no engine here');
      },
    },
    database: async () => database,
    warehouse: async () => [],
    ...more,
  };
}

async function read(sources: CatalogueSource[], more: Partial<CatalogueRequest> = {}) {
  const openWarehouse: CatalogueRequest['openWarehouse'] = async () => {
    asked.push('warehouse');
    return null;
  };
  return readCatalogue({ sources, openWarehouse, runsMax: 5, ...more });
}

async function haveRun(): Promise<void> {
  await objectRecords(store).put(runCollection('shop'), 'run-1', runRecord());
}

async function stored(key: string, text = 'x'): Promise<TableObject> {
  await store.put(key, utf8(text));
  return { key, sha256: '', rows: text.length };
}

describe('the catalogue', () => {
  it('lists a pipeline that has never run, and asks neither its objects nor the warehouse', async () => {
    const [shop] = await read([sourceOf(databaseOf(), { warehouse: async () => [FACT] })]);
    expect(shop).toMatchObject({ hasRun: false, runs: [], faults: [] });
    expect(shop?.entries.map(({ id, facts }) => [id, facts])).toEqual([
      ['lake.sales', null],
      ['lake.sums', null],
      ['public.fact', null],
    ]);
    expect(asked).toEqual([]);
  });

  it('takes a pipeline without a bucket for one that has never run', async () => {
    const list: ObjectStore['list'] = () => {
      throw new PipelineError('config-invalid', 'there is no bucket b');
    };
    store = { ...store, list };
    const [shop] = await read([sourceOf(databaseOf())]);
    expect(shop).toMatchObject({ hasRun: false, faults: [] });
    expect(shop?.entries).toHaveLength(2);
  });

  it('takes rows, sizes and partitions from records, and what has no size from a listing', async () => {
    await haveRun();
    const parts = [
      await stored('sales/day=2026-01-30/a', 'abc'),
      await stored('sales/day=2026-01-31/b'),
    ];
    const sums = { ...(await stored('sums/c')), rows: 7, sizeBytes: 99 };
    const database = databaseOf({
      objects: async () =>
        new Map([
          ['sales', parts],
          ['sums', [sums]],
        ]),
      publishedUnder: () => 'sales/',
    });
    const [shop] = await read([sourceOf(database)]);
    expect(shop?.entries.map(({ facts }) => facts)).toMatchObject([
      {
        rows: 4,
        sizeBytes: 4,
        objects: 2,
        newest: '2026-01-31',
        publishedAt: '2026-01-31T12:00:00.000Z',
        partitions: [
          { rows: 3, sizeBytes: 3 },
          { rows: 1, sizeBytes: 1 },
        ],
      },
      { rows: 7, sizeBytes: 99, objects: 1, partitions: [] },
    ]);
    expect(asked).toEqual([]);
  });

  it('says what a dataset is made of by ids of the catalogue, from one place to the other too', async () => {
    const [shop] = await read([sourceOf(databaseOf(), { warehouse: async () => [FACT] })]);
    expect(shop?.entries.map(({ from }) => from)).toEqual([
      ['source:files'],
      ['lake.sales'],
      ['lake.sales'],
    ]);
  });

  it('tells a fault of one pipeline and hides no other', async () => {
    await haveRun();
    const broken = databaseOf({
      objects: () => Promise.reject(new PipelineError('input-invalid', 'the map is damaged')),
    });
    const found = await read([sourceOf(broken), sourceOf(databaseOf())]);
    const known = found.map(({ entries, faults }) => [
      faults.length,
      ...entries.map(({ facts }) => facts !== null),
    ]);
    expect(known).toEqual([
      [1, false, false],
      [0, true, true],
    ]);
    expect(found[0]?.faults[0]?.message).toBe('the map is damaged');
  });

  it('does not pass an interrupt or a fault of its own code off as one of a pipeline', async () => {
    await haveRun();
    for (const error of [new PipelineError('interrupted', 'Ctrl-C'), new TypeError('oops')]) {
      const broken = databaseOf({ objects: () => Promise.reject(error) });
      await expect(read([sourceOf(broken)])).rejects.toBe(error);
    }
  });

  it('looks at nothing but what is wanted', async () => {
    await haveRun();
    const source = sourceOf(databaseOf(), { warehouse: async () => [FACT] });
    await read([source], { isWanted: ({ id }) => id === 'lake.sums' });
    expect(asked).toEqual(['objects']);
    asked = [];
    await read([source], { isWanted: ({ id }) => id === 'public.fact' });
    expect(asked).toEqual(['warehouse']);
  });
});

describe('a warehouse', () => {
  const view: Dataset = { ...FACT, name: 'view', kind: 'view' };
  const absent: Dataset = { ...FACT, name: 'absent' };

  function warehouseOf(bytes: number, dialect: Warehouse['dialect'] = 'postgres') {
    const query: Warehouse['query'] = async (sql) => {
      asked.push(sql);
      const rows = sql.startsWith('SELECT count')
        ? [[41, null]]
        : [
            ['public.fact', '1000', String(bytes)],
            ['public.view', null, '0'],
          ];
      return { columns: [], rows };
    };
    return async () => ({ dialect, query });
  }

  it('is counted where its tables are small, and leaves out what no load has made', async () => {
    await haveRun();
    const source = sourceOf(null, { warehouse: async () => [FACT, view, absent] });
    const [shop] = await read([source], { openWarehouse: warehouseOf(1000) });
    expect(shop?.entries.map(({ facts }) => facts)).toMatchObject([
      { rows: 41, sizeBytes: 1000, publishedAt: '2026-01-31T10:00:09.000Z' },
      { rows: 41, sizeBytes: null },
      null,
    ]);
  });

  it('that is not there as it is configured is a fault', async () => {
    await haveRun();
    const fault = new PipelineError('config-invalid', 'there is no database etl');
    const openWarehouse = () => Promise.reject(fault);
    const [shop] = await read([sourceOf(null, { warehouse: async () => [FACT] })], {
      openWarehouse,
    });
    expect(shop?.faults).toEqual([fault]);
  });

  it.each(['postgres', 'redshift'] as const)(
    'is not counted where that would take long: its own estimate is told as one (%s)',
    async (dialect) => {
      await haveRun();
      const source = sourceOf(null, { warehouse: async () => [FACT, view] });
      const openWarehouse = warehouseOf(1e12, dialect);
      const [shop] = await read([source], { openWarehouse });
      expect(shop?.entries[0]?.facts).toMatchObject({ rows: 1000, isEstimate: true });
      expect(shop?.entries[1]?.facts).toMatchObject({ rows: null });
      expect(asked).toHaveLength(1);
      expect(asked[0]).toContain(dialect === 'redshift' ? 'svv_table_info' : 'pg_class');
    },
  );
});
