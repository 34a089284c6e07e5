import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import type { TableObject } from '../../services/core/dataset.ts';
import { sha256 } from '../../services/core/manifest.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { type Database, openDatabase } from '../../services/stages/serve/database.ts';
import type { ServePorts } from '../../services/stages/serve/localise.ts';
import { utf8 } from '../support/bytes.ts';
import { openOwnEngine } from '../support/pipeline.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

let folder: TempFolder;
let memory: ObjectStore;
let local: ObjectStore;
let opened: number;

beforeEach(async () => {
  folder = await tempFolder();
  opened = 0;
  const clock = manualClock(new Date('2026-11-21'));
  memory = memoryStore({ bucket: 'b', clock });
  local = filesystemStore({ folder: folder.path, bucket: 'b', clock });
});

afterEach(() => folder.remove());

function portsOn(store: ObjectStore): ServePorts {
  const { signal } = new AbortController();
  const openEngine: ServePorts['openEngine'] = async (folders) => {
    const engine = await openOwnEngine(folders);
    opened += 1;
    const close = async (): Promise<void> => {
      opened -= 1;
      await engine.close();
    };
    return { ...engine, close };
  };
  return { store, openEngine, log, signal, cache: `${folder.path}/cache` };
}

/** A Parquet object of one day's rows, stored under the key. */
async function addRows(store: ObjectStore, key: string, day: string): Promise<TableObject> {
  const engine = await openOwnEngine([folder.path]);
  const path = `${folder.path}/made.parquet`;
  await engine.run(
    `COPY (SELECT i AS n, DATE '${day}' AS day, 'x' AS more FROM range(3) t(i)) TO '${path}'`,
  );
  const read = await engine.query(`SELECT content FROM read_blob('${path}')`);
  expect(read.rows).toHaveLength(1);
  await engine.close();
  const { readFile } = await import('node:fs/promises');
  const bytes = new Uint8Array(await readFile(path));
  await store.put(key, bytes);
  return { key, sha256: sha256(bytes), rows: 3 };
}

function databaseOf(objects: readonly TableObject[], viewSql?: string): Database {
  return {
    name: 'a "b" db',
    datasets: [
      {
        name: 'facts',
        kind: 'table',
        description: '',
        columns: [
          { name: 'day', type: 'DATE', description: '' },
          { name: 'n', type: 'BIGINT', description: '' },
        ],
        location: 't/',
      },
      { name: 'latest', kind: 'view', description: '', columns: [] },
    ],
    macroSql:
      viewSql ?? 'CREATE VIEW latest AS FROM facts WHERE day = (SELECT max(day) FROM facts)',
    objects: async () => new Map([['facts', [...objects]]]),
    rowFilter: (_table, asOf) => `day <= DATE '${asOf}'`,
  };
}

describe.each(['memory', 'filesystem'] as const)('a database on the %s store', (kind) => {
  const store = (): ObjectStore => (kind === 'memory' ? memory : local);

  it('has its tables with the columns declared, in their order, and its views', async () => {
    const objects = [
      await addRows(store(), 't/one.parquet', '2017-07-31'),
      await addRows(store(), "t/it's two.parquet", '2018-07-31'),
    ];
    const engine = await openDatabase(portsOn(store()), databaseOf(objects));
    const facts = await engine.select('FROM facts ORDER BY day, n');
    expect(facts.columns).toEqual([
      { name: 'day', type: 'DATE' },
      { name: 'n', type: 'BIGINT' },
    ]);
    expect(facts.rows).toHaveLength(6);
    expect((await engine.select('SELECT DISTINCT day FROM latest')).rows).toEqual([['2018-07-31']]);
    expect((await engine.select('SELECT count(*) FROM "a ""b"" db".facts')).rows).toEqual([[6]]);
    await engine.close();
  });

  it('as of a day shows the rows that the filter lets through', async () => {
    const objects = [
      await addRows(store(), 't/one.parquet', '2017-07-31'),
      await addRows(store(), 't/two.parquet', '2018-07-31'),
    ];
    const engine = await openDatabase(portsOn(store()), databaseOf(objects), '2017-12-31');
    expect((await engine.select('SELECT count(*) FROM facts')).rows).toEqual([[3]]);
    await engine.close();
  });

  it('without objects has empty tables of the declared types', async () => {
    const engine = await openDatabase(portsOn(store()), databaseOf([]));
    expect(await engine.select('FROM facts')).toEqual({
      columns: [
        { name: 'day', type: 'DATE' },
        { name: 'n', type: 'BIGINT' },
      ],
      rows: [],
    });
    expect((await engine.select('FROM latest')).rows).toEqual([]);
    await engine.close();
  });

  it('answers queries that run beside each other', async () => {
    const objects = [await addRows(store(), 't/one.parquet', '2017-07-31')];
    const engine = await openDatabase(portsOn(store()), databaseOf(objects));
    const asked = Array.from({ length: 12 }, () => engine.select('SELECT count(*) FROM facts'));
    for (const { rows } of await Promise.all(asked)) expect(rows).toEqual([[3]]);
    await engine.close();
  });

  it('reaches nothing but its objects', async () => {
    const objects = [await addRows(store(), 't/one.parquet', '2017-07-31')];
    await store().put('secret/other.csv', utf8('a\n1\n'));
    const engine = await openDatabase(portsOn(store()), databaseOf(objects));
    const secret = (await store().localPath('secret/other.csv')) ?? '/etc/passwd';
    const reading = engine.select(`SELECT * FROM read_csv('${secret}')`);
    await expect(reading).rejects.toMatchObject({ kind: 'denied' });
    await engine.close();
  });

  it('that cannot be opened leaves no engine open', async () => {
    const broken = { key: 't/x.parquet', sha256: sha256('no parquet'), rows: 1 };
    await store().put(broken.key, utf8('no parquet'));
    await expect(openDatabase(portsOn(store()), databaseOf([broken]))).rejects.toThrow(/parquet/i);
    await expect(
      openDatabase(portsOn(store()), databaseOf([], 'CREATE VIEW x AS FROM nowhere')),
    ).rejects.toMatchObject({ kind: 'bug' });
    expect(opened).toBe(0);
  });
});
