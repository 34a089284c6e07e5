import { readdir } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { csvDatabase } from '../../../services/pipelines/csv-intake/database.ts';
import { faultPlan, faultStore } from '../../../services/layers/fault.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { openDatabase } from '../../../services/stages/serve/database.ts';
import { intake, type Intake } from '../../support/intake.ts';
import { openOwnEngine } from '../../support/pipeline.ts';
import { someOf } from '../../support/require-component.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

let folder: TempFolder;
let store: ObjectStore;
let bench: Intake;

beforeEach(async () => {
  folder = await tempFolder();
  store = filesystemStore({ folder: folder.path, bucket: 'argosy-csv-intake' });
  bench = intake(store);
});

afterEach(() => folder.remove());

async function ask(sql: string, over: ObjectStore = store): Promise<unknown[][]> {
  const { signal } = new AbortController();
  const ignore = (): void => undefined;
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const ports = {
    store: over,
    openEngine: openOwnEngine,
    log,
    signal,
    cache: `${folder.path}/cache`,
  };
  const database = await csvDatabase({
    store,
    records: objectRecords(store),
    signal,
    sql,
    environment: 'local',
  });
  const engine = await openDatabase(ports, database);
  try {
    return (await engine.select(sql)).rows;
  } finally {
    await engine.close();
  }
}

describe('the rows of a profiled file', () => {
  it('are a table of their types; blank and invalid cells are NULL', async () => {
    await bench.upload(
      'x.csv',
      'n,f,d,s\n1,1.5,31/12/2024,a\n-2,2e3,bad, \n+3,,01/02/2024,"b\n""c"""\n7,NaN,02/02/2024,d\n8,.5,03/02/2024,e\n9,1,04/02/2024,f\n10,2,05/02/2024,g\n11,3,06/02/2024,h\n12,4,07/02/2024,i\nx,5,08/02/2024,j\n',
    );
    await bench.run();
    const rows = await ask('SELECT n, f, d, s FROM csv_intake."x" LIMIT 4');
    expect(rows).toEqual(
      [
        ['1', 1.5, '2024-12-31', 'a'],
        ['-2', 2000, null, null],
        ['3', null, '2024-02-01', 'b\n"c"'],
        ['7', null, '2024-02-02', 'd'],
      ].map((row) => row.map((cell, at) => (at === 0 ? Number(cell) : cell))),
    );
    expect(await ask('SELECT count(n), count(*) FROM csv_intake."x.csv"')).toEqual([[9, 10]]);
  });

  it('keep whole numbers beyond 2^53 exact', async () => {
    await bench.upload('big.csv', 'a,b\n9007199254740993,12345678901234567890123\n1,2\n');
    await bench.run();
    expect(await ask('SELECT max(a)::VARCHAR, max(b)::VARCHAR FROM csv_intake.big')).toEqual([
      ['9007199254740993', '12345678901234567890123'],
    ]);
  });

  it('are read as the profile read them, whatever is wrong with the file', async () => {
    await bench.upload(
      'dirty.csv',
      Buffer.from('é;b\r\n1;2\r\n3\r\n4;5;6\r\n\r\n"7"x;8\r\n', 'latin1'),
    );
    await bench.upload('packed.csv.gz', gzipSync('a,b\n1,2\n'));
    await bench.upload('wide.csv', Buffer.from('\ufeffa,b\n1,ü\n', 'utf16le'));
    await bench.run();
    expect(await ask('SELECT * FROM csv_intake.dirty')).toEqual([
      [1, 2],
      [3, null],
      [4, 5],
      [null, 8],
    ]);
    expect(await ask('SELECT * FROM csv_intake."packed"')).toEqual([[1, 2]]);
    expect(await ask('SELECT * FROM csv_intake.wide')).toEqual([[1, 'ü']]);
  });

  it.each(
    someOf([
      ['in a folder and packed', 'large.csv.gz', false],
      ['in a folder', 'large.csv', false],
      ['of a store elsewhere, which is fetched once', 'large.csv', true],
      ['of a store elsewhere and packed', 'large.csv.gz', true],
    ] as const),
  )(
    'are the same by the engine, which reads large clean files: %s',
    async (_where, name, isRemote) => {
      const row = (at: number) =>
        `${at},${at % 9 === 0 ? ' ' : `${at}.25`},2024-01-${10 + (at % 20)},"a, ""b"""`;
      const rows = Array.from({ length: 260_000 }, (_, at) => row(at));
      const text = `\ufeffid,x,day,text\n${rows.join('\n')}\n`;
      await bench.upload(name, name.endsWith('.gz') ? gzipSync(text, { level: 1 }) : text);
      await bench.run();
      const plan = faultPlan();
      const over = isRemote ? { ...faultStore(store, plan), localPath: async () => null } : store;
      const isKept = isRemote || name.endsWith('.gz');
      const sql = `SELECT count(*), sum(id)::BIGINT, count(x), max(day)::VARCHAR, max(text) FROM csv_intake.large`;
      for (let time = 1; time <= 2; time += 1) {
        expect(await ask(sql, over)).toEqual([
          [260_000, 33_799_870_000, 260_000 - 28_889, '2024-01-29', 'a, "b"'],
        ]);
      }
      const kept = await readdir(`${folder.path}/cache/csv`).catch(() => []);
      expect(kept).toHaveLength(isKept ? 1 : 0);
      const opened = plan.calls.filter((call) => call.startsWith('open '));
      expect(opened).toHaveLength(isRemote ? 1 : 0);
    },
  );

  it('are refused when the object is another one by now, or gone', async () => {
    await bench.upload('x.csv', 'a,b\n1,2\n');
    await bench.run();
    await bench.upload('x.csv', 'a,b\n1,2\n3,4\n');
    await expect(ask('FROM csv_intake.x')).rejects.toMatchObject({ kind: 'conflict' });
    await store.delete('uploads/x.csv');
    await expect(ask('FROM csv_intake.x')).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('of a file whose name is SQL are a table of that name', async () => {
    await bench.upload('a"; DROP TABLE x; --.csv', 'a,a,A\n1,2,3\n');
    await bench.run();
    expect(await ask('SELECT * FROM csv_intake."a""; DROP TABLE x; --"')).toEqual([[1, 2, 3]]);
  });
});

describe('the table of files', () => {
  it('has every file with its status', async () => {
    await bench.upload('a.csv', 'a,b\n1,2\n');
    await bench.upload('b.csv', '');
    await bench.run();
    const sql = 'SELECT file_name, status, row_count, has_issues FROM csv_intake.files';
    expect(await ask(sql)).toEqual([
      ['a.csv', 'success', 1, false],
      ['b.csv', 'error', 0, true],
    ]);
  });
});
