import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { httpSource } from '../../../services/adapters/source/http.ts';
import { csvText } from '../../../services/stages/land/feed/csv-text.ts';
import { databaseFeed } from '../../../services/stages/land/feed/database-rows.ts';
import type { Feed } from '../../../services/stages/land/feed/feed.ts';
import { httpFeed } from '../../../services/stages/land/feed/http-pages.ts';
import { spool } from '../../../services/stages/land/feed/spool.ts';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { type LoopbackServer, serveHandler } from '../../support/http-server.ts';
import { START } from '../../support/source-bench.ts';
import { tempFolder, type TempFolder } from '../../support/temp-folder.ts';

type Rows = (string | null)[][];

const COLUMNS = ['id', 'a', 'b'];
const { signal } = new AbortController();
let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder();
});
afterAll(() => folder.remove());

/** Texts that come out wrong where anything is careless. */
const ODD = [
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
  "''",
  "'x'",
  '\\.',
  '\\N',
  'NULL',
  'null',
  '\ufeff',
  '\u00e9',
  '\u{1f4a9}',
  '=cmd()',
  '12345678901234567890.123456789012345678',
  '9007199254740993',
  '1e400',
  '-0',
  '0.10',
  '007',
];

const text = fc
  .oneof(
    { weight: 2, arbitrary: fc.constantFrom(...ODD) },
    {
      weight: 2,
      arbitrary: fc.array(fc.constantFrom(...ODD), { maxLength: 4 }).map((all) => all.join('')),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
  )
  .filter((value) => !/\0|\ufffd|\p{Surrogate}/u.test(value));

const cell = fc.option(text, { nil: null, freq: 4 });
/** The first cell is never blank, so that no row is. */
const rowsOf = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 99 }), cell, cell).map(([id, a, b]) => [`T${id}`, a, b]),
  { minLength: 1, maxLength: 12 },
);

/** Reads a landed CSV by another reader: null where nothing stands, text where quotes do. */
function readBack(csv: string): Rows {
  const cast = (value: string, { quoting }: { quoting: boolean }): string | null =>
    value === '' && !quoting ? null : value;
  const rows = parse(csv, { cast, record_delimiter: '\n' }) as unknown as Rows;
  return rows.slice(1);
}

async function landed(feed: Feed): Promise<{ rows: Rows; csv: string }> {
  const file = await spool(feed, {
    path: `${folder.path}/spooled`,
    columns: COLUMNS,
    moment: null,
  });
  const csv = readFileSync(file.path, 'utf8');
  const rows = readBack(csv);
  expect(file.rows).toBe(rows.length);
  return { rows, csv };
}

function fileFeed(bytes: Uint8Array, pieceBytes = bytes.length): Feed {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  return {
    address: 'test',
    etag: 'e',
    content: { kind: 'bytes', open: async () => pieces() },
    verify: async () => undefined,
  };
}

const csvOf = (rows: Rows): string => csvText([COLUMNS, ...rows]);

/** As another program writes it: everything quoted that is there. */
function dressed(rows: Rows, delimiter: string, newline: string): string {
  const field = (value: string | null): string =>
    value === null ? '' : `"${value.replaceAll('"', '""')}"`;
  const lines = [COLUMNS, ...rows].map((row) => row.map(field).join(delimiter));
  return lines.map((line) => line + newline).join('');
}

describe('random rows arrive exactly', () => {
  it('from a CSV file in any pieces, whose bytes do not change', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf, fc.integer({ min: 1, max: 40 }), async (rows, piece) => {
        const bytes = Buffer.from(csvOf(rows));
        const { rows: found, csv } = await landed(fileFeed(bytes, piece));
        expect(found).toEqual(rows);
        expect(csv).toBe(bytes.toString());
      }),
      { numRuns: 60 },
    );
  });

  it('from a CSV file in gzip, UTF-16, with semicolons or tabs, CRLF, a byte order mark', async () => {
    const dress = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t', '|'),
      newline: fc.constantFrom('\n', '\r\n'),
      isZipped: fc.boolean(),
      encoding: fc.constantFrom('utf8', 'utf16le'),
    });
    await fc.assert(
      fc.asyncProperty(rowsOf, dress, async (rows, { delimiter, newline, isZipped, encoding }) => {
        const csv = `\ufeff${dressed(rows, delimiter, newline)}`;
        const bytes = Buffer.from(csv, encoding as BufferEncoding);
        const { rows: found } = await landed(fileFeed(isZipped ? gzipSync(bytes) : bytes, 7));
        expect(found).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });

  it('from the pages of an API', async () => {
    let pages: string[] = [];
    const server: LoopbackServer = await serveHandler((request, response) => {
      const at = Number(new URL(request.url ?? '', 'http://x').searchParams.get('cursor') ?? '0');
      const next = at + 1 < pages.length ? `,"next_cursor":"${at + 1}"` : '';
      response.end(`{"data":${pages[at]}${next}}`);
    });
    const source = httpSource({
      allowedHosts: [server.host],
      clock: manualClock(START),
      random: () => 0,
    });
    const request = { columns: COLUMNS, pageRows: 0, since: async () => null };
    await fc.assert(
      fc.asyncProperty(rowsOf, fc.integer({ min: 1, max: 5 }), async (rows, size) => {
        pages = [];
        for (let at = 0; at < rows.length; at += size)
          pages.push(jsonOf(rows.slice(at, at + size)));
        const options = { source, authorization: undefined, signal };
        const { rows: found } = await landed(httpFeed(server.url, request, options));
        expect(found).toEqual(rows);
      }),
      { numRuns: 50 },
    );
    await server.close();
  });

  it('from the cursor of a database', async () => {
    await fc.assert(
      fc.asyncProperty(rowsOf, async (rows) => {
        const read = async function* read() {
          yield { columns: COLUMNS, rows: rows.slice(0, 3) };
          if (rows.length > 3) yield { columns: COLUMNS, rows: rows.slice(3) };
        };
        const database = { url: 'postgres://x', read } as unknown as Parameters<
          typeof databaseFeed
        >[0];
        const request = { dataset: 't', sql: 'SELECT', since: async () => null };
        const { rows: found } = await landed(databaseFeed(database, request, signal));
        expect(found).toEqual(rows);
      }),
      { numRuns: 50 },
    );
  });
});

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** What is a number in JSON is sent as one: it must come out digit by digit. */
function jsonOf(rows: Rows): string {
  const value = (one: string | null): string =>
    one !== null && NUMBER.test(one) ? one : JSON.stringify(one);
  const objects = rows.map(
    (row) => `{${row.map((one, at) => `"${COLUMNS[at]}" : ${value(one)}`).join(', ')}}`,
  );
  return `[${objects.join(',\n')}]`;
}
