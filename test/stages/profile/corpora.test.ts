import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import type { Profile } from '../../../services/stages/shape/profile/profile.ts';
import { profileStream } from '../../../services/stages/shape/profile/profile-stream.ts';
import { type Component, describeWith } from '../../support/require-component.ts';

const DATA = fileURLToPath(new URL('../../../../shared/data/csv', import.meta.url));

/** A part of the corpora, where it is on this machine. */
function corpus(path: string): Component {
  const name = `shared/data/csv/${path}`;
  const isHere = existsSync(join(DATA, path));
  return { name, path: isHere ? join(DATA, path) : null, howToGet: 'data beside the checkout' };
}

async function profileOf(bytes: Uint8Array): Promise<Profile> {
  return profileStream(
    (async function* () {
      yield bytes;
    })(),
  );
}

const SPECTRUM = join(DATA, 'csv-spectrum');
const names = existsSync(SPECTRUM)
  ? readdirSync(join(SPECTRUM, 'csvs')).map((name) => name.replace('.csv', ''))
  : [];

describeWith(corpus('csv-spectrum'), 'csv-spectrum', () => {
  it.each(names.flatMap((name) => ['\n', '\r\n'].map((newline) => [name, newline] as const)))(
    '%s is read exactly, its lines ending in %j',
    async (name, newline) => {
      const text = readFileSync(join(SPECTRUM, 'csvs', `${name}.csv`), 'utf8');
      const rows = JSON.parse(
        readFileSync(join(SPECTRUM, 'json', `${name}.json`), 'utf8'),
      ) as Record<string, string>[];
      const profile = await profileOf(Buffer.from(text.replaceAll('\n', newline)));
      const expectedColumns = Object.keys(rows[0]!).map((column) => ({
        name: column,
        blanks: rows.filter((row) => row[column] === '').length,
        cells: rows
          .map((row) => row[column]!.replaceAll(/\r?\n/g, newline))
          .filter((cell) => cell !== ''),
      }));
      expect(profile.status).toBe('success');
      expect(profile.row_count).toBe(rows.length);
      expect(profile.flaws).toEqual({});
      const columns = profile.columns.map(({ name: column, blanks, examples }) => ({
        name: column,
        blanks,
        cells: examples.map(({ value }) => value),
      }));
      expect(columns).toEqual(expectedColumns);
    },
  );
});

interface ExpectedColumn {
  name: string;
  blanks: number;
  blank_pct: number;
  int_cells: number;
  numeric_cells: number;
  leading_zero_cells: number;
  date_cells: Record<string, number>;
  cleanly_numeric?: string;
  date_format?: string;
  numeric?: { count: number; min: number; max: number; mean: number };
}

interface ExpectedFile {
  encoding: string;
  delimiter: string;
  row_count: number;
  column_count: number;
  blank_lines: number;
  row_widths: Record<string, number>;
  ragged_rows: number;
  columns: ExpectedColumn[];
}

const REAL = join(DATA, 'real/expected.json');
const real = existsSync(REAL)
  ? (JSON.parse(readFileSync(REAL, 'utf8')) as Record<string, ExpectedFile>)
  : {};

describeWith(corpus('real/expected.json'), 'files from public repositories', () => {
  it.each(Object.entries(real))('%s has the facts that are known of it', async (name, expected) => {
    const profile = await profileOf(readFileSync(join(DATA, 'real', name)));
    expect(profile.status).toBe('success');
    expect(profile.dialect).toMatchObject({
      encoding: expected.encoding,
      delimiter: expected.delimiter,
    });
    expect(profile.row_count).toBe(expected.row_count);
    expect(profile.column_count).toBe(expected.column_count);
    expect(profile.row_widths).toEqual(expected.row_widths);
    expect(profile.flaws.blank_lines?.count ?? 0).toBe(expected.blank_lines);
    expect(profile.flaws.short_rows?.count ?? 0).toBe(expected.ragged_rows);
    expect(profile.columns.map(factsOf)).toEqual(expected.columns.map(expectedFacts));
  });

  it('the ticket numbers of the Titanic, 74 % of them whole, are strings', async () => {
    const { columns } = await profileOf(readFileSync(join(DATA, 'real/titanic.csv')));
    expect(columns.find(({ name }) => name === 'Ticket')?.type).toBe('string');
  });
});

function factsOf(column: Profile['columns'][number]) {
  const { cells, numbers, type } = column;
  const isClean = column.invalid === 0 && (type === 'int' || type === 'float');
  return {
    name: column.name,
    blanks: column.blanks,
    blank_pct: column.blank_percentage,
    int_cells: cells.int,
    numeric_cells: cells.int + cells.float,
    leading_zero_cells: cells.zero_led,
    date_cells: cells.dates,
    cleanly_numeric: isClean ? type : undefined,
    date_format: column.date_format ?? undefined,
    numeric: numbers
      ? { count: numbers.count, min: numbers.min, max: numbers.max, mean: close(numbers.avg) }
      : undefined,
  };
}

function expectedFacts(column: ExpectedColumn) {
  const { numeric } = column;
  return {
    name: column.name,
    blanks: column.blanks,
    blank_pct: column.blank_pct,
    int_cells: column.int_cells,
    numeric_cells: column.numeric_cells,
    leading_zero_cells: column.leading_zero_cells,
    date_cells: column.date_cells,
    cleanly_numeric: column.cleanly_numeric,
    date_format: column.date_format,
    numeric: numeric && {
      count: numeric.count,
      min: numeric.min,
      max: numeric.max,
      mean: close(numeric.mean),
    },
  };
}

/** Sums of doubles differ in their last digits with the order of adding. */
function close(mean: number): string {
  return mean.toPrecision(13);
}

const folder = mkdtempSync(join(tmpdir(), 'argosy-pollock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeWith(
  corpus('pollock/pollock_shared.tar.gz'),
  'the polluted files of Pollock',
  (archive) => {
    it('are read as a correct reader does, or flagged with the line; none is silently different', async () => {
      expect(spawnSync('tar', ['xzf', archive, '-C', folder]).status).toBe(0);
      const silent: string[] = [];
      let right = 0;
      let flagged = 0;
      for (const name of readdirSync(join(folder, 'csv'))) {
        const profile = await profileOf(readFileSync(join(folder, 'csv', name)));
        const clean = await profileOf(readFileSync(join(folder, 'clean', name)));
        if (isFlagged(profile)) flagged += 1;
        else if (shapeOf(profile) === shapeOf(clean)) right += 1;
        else silent.push(name);
      }
      expect(silent).toEqual([]);
      expect(right).toBeGreaterThan(0);
      expect(right + flagged).toBe(1_144);
    });

    it('the unpolluted source is right and not flagged', async () => {
      const profile = await profileOf(readFileSync(join(DATA, 'pollock/source.csv')));
      expect(isFlagged(profile)).toBe(false);
      expect([profile.row_count, profile.column_count]).toEqual([83, 9]);
    });
  },
);

/** Structurally dirty, with a line to look at. */
function isFlagged({ flaws, warnings }: Profile): boolean {
  const located = [...Object.values(flaws), ...warnings];
  return located.some(({ lines }) => lines.length > 0);
}

/** Rows, and every cell that can be told apart by what is counted of it. */
function shapeOf({ row_count, columns }: Profile): string {
  const cells = columns.map(({ name, blanks, cells: found, numbers, bytes_max }) => ({
    name,
    blanks,
    found,
    numbers,
    bytes_max,
  }));
  return JSON.stringify({ row_count, cells });
}
