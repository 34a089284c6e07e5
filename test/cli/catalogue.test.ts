import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, type CliEnd } from '../support/cli.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

let home: TempFolder;
const argosy = (...argv: string[]): Promise<CliEnd> => cli(argv, { cwd: home.path });

beforeAll(async () => {
  home = await tempFolder();
  await argosy('run', 'fama-french', '--sample');
}, 60_000);

afterAll(() => home.remove());

/** Every file of the sample's store, with how long it is. */
function storeFiles(): string[] {
  const store = join(home.path, '.argosy/sample/store');
  return readdirSync(store, { recursive: true }).map(String).toSorted();
}

describe('argosy tables', () => {
  it('tells each dataset on a line of 80 columns at most, and what has not run yet', async () => {
    const before = storeFiles();
    const { stdout, stderr, exitCode } = await argosy('tables', '--sample');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^fama-french: last run success /);
    expect(stdout).toMatch(/^raw_data +table +83,184 +\d+ kB +6 +2020-07-31 /m);
    expect(stdout).toMatch(/^current_data +view +14,736 +- +- +2020-07-31 /m);
    expect(stdout).toMatch(/^finance: has not run yet: .*argosy run finance --sample$/m);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(storeFiles()).toEqual(before);
  });

  it('makes no warehouse to look into', async () => {
    await argosy('tables', '--sample');
    expect(existsSync(join(home.path, '.argosy/sample/warehouse'))).toBe(false);
  });

  it('tells one dataset in full: columns, newest partitions, runs', async () => {
    const { stdout } = await argosy('tables', 'raw_data', '--sample');
    expect(stdout).toMatch(/^dartmouth_db\.raw_data: Every row of every vintage$/m);
    expect(stdout).toMatch(/^location +transformed_data\/$/m);
    expect(stdout).toMatch(/^ingestion_date +DATE /m);
    expect(stdout).toMatch(/^ingestion_date=2020-07-31 +14,736 +\d+ kB +10$/m);
    expect(stdout).toMatch(/^fama-french-\S+ +success +\S+ +83,184 /m);
  });

  it('prints fields under names that stay', async () => {
    const { stdout } = await argosy('tables', 'dartmouth_db.raw_data', '--sample', '--json');
    const [one, ...others] = JSON.parse(stdout) as Record<string, unknown>[];
    expect(others).toEqual([]);
    expect(one).toMatchObject({
      pipeline: 'fama-french',
      database: 'dartmouth_db',
      name: 'raw_data',
      kind: 'table',
      place: 'store',
      rows: 83_184,
      isEstimate: false,
      objects: 60,
      newest: '2020-07-31',
      location: 'transformed_data/',
      lastRun: { status: 'success' },
      partitions: expect.arrayContaining([
        {
          partition: 'ingestion_date=2020-07-31',
          rows: 14_736,
          sizeBytes: expect.any(Number),
          objects: 10,
        },
      ]),
      columns: expect.arrayContaining([expect.objectContaining({ name: 'value', type: 'DOUBLE' })]),
    });
  });

  it.each([
    [['raw_dat'], 'there is no dataset "raw_dat"', 'did you mean raw_data?'],
    [['transactions'], '4 datasets are called "transactions"', 'finance/finance.transactions'],
    [['--pipeline', 'finanse'], 'pipeline "finanse" is not known', 'did you mean finance?'],
  ])('refuses %j with one error that says what to do', async (argv, message, hint) => {
    const end = await argosy('tables', '--sample', ...argv);
    expect(end).toMatchObject({ exitCode: 51, stdout: '' });
    expect(end.stderr).toContain(`error: ${message}`);
    expect(end.stderr).toContain(hint);
  });

  it('tells what it could not read of one pipeline, shows the others, and ends with its exit code', async () => {
    const map = join(home.path, '.argosy/sample/store/argosy-fama-french/ingestion_map');
    const [name = ''] = readdirSync(map);
    const bytes = await readFile(join(map, name));
    await writeFile(join(map, name), 'no parquet');
    try {
      const end = await argosy('tables', '--sample');
      expect(end.exitCode).not.toBe(0);
      expect(end.stderr).toMatch(/catalogue\.fault .*fama-french/);
      expect(end.stdout).toContain('finance: has not run yet');
    } finally {
      await writeFile(join(map, name), bytes);
    }
  });
});

describe('argosy docs', () => {
  it('writes the site into a folder, again over itself, and prints the address of its first page', async () => {
    const before = storeFiles();
    const index = pathToFileURL(join(home.path, 'site/index.html')).href;
    for (let time = 0; time < 2; time += 1) {
      const { stdout, exitCode } = await argosy('docs', '--sample', '--out', 'site');
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(new RegExp(String.raw`^${index}: \d+ files, [\d.]+ \wB\n$`));
    }
    const pages = readdirSync(join(home.path, 'site'), { recursive: true }).map(String);
    expect(pages).toEqual(
      expect.arrayContaining([
        'index.html',
        'search-index.js',
        'site.json',
        'pipelines/commerce.html',
        'datasets/fama-french.dartmouth_db.raw_data.html',
      ]),
    );
    expect(pages).not.toContain('.tmp');
    const page = await readFile(join(home.path, 'site/pipelines/fama-french.html'), 'utf8');
    expect(page).toContain('<code>0 6 * * *</code>');
    expect(storeFiles()).toEqual(before);
  });

  it('writes it into a bucket', async () => {
    const end = await argosy('docs', '--sample', '--to-bucket', 'csv-intake/docs', '--json');
    expect(JSON.parse(end.stdout)).toMatchObject({
      index: expect.stringMatching(/^file:.*\/argosy-csv-intake\/docs\/index\.html$/),
      removed: 0,
    });
    expect(storeFiles()).toContain('argosy-csv-intake/docs/index.html');
  });

  it('touches no folder that holds something else', async () => {
    await mkdir(join(home.path, 'mine'));
    await writeFile(join(home.path, 'mine/notes.txt'), 'mine');
    const end = await argosy('docs', '--sample', '--out', 'mine');
    expect(end).toMatchObject({ exitCode: 51, stdout: '' });
    expect(end.stderr).toContain('is not empty and holds no site: notes.txt');
    expect(readdirSync(join(home.path, 'mine'))).toEqual(['notes.txt']);
  });

  it.each([
    [['--to-bucket', 'commerce'], 'names no prefix'],
    [['--to-bucket', 'comerce/docs'], 'did you mean commerce?'],
    [['--to-bucket', 'commerce/../x'], 'is refused'],
    [['--to-bucket', 'commerce/_commits/site'], "_commits/ is the pipeline's own"],
    [['--to-bucket', 'commerce/_records/x'], "_records/ is the pipeline's own"],
    [['--to-bucket', 'commerce/raw'], "raw/ is the pipeline's own"],
    [['--to-bucket', 'csv-intake/uploads/docs'], "uploads/ is the pipeline's own"],
    [['--to-bucket', 'fama-french/raw_data/docs'], "raw_data/ is the pipeline's own"],
    [['--to-bucket', 'market-data/raw'], "raw/stock_data/ is the pipeline's own"],
    [['--out', 'a', '--to-bucket', 'commerce/docs'], 'one place at a time'],
  ])('refuses %j', async (argv, message) => {
    const end = await argosy('docs', '--sample', ...argv);
    expect(end.exitCode).toBe(51);
    expect(end.stderr).toContain(message);
  });
});
