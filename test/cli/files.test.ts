import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../support/cli.ts';
import { type TempFolder, tempFolder } from '../support/temp-folder.ts';

let folder: TempFolder;

beforeAll(async () => {
  folder = await tempFolder();
});

afterAll(() => folder.remove());

const argosy = (...argv: string[]) => cli(argv, { cwd: folder.path });

describe('argosy run csv-intake --sample', () => {
  it('profiles every file, and the second run finds nothing new', async () => {
    const first = await argosy('run', 'csv-intake', '--sample');
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toMatch(/profiled +6 files, 2,609 rows/);
    expect(first.stdout).toMatch(/errors +1\n/);
    const second = await argosy('run', 'csv-intake', '--sample');
    expect(second.stdout).toMatch(/profiled +nothing new/);
  });

  it('argosy files lists them, filtered by status and date', async () => {
    const names = async (...flags: string[]) => {
      const { stdout } = await argosy('files', '--sample', '--json', ...flags);
      return (JSON.parse(stdout) as { file_name: string }[]).map(({ file_name: name }) => name);
    };
    expect(await names()).toHaveLength(6);
    expect(await names('--status', 'error')).toEqual(['broken.csv']);
    expect(await names('--since', '1h')).toHaveLength(6);
    expect(await names('--since', '2999-01-01')).toEqual([]);
  });

  it('argosy files show prints columns, blanks, invalid cells with lines, and histograms', async () => {
    const { stdout } = await argosy('files', '--sample', 'show', 'employees.csv');
    expect(stdout).toMatch(/age +int +- +1 \(10 %\) +27 +37\.1111 +51 +[▁▂▃▄▅▆▇█ ]+\n/);
    expect(stdout).toMatch(/salary +float +1 \(10 %\)/);
    expect(stdout).toContain('age: 1 not int: "invalid" on line 4');
    expect(stdout).toContain('join_date: 1 not date YYYY-MM-DD: "invalid_date" on line 7');
  });

  it('argosy files show says what is wrong with a file that is no table', async () => {
    const { stdout } = await argosy('files', '--sample', 'show', 'uploads/broken.csv');
    expect(stdout).toMatch(
      /error +CSV parsing failed: the quote that opens on line 3 is never closed/,
    );
  });

  it('argosy query reads the rows of a file as a table', async () => {
    const sql = 'SELECT department, count(*) n FROM csv_intake."employees" GROUP BY 1 ORDER BY 1';
    const { stdout } = await argosy('query', '--sample', '--csv', sql);
    const lines = [
      'department,n',
      'Engineering,2',
      'Finance,2',
      'Marketing,2',
      'Sales,2',
      'Support,2',
    ];
    expect(stdout.trimEnd().split('\r\n')).toEqual(lines);
  });

  it.each([
    [['files', '--sample', 'show', 'none.csv'], 23, 'no file "none.csv" has a record'],
    [['files', '--status', 'bad'], 51, '--status bad is no status of a file'],
    [['files', '--since', 'yesterday'], 51, '--since yesterday is no moment'],
    [['run', 'csv-intake', '-p', 'key=uploads/none.csv'], 23, 'there is no such object'],
  ])('argosy %j ends with %i and says why', async (argv, exitCode, message) => {
    const end = await argosy(...argv);
    expect(end.exitCode).toBe(exitCode);
    expect(end.stderr).toContain(message);
    expect(end.stderr).toContain('hint:');
  });
});
