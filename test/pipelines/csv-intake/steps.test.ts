import { describe, expect, it } from 'vitest';
import { PipelineError } from '../../../services/core/error.ts';
import { encodeEventKey } from '../../../services/core/key.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { intake } from '../../support/intake.ts';

const CSV = 'name,age\nAnn,30\nBob,x\nCid,\nDan,41\n';

describe('an uploaded CSV', () => {
  it('gets a summary and a record with the fields of requirements 5.5', async () => {
    const { upload, run, files, summary } = intake();
    await upload('people.csv', `${CSV}${'Eve,50\n'.repeat(6)}`);
    await run();
    const [record, ...others] = await files();
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      file_name: 'people.csv',
      upload_timestamp: '2026-11-21T12:00:00.000Z',
      processed_timestamp: '2026-11-21T12:00:00.000Z',
      status: 'success',
      row_count: 10,
      schema: { name: 'string', age: 'int' },
      statistics: { age: { min: 30, max: 50, avg: 46.375, count: 8 } },
      quality_issues: {
        total_rows: 10,
        has_issues: true,
        missing_values: { age: { count: 1, percentage: 10 } },
        invalid_values: {
          age: {
            count: 1,
            percentage: 10,
            expected_type: 'int',
            examples: [{ line: 3, value: 'x' }],
          },
        },
      },
      source_key: 'uploads/people.csv',
      summary_key: 'processed/people_summary.json',
    });
    expect(await summary('people')).toMatchObject({ ...record, dialect: { delimiter: ',' } });
  });

  it('that is no table gets a record of status error, and a summary of what was found', async () => {
    const { upload, run, files, summary } = intake();
    await upload('bad.csv', 'a,b\n1,2\n3,4\n"5,6\n');
    const results = await run();
    expect(results.flatMap(({ problems }) => problems)).toHaveLength(1);
    const message = 'CSV parsing failed: the quote that opens on line 4 is never closed';
    expect(await files()).toMatchObject([
      {
        status: 'error',
        row_count: 0,
        schema: {},
        statistics: {},
        error_message: message,
        quality_issues: { error: message },
      },
    ]);
    expect(await summary('bad')).toMatchObject({ status: 'error', row_count: 3, column_count: 2 });
  });

  it('that may not be read fails the run by its name, and its neighbours are recorded', async () => {
    const { upload, run, files, store } = intake();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await upload(`${name}.csv`, CSV);
    const open: ObjectStore['open'] = async (key, options) => {
      if (/[be]\.csv$/.test(key)) throw new PipelineError('denied', `${key} cannot be read`);
      return store.open(key, options);
    };
    await expect(run({}, { ...store, open })).rejects.toMatchObject({
      kind: 'denied',
      message: expect.stringMatching(/^uploads\/[be]\.csv cannot be read; and 1 more object/),
    });
    expect((await files()).map(({ file_name: name }) => name)).toEqual(
      ['a', 'c', 'd', 'f'].map((name) => `${name}.csv`),
    );
    await run();
    expect(await files()).toHaveLength(6);
  });

  it('never stops the others', async () => {
    const { upload, run, files } = intake();
    await upload('a.csv', '');
    await upload('b.csv', CSV);
    await upload('c.CSV', CSV);
    await run({ 'shard-size': '1' });
    expect((await files()).map(({ file_name: name, status }) => [name, status])).toEqual([
      ['a.csv', 'error'],
      ['b.csv', 'success'],
      ['c.CSV', 'success'],
    ]);
  });

  it('in a folder is known by its path, so that equal names stay apart', async () => {
    const { upload, run, files, summary } = intake();
    await upload('a/x.csv', 'n\n1\n');
    await upload('b/x.csv', 'n\n1\n2\n');
    await upload('x.csv.gz', 'n\n1\n2\n3\n');
    await upload('x.csv', 'n\n1\n2\n3\n4\n');
    await run();
    expect((await files()).map(({ file_name: name }) => name)).toEqual([
      'a/x.csv',
      'b/x.csv',
      'x.csv',
      'x.csv.gz',
    ]);
    const rows = ['a/x', 'b/x', 'x', 'x.csv.gz'].map(
      async (name) => (await summary(name)).row_count,
    );
    expect(await Promise.all(rows)).toEqual([1, 2, 4, 3]);
  });

  it('with another name is left alone', async () => {
    const { upload, run, files } = intake();
    await upload('notes.txt', CSV);
    await upload('', '');
    await run();
    expect(await files()).toEqual([]);
  });
});

describe('the checks', () => {
  it('count what is wrong in all files of a run, and tell 0 when nothing is', async () => {
    const { upload, run, checks } = intake();
    await upload('a.csv', `n,m\n${'1,2\n'.repeat(20)}x,2\n1\n1,2,3\n`);
    await upload('b.csv', 'n,m\n1\n2,2\n3,3\n');
    await upload('c.csv', '');
    await run({ 'shard-size': '1' });
    expect(checks()).toEqual({ 'csv-readable': 1, 'row-whole': 3, 'cell-valid': 1 });
    await upload('d.csv', 'n,m\n1,2\n');
    await run();
    expect(checks()).toEqual({ 'csv-readable': 0, 'row-whole': 0, 'cell-valid': 0 });
  });
});

describe('an object that is gone or changes', () => {
  it('between the plan and its reading is left out, and told', async () => {
    const { store, upload, run, files } = intake();
    await upload('a.csv', CSV);
    await upload('b.csv', CSV);
    const opened: string[] = [];
    const vanishing = {
      ...store,
      open: async (key: string) => {
        opened.push(key);
        if (key === 'uploads/a.csv') await store.delete(key);
        else await store.put(key, Buffer.from(`${CSV}Eve,1\n`));
        return store.open(key);
      },
    };
    const results = await run({}, vanishing);
    expect(opened.toSorted()).toEqual(['uploads/a.csv', 'uploads/b.csv']);
    expect(results.flatMap(({ problems }) => problems.map(({ message }) => message))).toEqual([
      'gone before it was read',
      'changed while it was read: the next run profiles it as it is then',
    ]);
    await run();
    expect((await files()).map(({ row_count: rows }) => rows)).toEqual([5]);
  });
});

describe('a second run', () => {
  it('changes no object', async () => {
    const { upload, run, digest, clock } = intake();
    await upload('a.csv', CSV);
    await upload('bad.csv', '');
    await run();
    const before = await digest();
    await clock.advance(60_000);
    const [plan, ...others] = await run();
    expect(others).toEqual([]);
    expect(plan?.counts).toMatchObject({ objectsSkipped: 2 });
    expect(await digest()).toEqual(before);
  });

  it('profiles a new version, and keeps the history', async () => {
    const { upload, run, files, versions, clock, summary } = intake();
    await upload('a.csv', CSV);
    await run();
    await clock.advance(60_000);
    await upload('a.csv', 'n,m\n1,2\n');
    await run();
    expect((await versions('a.csv')).map(({ row_count: rows }) => rows)).toEqual([1, 4]);
    expect((await files()).map(({ row_count: rows }) => rows)).toEqual([1]);
    expect((await summary('a')).row_count).toBe(1);
  });

  it('shows an old version again when its bytes come back', async () => {
    const { upload, run, files, versions, clock } = intake();
    for (const content of [CSV, 'n,m\n1,2\n', CSV]) {
      await upload('a.csv', content);
      await run();
      await clock.advance(60_000);
    }
    expect(await versions('a.csv')).toHaveLength(2);
    expect((await files()).map(({ row_count: rows }) => rows)).toEqual([4]);
  });

  it('profiles again when it is forced to', async () => {
    const { upload, run, files, clock } = intake();
    await upload('a.csv', CSV);
    await run();
    await clock.advance(60_000);
    await run({ force: 'true', key: 'uploads/a.csv' });
    expect((await files())[0]?.processed_timestamp).toBe('2026-11-21T12:01:00.000Z');
  });
});

describe('a run for one key', () => {
  it('profiles that object and no other', async () => {
    const { upload, run, files } = intake();
    await upload('a.csv', CSV);
    await upload('b.csv', CSV);
    await run({ key: 'uploads/b.csv' });
    expect((await files()).map(({ file_name: name }) => name)).toEqual(['b.csv']);
  });

  it('takes the key as a bucket notification spells it, and decodes it once', async () => {
    const { upload, run, files } = intake();
    await upload('a b+c é.csv', CSV);
    await upload('{{workflow.name}}%20.csv', CSV);
    await upload('a b c é.csv', CSV);
    await run({ 'event-key': 'uploads%2Fa+b%2Bc+%C3%A9.csv' });
    await run({ 'event-key': encodeEventKey('uploads/{{workflow.name}}%20.csv') });
    expect((await files()).map(({ file_name: name }) => name)).toEqual([
      'a b+c é.csv',
      '{{workflow.name}}%20.csv',
    ]);
  });

  it('takes a key as it is, even one that could be another one encoded', async () => {
    const { upload, run, files } = intake();
    await upload('a+b.csv', CSV);
    await upload('a b.csv', CSV);
    await run({ key: 'uploads/a+b.csv' });
    expect((await files()).map(({ file_name: name }) => name)).toEqual(['a+b.csv']);
  });

  it('of an event has nothing to do when the object is gone or is none of ours, and says so', async () => {
    const { run } = intake();
    const [gone] = await run({ 'event-key': 'uploads%2Fgone.csv' });
    expect(gone).toMatchObject({
      outputs: { pending: '0' },
      problems: [{ object: 'uploads/gone.csv', message: expect.stringContaining('gone') }],
    });
    const [other] = await run({ 'event-key': 'other%2Fx.csv' });
    expect(other?.problems).toMatchObject([{ object: 'other/x.csv' }]);
  });

  it.each([
    [{ 'event-key': 'uploads%2F..%2Fx.csv' }, 'input-invalid'],
    [{ 'event-key': 'uploads%2F%FF.csv' }, 'input-invalid'],
    [{ key: 'uploads/x.csv', 'event-key': 'uploads%2Fx.csv' }, 'config-invalid'],
  ])('%j is refused as %s', async (parameters: Record<string, string>, kind) => {
    await expect(intake().run(parameters)).rejects.toMatchObject({ kind });
  });

  it('skips what is not below uploads/, and says so', async () => {
    const { store, run, files } = intake();
    await store.put('processed/x.csv', Buffer.from(CSV));
    const [plan] = await run({ key: 'processed/x.csv' });
    expect(plan?.problems).toEqual([
      { object: 'processed/x.csv', message: 'skipped: it is not below uploads/' },
    ]);
    expect(await files()).toEqual([]);
  });

  it('fails for an object that is not there', async () => {
    const { run } = intake();
    await expect(run({ key: 'uploads/none.csv' })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it.each([
    ['type-threshold', '1.5'],
    ['small-misfits', '-1'],
    ['header-check', 'maybe'],
  ])('refuses %s=%s', async (name, value) => {
    const { upload, run } = intake();
    await upload('a.csv', CSV);
    await expect(run({ [name]: value })).rejects.toMatchObject({ kind: 'config-invalid' });
  });

  it('takes a file without header row when it is told to', async () => {
    const { upload, run, files } = intake();
    await upload('a.csv', '1,2\n3,4\n');
    await run({ 'header-check': 'false' });
    expect((await files())[0]?.status).toBe('success');
  });
});
