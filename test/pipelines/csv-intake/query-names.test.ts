import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { type IntakeSql, intakeSql } from '../../support/intake-sql.ts';

/** Uploads files whose only row holds their own name. */
async function uploadNamed({ upload }: IntakeSql, ...names: string[]): Promise<void> {
  for (const name of names) await upload(name, `file,n\n${name},1\n`);
}

describe('a file that is gone or has changed', () => {
  let bench: IntakeSql;

  beforeAll(async () => {
    bench = await intakeSql();
    await uploadNamed(bench, 'c.csv', 's.csv', 'orders.csv');
    await bench.run();
    await bench.store.delete('uploads/c.csv');
    await bench.upload('s.csv', 'file,n\ns.csv,1\nmore,2\n');
  });

  afterAll(() => bench.remove());

  it.each([
    'SELECT count(*) FROM csv_intake.orders',
    `SELECT count(*) FROM csv_intake.orders WHERE file <> 'c.csv' AND file <> 's'`,
    'SELECT count(c.n) FROM csv_intake.orders AS c',
    'SELECT count(*) FROM csv_intake."orders.csv" -- not "c.csv"',
    'WITH s AS (FROM csv_intake.orders) SELECT count(*) FROM s',
    'SELECT count(*) FROM csv_intake.orders JOIN csv_intake."orders.csv" USING (file)',
  ])('is not asked for by %s', async (sql) => {
    expect(await bench.ask(sql)).toEqual([[1]]);
  });

  it.each([
    'FROM csv_intake.c',
    'FROM csv_intake."C.csv"',
    'SELECT * FROM csv_intake.orders WHERE n IN (SELECT n FROM csv_intake.c)',
    'DESCRIBE csv_intake.c',
    'UNPIVOT csv_intake.c ON n',
    `FROM query_table(['csv_intake.c'])`,
  ])('fails %s, which says what to do', async (sql) => {
    await expect(bench.ask(sql)).rejects.toMatchObject({
      kind: 'not-found',
      message: expect.stringContaining('uploads/c.csv: was profiled, and is gone'),
      hint: expect.stringContaining('upload it again'),
    });
  });

  it('is told of in the table of files, which fails for none', async () => {
    const sql = 'SELECT file_name, is_gone FROM csv_intake.files ORDER BY 1';
    expect(await bench.ask(sql)).toEqual([
      ['c.csv', true],
      ['orders.csv', false],
      ['s.csv', false],
    ]);
  });
});

it('a file that was gone or has changed is read again once a run has profiled it', async () => {
  const bench = await intakeSql();
  try {
    await uploadNamed(bench, 'c.csv', 's.csv');
    await bench.run();
    await bench.store.delete('uploads/c.csv');
    await bench.upload('s.csv', 'n\n1\n2\n');
    await expect(bench.ask('FROM csv_intake.s')).rejects.toMatchObject({ kind: 'conflict' });
    await uploadNamed(bench, 'c.csv');
    await bench.run();
    const sql = 'SELECT (SELECT file FROM csv_intake.c), (SELECT count(*) FROM csv_intake.s)';
    expect(await bench.ask(sql)).toEqual([['c.csv', 2]]);
  } finally {
    await bench.remove();
  }
});

it('a file of which an old version is back is read by the record of that one', async () => {
  const clock = manualClock(new Date('2026-11-21T12:00:00Z'));
  const kept = await intakeSql(memoryStore({ bucket: 'argosy-csv-intake', clock }));
  try {
    for (const rows of ['1\n', '1\n2\n', '1\n']) {
      await clock.advance(60_000);
      await kept.upload('x.csv', `n\n${rows}`);
      await kept.run();
    }
    expect(await kept.ask('SELECT count(*) FROM csv_intake.x')).toEqual([[1]]);
  } finally {
    await kept.remove();
  }
});

describe('a name in SQL', () => {
  let bench: IntakeSql;

  beforeEach(async () => {
    bench = await intakeSql();
  });

  afterEach(() => bench.remove());

  it('that is nothing but an ending hinders no other', async () => {
    await uploadNamed(bench, '.csv', 'a.csv');
    await bench.run();
    expect(await bench.ask('SELECT file FROM csv_intake.a')).toEqual([['a.csv']]);
    expect(await bench.ask('SELECT file FROM csv_intake.".csv"')).toEqual([['.csv']]);
    expect((await bench.tables()).map(({ name }) => name)).toEqual(['files', '.csv', 'a']);
  });

  it('gets the rows of the one file that it means', async () => {
    await uploadNamed(bench, 'UP.CSV', 'up.csv', 'x.csv', 'x.csv.csv', 'files.csv', 'a.csv');
    await bench.upload('a.csv.gz', gzipSync('file,n\na.csv.gz,1\n'));
    await bench.run();
    const meant = [
      ['"UP.CSV"', 'UP.CSV'],
      ['"up.csv"', 'up.csv'],
      ['UP', 'UP.CSV'],
      ['up', 'up.csv'],
      ['"x.csv"', 'x.csv'],
      ['"x.csv.csv"', 'x.csv.csv'],
      ['"X.csv"', 'x.csv'],
      ['"files.csv"', 'files.csv'],
      ['"a.csv"', 'a.csv'],
      ['"a.csv.gz"', 'a.csv.gz'],
    ];
    for (const [name, file] of meant) {
      const rows = await bench.ask(`SELECT file FROM csv_intake.${name}`);
      expect([name, rows]).toEqual([name, [[file]]]);
    }
  });

  it('that could be two files names both, and how to reach each', async () => {
    await uploadNamed(bench, 'UP.CSV', 'up.csv', 'a.csv');
    await bench.upload('a.csv.gz', gzipSync('file,n\na.csv.gz,1\n'));
    await bench.run();
    await expect(bench.ask('FROM csv_intake."Up.csv"')).rejects.toMatchObject({
      kind: 'input-invalid',
      message: 'csv_intake."Up.csv" could be UP.CSV or up.csv',
      hint: 'give csv_intake."UP.CSV" or csv_intake."up.csv"',
    });
    await expect(bench.ask('FROM csv_intake.a')).rejects.toMatchObject({
      kind: 'input-invalid',
      message: 'csv_intake."a" could be a.csv or a.csv.gz',
    });
  });

  it('has another form for two files that are the same to SQL', async () => {
    await uploadNamed(bench, 'UP.CSV', 'up.csv');
    await bench.run();
    const sql = (one: string, two: string) =>
      `SELECT a.file, b.file FROM csv_intake.${one} a, csv_intake.${two} b`;
    const failure: unknown = await bench.ask(sql('"UP.CSV"', '"up.csv"')).catch((error) => error);
    expect(failure).toMatchObject({
      kind: 'input-invalid',
      message: 'to SQL, the names of UP.CSV and up.csv are the same',
    });
    const { hint } = failure as { hint: string };
    const [one = '', two = ''] = hint.match(/"[^"]+"/g) ?? [];
    expect(await bench.ask(sql(one, two))).toEqual([['UP.CSV', 'up.csv']]);
  });

  it('stays that of a file that is no table: the error of the file, not the rows of another', async () => {
    await uploadNamed(bench, 'x.csv.csv');
    await bench.upload('y.csv.gz', gzipSync('file,n\ny.csv.gz,1\n'));
    await bench.upload('x.csv', '');
    await bench.upload('y.csv', '');
    await bench.run();
    await expect(bench.ask('FROM csv_intake."x.csv"')).rejects.toMatchObject({
      kind: 'input-invalid',
      message: expect.stringMatching(/^x\.csv could not be read as a table: \w+/),
      hint: "see argosy files show 'x.csv'",
    });
    await expect(bench.ask('FROM csv_intake.y')).rejects.toMatchObject({ kind: 'input-invalid' });
    expect(await bench.ask('SELECT file FROM csv_intake."y.csv.gz"')).toEqual([['y.csv.gz']]);
  });

  it('of a file without a record says so', async () => {
    await expect(bench.ask('FROM csv_intake."new.csv"')).rejects.toMatchObject({
      kind: 'not-found',
      hint: expect.stringContaining('argosy run csv-intake'),
    });
  });
});

describe('the list of tables', () => {
  let bench: IntakeSql;

  beforeEach(async () => {
    bench = await intakeSql();
  });

  afterEach(() => bench.remove());

  it('tells rows, columns and the newest day without reading a file', async () => {
    await bench.upload(
      'days.csv',
      'day,n,N\n2024-01-31,1,2\n2024-02-29,2,3\n2024-02-02,,\nx,3,4\n',
    );
    await uploadNamed(bench, 'gone.csv');
    await bench.run();
    await bench.store.delete('uploads/gone.csv');
    const opened: string[] = [];
    const tables = await bench.tables((key) => void opened.push(key));
    expect(tables).toMatchObject([
      {
        name: 'files',
        columns: expect.arrayContaining(['file_name', 'is_gone']),
        known: { rows: 2, sizeBytes: expect.any(Number), objects: 2 },
      },
      { name: 'days', columns: ['day', 'n', 'N_2'], known: { rows: 4, newest: '2024-02-29' } },
    ]);
    expect(opened).toEqual([]);
  });
});
