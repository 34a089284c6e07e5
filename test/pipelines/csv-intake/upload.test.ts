import { expect, it } from 'vitest';
import { summaryKeyOf } from '../../../services/pipelines/csv-intake/upload.ts';

it('no two uploads share a summary, and plain names lose their ending', () => {
  const names = [
    'x.csv',
    'x.CSV',
    'x.csv.gz',
    'x.csv.csv',
    'x.CSV.csv',
    'x.csv.gz.csv',
    'x.Csv.gz',
  ];
  const keys = names.map((name) => summaryKeyOf(name));
  expect(keys[0]).toBe('processed/x_summary.json');
  expect(keys[3]).toBe('processed/x.csv_summary.json');
  expect(new Set(keys).size).toBe(names.length);
});
