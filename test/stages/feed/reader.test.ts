import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { duckdbEngine } from '../../../services/adapters/query-engine/duckdb.ts';
import { quoteText } from '../../../services/core/column.ts';
import { csvText } from '../../../services/stages/land/feed/csv-text.ts';
import { gateCsv } from '../../../services/stages/land/feed/gate.ts';
import { tempFolder } from '../../support/temp-folder.ts';

type Rows = (string | null)[][];

const HEADER = ['id', 'a', 'b'];
const MARKS = [
  '',
  ' ',
  '"',
  '""',
  ',',
  '\n',
  '\r',
  '\r\n',
  ';',
  '\t',
  '|',
  "'",
  "'x'",
  '\\',
  'NULL',
  '#',
];

const text = fc.array(fc.constantFrom(...MARKS), { maxLength: 4 }).map((all) => all.join(''));
const cell = fc.option(text, { nil: null, freq: 4 });
const someRows = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 99 }), cell, cell).map(([id, a, b]) => [`T${id}`, a, b]),
  { minLength: 1, maxLength: 30 },
);

/** As other programs write it: all that is there in quotes. */
function quoted(rows: Rows, newline: string): string {
  const field = (value: string | null): string =>
    value === null ? '' : `"${value.replaceAll('"', '""')}"`;
  return rows.map((row) => row.map(field).join(',') + newline).join('');
}

async function* once(csv: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(csv);
}

it('what the gate lets in, the engine reads as the gate did', async () => {
  await using folder = await tempFolder();
  const engine = await duckdbEngine({
    folders: [folder.path],
    memoryBytesMax: 256 * 2 ** 20,
    threads: 1,
    connections: 1,
  });
  let count = 0;
  const writers = fc.constantFrom(
    csvText,
    (all: Rows) => quoted(all, '\n'),
    (all: Rows) => quoted(all, '\r\n'),
  );
  await fc.assert(
    fc.asyncProperty(someRows, writers, async (rows, write) => {
      count += 1;
      const path = `${folder.path}/${count}.csv`;
      const gated = await gateCsv(once(write([HEADER, ...rows])), { address: 'test', path });
      const columns = gated.columns.map((name) => `${quoteText(name)}: 'VARCHAR'`).join(', ');
      const found = await engine.query(
        `SELECT * FROM read_csv(${quoteText(gated.path)}, auto_detect = false, header = true, columns = {${columns}},
           delim = ',', quote = '"', escape = '"', allow_quoted_nulls = false)`,
      );
      expect(found.rows).toEqual(rows);
    }),
    { numRuns: 40 },
  );
  await engine.close();
});
