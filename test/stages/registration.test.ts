import { beforeEach, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import type { Dataset, TableObject } from '../../services/core/dataset.ts';
import { PipelineError } from '../../services/core/error.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { StepPorts } from '../../services/ports/step.ts';
import type { Database } from '../../services/stages/serve/database.ts';
import {
  readRegistration,
  registerDatabase,
  registerPublished,
  type RegistrationPorts,
} from '../../services/stages/serve/registration.ts';

const DATASETS: readonly Dataset[] = [
  {
    name: 'sales',
    kind: 'table',
    description: 'Every sale',
    columns: [{ name: 'id', type: 'INTEGER', description: 'its number' }],
    location: 'sales/',
  },
  { name: 'all', kind: 'view', description: '', columns: [], sql: 'SELECT id FROM sales' },
];

let clock: ManualClock;
let store: ObjectStore;
let defined: string[];
let ports: RegistrationPorts;
let parts: TableObject[];

const database: Database = {
  name: 'shop',
  datasets: DATASETS,
  publishedUnder: () => '_commits/',
  objects: async () => new Map([['sales', parts]]),
};

async function publish(version: number): Promise<void> {
  parts = [{ key: `sales/${version}.parquet`, sha256: 'x', rows: 1, sizeBytes: 1 }];
  await store.put(`_commits/${version}.json`, Buffer.from(String(version)));
}

const registered = () => readRegistration(store, { database: 'shop', catalog: 'athena' });

async function textOf(key: string): Promise<string> {
  return Buffer.from((await store.get(key)) ?? []).toString('utf8');
}

beforeEach(() => {
  clock = manualClock(new Date('2026-01-31T00:00:00Z'));
  store = memoryStore({ bucket: 'shop', clock });
  defined = [];
  ports = {
    store,
    clock,
    catalog: { name: 'athena', define: async (statement) => void defined.push(statement) },
    openEngine: () => Promise.reject(new Error('no engine is needed')),
    log: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
    signal: new AbortController().signal,
    cache: '/nowhere',
  };
});

it('nothing is registered before the first publish', async () => {
  expect(await registerDatabase(ports, database)).toBeNull();
  expect(defined).toEqual([]);
});

it('a database is defined once; a publish after that writes its lists alone', async () => {
  await publish(1);
  expect(await registerDatabase(ports, database)).toEqual({
    database: 'shop',
    isNew: true,
    links: 1,
    statements: 3,
  });
  expect(defined.map((one) => one.split(' ', 3).join(' '))).toEqual([
    'CREATE DATABASE IF',
    'CREATE EXTERNAL TABLE',
    'CREATE OR REPLACE',
  ]);
  const first = await registered();

  await clock.advance(1_000);
  expect(await registerDatabase(ports, database)).toMatchObject({ isNew: false, statements: 0 });
  expect(await registered()).toEqual(first);

  await publish(2);
  expect(await registerDatabase(ports, database)).toMatchObject({
    isNew: true,
    links: 1,
    statements: 0,
  });
  expect(await textOf('_catalog/symlink/shop/sales/manifest')).toBe('mem://shop/sales/2.parquet\n');
  expect((await registered())?.version).not.toBe(first?.version);
  expect((await registered())?.changed_at).toBe('2026-01-31T00:00:01.000Z');
  expect(defined).toHaveLength(3);
});

it('a table whose definition has changed is dropped and defined again, and no other', async () => {
  await publish(1);
  const other: Dataset = { ...DATASETS[0]!, name: 'goods' };
  const two = { ...database, datasets: [...DATASETS, other] };
  await registerDatabase(ports, two);
  const [sales, ...rest] = DATASETS;
  const more = { name: 'amount', type: 'INTEGER', description: '' } as const;
  const wider = { ...sales!, columns: [...sales!.columns, more] };
  defined.length = 0;
  await registerDatabase(ports, { ...two, datasets: [wider, ...rest, other] });
  expect(defined[0]).toBe('DROP TABLE IF EXISTS `shop`.`sales`');
  expect(defined.filter((one) => one.startsWith('DROP'))).toHaveLength(1);
  expect(defined.join()).toContain('`amount` int');
  defined.length = 0;
  await registerDatabase(ports, { ...two, datasets: [wider, ...rest, other] }, { isForced: true });
  expect(defined.filter((one) => one.startsWith('DROP'))).toEqual([]);
});

it('what is published while it is registered is registered too', async () => {
  await publish(1);
  let objects = 0;
  const published: Database = {
    ...database,
    objects: async (...asked) => {
      const seen = await database.objects(...asked);
      objects += 1;
      if (objects === 1) await publish(2);
      return seen;
    },
  };
  expect(await registerDatabase(ports, published)).toMatchObject({ links: 2, statements: 3 });
  expect(await textOf('_catalog/symlink/shop/sales/manifest')).toBe('mem://shop/sales/2.parquet\n');
  expect(objects).toBe(2);
});

it('all of it is defined again where that is forced, and nothing counts as changed', async () => {
  await publish(1);
  await registerDatabase(ports, database);
  const before = await registered();
  await clock.advance(1_000);
  const again = await registerDatabase(ports, database, { isForced: true });
  expect(again).toMatchObject({ isNew: false, statements: 3 });
  expect(defined).toHaveLength(6);
  expect(await registered()).toEqual(before);
});

it('what failed halfway is not registered, and done again by the next', async () => {
  await publish(1);
  const failing = {
    ...ports.catalog,
    define: async (statement: string) => {
      if (statement.includes('VIEW')) throw new PipelineError('throttled', 'later');
      defined.push(statement);
    },
  };
  await expect(registerDatabase({ ...ports, catalog: failing }, database)).rejects.toThrow('later');
  expect(await registered()).toBeNull();
  await registerDatabase(ports, database);
  expect(defined).toHaveLength(5);
  expect(await registered()).not.toBeNull();
});

it('a damaged record counts as none', async () => {
  await publish(1);
  await registerDatabase(ports, database);
  await store.put('_catalog/registered/athena/shop.json', Buffer.from('{"version":'));
  expect(await registered()).toBeNull();
  expect(await registerDatabase(ports, database)).toMatchObject({ statements: 3 });
});

it('a step registers nothing where its engine needs no telling', async () => {
  await publish(1);
  const { catalog, ...others } = ports;
  // A step has more ports, none of which is touched here.
  const step = { ...others, scratch: '/nowhere' } as unknown as StepPorts;
  await registerPublished(step, database);
  expect(defined).toEqual([]);
  await registerPublished({ ...step, catalog: async () => catalog }, database);
  expect(defined).toHaveLength(3);
});
