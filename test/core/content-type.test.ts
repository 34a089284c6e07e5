import { describe, expect, it } from 'vitest';
import { contentTypeOf } from '../../services/core/content-type.ts';

describe('the media type of an object', () => {
  it.each([
    ['processed/x_summary.json', 'application/json'],
    ['docs/search-index.js', 'text/javascript; charset=utf-8'],
    ['uploads/X.CSV', 'text/csv'],
    ['uploads/x.csv.gz', 'application/gzip'],
    ['a.b/part-0.parquet', 'application/vnd.apache.parquet'],
    ['a.json/x', 'application/octet-stream'],
    ['json', 'application/octet-stream'],
  ])('of %s is %s', (key, type) => {
    expect(contentTypeOf(key)).toBe(type);
  });
});
