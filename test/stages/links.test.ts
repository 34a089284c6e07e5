import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import type { Dataset, TableObject } from '../../services/core/dataset.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { writeLinks, type WrittenLinks } from '../../services/stages/serve/links/write.ts';
import { openOwnEngine } from '../support/pipeline.ts';

const SALES: Dataset = {
  name: 'sales',
  kind: 'table',
  description: '',
  columns: [],
  location: 'curated/sales/',
  partitionBy: ['year', 'month', 'day', 'hour'],
};
const GOODS: Dataset = { ...SALES, name: 'goods', partitionBy: [], location: 'curated/goods/' };
const MAP: Dataset = { ...GOODS, name: 'map', isFolder: true };

const DAY = (year: number, day: number, hour: number, name: string) =>
  `curated/sales/year=${year}/month=1/day=${day}/hour=${hour}/${name}.parquet`;
const LIST = (year: number, day: number) =>
  `_catalog/symlink/shop/sales/year=${year}/month=1/day=${day}/manifest`;

let store: ObjectStore;

beforeEach(() => {
  store = memoryStore({ bucket: 'b', clock: manualClock(new Date('2026-11-21')) });
});

function publish(
  sales: readonly string[],
  goods: readonly string[] = [],
  through = store,
): Promise<WrittenLinks> {
  const objectsOf = (keys: readonly string[]): TableObject[] =>
    keys.map((key) => ({ key, sha256: '', rows: 1 }));
  const { signal } = new AbortController();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return writeLinks(
    { store: through, openEngine: openOwnEngine, log, signal, cache: '' },
    {
      name: 'shop',
      datasets: [SALES, GOODS, MAP],
      objects: async () =>
        new Map([
          ['sales', objectsOf(sales)],
          ['goods', objectsOf(goods)],
          ['map', objectsOf(['map/map.parquet'])],
        ]),
    },
  );
}

async function lists(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { key } of store.list('_catalog/symlink/shop/'))
    found[key] = Buffer.from((await store.get(key)) ?? []).toString();
  return found;
}

describe('the lists that other engines read tables through', () => {
  it('are one for a table, or one a day, and name every object by its address', async () => {
    const done = await publish(
      [DAY(2025, 1, 9, 'b'), DAY(2025, 1, 8, 'a'), DAY(2026, 2, 0, 'c')],
      ['curated/goods/g.parquet'],
    );
    expect(done).toMatchObject({ written: 3, removed: 0 });
    expect(done.years).toEqual(new Map([['sales', { first: 2025, last: 2027 }]]));
    expect(await lists()).toEqual({
      [LIST(2025, 1)]: `mem://b/${DAY(2025, 1, 8, 'a')}\nmem://b/${DAY(2025, 1, 9, 'b')}\n`,
      [LIST(2026, 2)]: `mem://b/${DAY(2026, 2, 0, 'c')}\n`,
      '_catalog/symlink/shop/goods/manifest': 'mem://b/curated/goods/g.parquet\n',
    });
  });

  it('that are as they were are not written again', async () => {
    await publish([DAY(2025, 1, 9, 'b'), DAY(2025, 2, 8, 'a')]);
    expect(await publish([DAY(2025, 1, 9, 'b'), DAY(2025, 2, 8, 'a')])).toMatchObject({
      written: 0,
    });
    expect(await publish([DAY(2025, 1, 9, 'new'), DAY(2025, 2, 8, 'a')])).toMatchObject({
      written: 1,
    });
    expect((await lists())[LIST(2025, 1)]).toBe(`mem://b/${DAY(2025, 1, 9, 'new')}\n`);
  });

  it('of days that are gone are removed, whether or not it is known that they are there', async () => {
    await publish([DAY(2025, 1, 9, 'a'), DAY(2025, 2, 9, 'a')]);
    expect(await publish([DAY(2025, 2, 9, 'a')])).toMatchObject({ written: 0, removed: 1 });
    await store.put(LIST(2025, 7), Buffer.from('stray\n'));
    await store.delete('_catalog/symlink/_written/shop/sales.json');
    expect(await publish([DAY(2025, 2, 9, 'a')])).toMatchObject({ removed: 1 });
    expect(Object.keys(await lists())).toEqual([LIST(2025, 2)]);
  });

  it('are right after the next call, at whichever write a call before it was killed', async () => {
    const before = [DAY(2025, 1, 9, 'a'), DAY(2025, 2, 9, 'a')];
    const after = [DAY(2025, 1, 9, 'b'), DAY(2025, 3, 9, 'a')];
    await publish(before);
    const wanted = await lists();
    for (let calls = 0; calls < 8; calls += 1) {
      await publish(after, [], dyingAfter(calls)).catch(() => undefined);
      // What was to be published is taken back.
      await publish(before);
      expect(await lists()).toEqual(wanted);
    }
  });
});

/** The store of a process that is killed after so many writes. */
function dyingAfter(calls: number): ObjectStore {
  let left = calls;
  const dies = (): void => {
    left -= 1;
    if (left < 0) throw new Error('killed');
  };
  return {
    ...store,
    put: async (...all) => {
      dies();
      return store.put(...all);
    },
    delete: async (...all) => {
      dies();
      return store.delete(...all);
    },
  };
}
