import type { QueryEngine } from '../../ports/query-engine.ts';

/**
 * A table in the engine takes some 256 KiB a column, and the conditions of a typed cell some 4 ms a column in every
 * query. Beyond so many columns the cells of a row are one list, which has been typed when it was stored.
 */
export const WIDE_COLUMNS_MIN = 400;

/** Cells that are typed at a time. */
const CELLS_MAX = 100_000;

/** Where rows go as they are read. */
export interface RowSink {
  add(row: readonly (string | null)[]): void;
  /** Stores what has been added, when it is enough or `isLast`. */
  flush(isLast: boolean): Promise<void>;
}

/**
 * Rows as lists of texts, `cells`, in a table of this name in the schema `main`. `casts` has, for
 * each kind of column, the SQL that makes the typed value of a `cell`; `kinds` the kind of each column.
 */
export async function wideRows(
  engine: QueryEngine,
  given: { table: string; kinds: readonly number[]; casts: readonly string[] },
): Promise<RowSink> {
  const { table, kinds, casts } = given;
  const loose = `${table}_loose`;
  await engine.run(
    `CREATE TABLE main.${table} (cells VARCHAR[]);` +
      `CREATE TABLE main.${loose} (row INTEGER, place INTEGER, kind INTEGER, cell VARCHAR)`,
  );
  const typed = casts.map((cast, kind) => `WHEN ${kind} THEN CAST(${cast} AS VARCHAR)`).join(' ');
  const store =
    `INSERT INTO main.${table} SELECT list(CASE kind ${typed} END ORDER BY place) ` +
    `FROM main.${loose} GROUP BY row ORDER BY row; TRUNCATE main.${loose}`;
  let batch = emptyBatch();
  return {
    add(row) {
      // A row without cells is a row all the same.
      for (const [place, cell] of (row.length === 0 ? [null] : row).entries()) {
        batch.rows.push(batch.count);
        batch.places.push(place);
        batch.kinds.push(kinds[place] ?? 0);
        batch.cells.push(cell);
      }
      batch.count += 1;
    },
    async flush(isLast) {
      if (batch.cells.length === 0 || (!isLast && batch.cells.length < CELLS_MAX)) return;
      const { rows, places, kinds: kindsOf, cells } = batch;
      batch = emptyBatch();
      await engine.append(loose, [
        { type: 'INTEGER', values: rows },
        { type: 'INTEGER', values: places },
        { type: 'INTEGER', values: kindsOf },
        { type: 'VARCHAR', values: cells },
      ]);
      await engine.run(store);
    },
  };
}

function emptyBatch() {
  const cells: (string | null)[] = [];
  return {
    count: 0,
    rows: [] as number[],
    places: [] as number[],
    kinds: [] as number[],
    cells,
  };
}
