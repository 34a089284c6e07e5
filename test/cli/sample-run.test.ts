import { readdir, readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, type CliEnd } from '../support/cli.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';

/** Hash of every object outside the run records, by its path. */
async function objectsIn(folder: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || /_records\/(runs|steps)\//.test(path)) continue;
    found[path] = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  }
  return found;
}

describe('argosy run fama-french --sample', () => {
  let home: TempFolder;
  let first: CliEnd;
  let after: Record<string, string>;
  const argosy = (...argv: string[]) => cli(argv, { cwd: home.path });

  beforeAll(async () => {
    home = await tempFolder();
    first = await argosy('run', 'fama-french', '--sample');
    after = await objectsIn(join(home.path, '.argosy/sample/store'));
  });
  afterAll(() => home.remove());

  it('ends well and sums up what is published', () => {
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toContain('fama-french succeeded');
    expect(first.stdout).toContain('6 vintages, 60 Parquet objects, 83,184 rows');
    expect(first.stdout).toMatch(/value_weighted_return +6 +10,194 +2020-07-31/);
  });

  it('names every bad link and ZIP on stderr', () => {
    expect(first.stderr).toContain('4 problems that did not stop the run');
    for (const [name, reason] of [
      ['CSV_202407.zip', 'answered 404'],
      ['CSV_202307.zip', 'no CSV among 2 members'],
      ['CSV_202207.zip', 'the ZIP is empty'],
      ['CSV_202107.zip', 'not a ZIP, or cut off'],
    ]) {
      expect(first.stderr).toMatch(new RegExp(`${name}.*${reason}`));
    }
  });

  it('tells in the metrics of each step how often it called the store', async () => {
    const file = join(home.path, '.argosy/sample/metrics/fama-french.transform.prom');
    expect(await readFile(file, 'utf8')).toMatch(
      /^argosy_step_store_calls\{pipeline="fama-french",step="transform",method="putIfAbsent",outcome="ok"\} [1-9]/m,
    );
  });

  it('keeps the sample out of the store of real data', async () => {
    expect((await readdir(join(home.path, '.argosy'))).toSorted()).toEqual(['sample', 'scratch']);
    expect(await readdir(join(home.path, '.argosy/scratch'))).toEqual([]);
  });

  it('a second run says nothing new and changes no object', async () => {
    const second = await argosy('run', 'fama-french', '--sample');
    expect(second.exitCode).toBe(0);
    expect(second.stdout).toContain('nothing new');
    expect(await objectsIn(join(home.path, '.argosy/sample/store'))).toEqual(after);
  });

  it('a run without a fetch that finds nothing to do ends after extract', async () => {
    const run = ['run', 'fama-french', '--sample', '-p', 'fetch=false', '-p', 'trigger=event'];
    const metrics = join(home.path, '.argosy/sample/metrics/fama-french.prom');
    const told = await readFile(metrics, 'utf8');
    const { exitCode, stdout } = await argosy(...run);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('nothing new');
    expect(stdout).not.toContain('published');
    const { runs } = JSON.parse(
      (await argosy('status', 'fama-french', '--sample', '--json')).stdout,
    ) as {
      runs: { status: string; steps: { step: string }[] }[];
    };
    expect(runs[0]).toMatchObject({ status: 'success', steps: [{ step: 'extract' }] });
    expect(runs[0]?.steps).toHaveLength(1);
    expect(await readFile(metrics, 'utf8')).toBe(told);
  });

  it('query answers as a table, CSV and JSON', async () => {
    const sql = 'SELECT count(*) AS n, max(ingestion_date) AS day FROM current_data';
    const [table, csv, json] = await Promise.all([
      argosy('query', '--sample', sql),
      argosy('query', '--sample', '--csv', sql),
      argosy('query', '--sample', '--json', sql),
    ]);
    expect(table.stdout).toMatch(/14736 +2020-07-31/);
    expect(csv.stdout).toBe('n,day\r\n14736,2020-07-31\r\n');
    expect(JSON.parse(json.stdout)).toEqual([{ n: 14_736, day: '2020-07-31' }]);
  });

  it('query reads its statement from standard input with -', async () => {
    const { stdout } = await cli(['query', '--sample', '--csv', '-'], {
      cwd: home.path,
      stdin: 'SELECT 1 AS one',
    });
    expect(stdout).toBe('one\r\n1\r\n');
  });

  it('--as-of shows what was known on that day', async () => {
    const sql = 'SELECT DISTINCT ingestion_date FROM current_data';
    const { stdout } = await argosy('query', '--sample', '--csv', '--as-of', '2018-06-30', sql);
    expect(stdout).toBe('ingestion_date\r\n2018-01-31\r\n');
  });

  it.each([
    ["COPY raw_data TO 'x.csv'", 50],
    ["SELECT * FROM read_text('/etc/passwd')", 50],
    ['SELECT 1; SELECT 2', 50],
    ['SELECT nothing FROM nowhere', 20],
    ['', 51],
  ])('query refuses %j with exit code %i and one error', async (sql, exitCode) => {
    const end = await argosy('query', '--sample', sql);
    expect(end.exitCode).toBe(exitCode);
    expect(end.stderr.match(/^error: /gm)).toHaveLength(1);
    expect(end.stdout).toBe('');
  });

  it('status lists runs and vintages, tables lists columns, diff lists revisions', async () => {
    const status = JSON.parse((await argosy('status', 'fama-french', '--sample', '--json')).stdout);
    expect(status.runs.at(-1)).toMatchObject({ status: 'success', records_loaded: 83_184 });
    expect(status.vintages).toHaveLength(6);
    const tables = JSON.parse((await argosy('tables', '--sample', '--json')).stdout) as {
      database: string;
      name: string;
    }[];
    const own = tables.filter(({ database }) => database === 'dartmouth_db');
    expect(own.map(({ name }) => name)).toEqual([
      'raw_data',
      'data_ingestion_map',
      'pit_data',
      'current_data',
      'current_data_by_metric',
    ]);
    const diff = await argosy('diff', '--sample', 'fama-french', '2017-07', 'february20');
    expect(diff.stdout).toContain('from 2017-07-31 to 2020-02-29');
    expect(diff.stdout).toMatch(/num_firms +revised/);
  });

  it('wrong words end in one clear error that names the right ones', async () => {
    for (const [argv, text] of [
      [['run', 'fama-french', '-p', 'archiveurl=x'], 'did you mean archive-url'],
      [['run', 'fama-frensh'], 'workflows/fama-frensh.yaml cannot be read'],
      [['run'], 'nothing to run'],
      [['query', '--as-of', '2018-13-01', 'SELECT 1'], 'is not a day'],
      [['diff', 'fama-french', 'x', 'y', '--sample'], 'is not a vintage'],
      [['status', 'fama-frensh'], 'did you mean fama-french'],
      [['status', 'fama-french', '--limit', '0'], '--limit 0 is less than 1'],
      [['frobnicate'], "unknown command 'frobnicate'"],
    ] as const) {
      const end = await argosy(...argv);
      expect([argv, end.exitCode]).toEqual([argv, 51]);
      expect(end.stderr).toContain(text);
    }
  });
});

describe('a run that is interrupted', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it with %i, and the next run completes it', async (signal, exitCode) => {
    await using home = await tempFolder();
    const stopped = await cli(['run', 'fama-french', '--sample'], {
      cwd: home.path,
      interrupt: { signal, when: 'extract(0) succeeded' },
    });
    expect(stopped.exitCode).toBe(exitCode);
    expect(stopped.stderr).toContain('stopped: what was committed stays');
    expect(await readdir(join(home.path, '.argosy/scratch'))).toEqual([]);
    const next = await cli(['run', 'fama-french', '--sample'], { cwd: home.path });
    expect(next.stdout).toContain('6 vintages, 60 Parquet objects, 83,184 rows');
  });

  it('its record holds the step that was stopped, as interrupted', async () => {
    await using home = await tempFolder();
    const stopped = await cli(['run', 'fama-french', '--sample'], {
      cwd: home.path,
      interrupt: { signal: 'SIGINT', when: 'transform(' },
    });
    expect(stopped.exitCode).toBe(130);
    const status = await cli(['status', 'fama-french', '--sample', '--json'], { cwd: home.path });
    const [record] = JSON.parse(status.stdout).runs;
    expect(record).toMatchObject({ status: 'failed', error_class: 'interrupted' });
    expect(record.steps.at(-1)).toMatchObject({
      step: 'transform',
      status: 'failed',
      error_class: 'interrupted',
      error_message: expect.stringContaining('stopped before the end'),
    });
  });
});
