import { quoteIdentifier } from '../../../core/column.ts';
import type { QueryEngine } from '../../../ports/query-engine.ts';
import type { Feed } from './feeds.ts';

/** What is written as a whole: a day of transactions, a month of reviews, all products. */
export interface Unit {
  /** Of the columns of `unitBy`. */
  values: readonly number[];
  /** The numbers of the files that have rows of it, ascending. */
  files: readonly number[];
  rows: number;
  /** All rows of these files, of other units too. */
  rowsOfFiles: number;
  /** Rows of it that another row of the same key stands for. */
  repeats: number;
}

/** `2025-01-05`, `2025-01`, or `all`. */
export function textOfUnit(values: readonly number[]): string {
  if (values.length === 0) return 'all';
  return values.map((value, at) => String(value).padStart(at === 0 ? 4 : 2, '0')).join('-');
}

/** The unit of a partition folder: `year=2025/month=1/day=5/hour=7` is of `2025-01-05`. */
export function unitName(partition: string): string {
  if (partition === '') return 'all';
  const numbers = partition.split('/').map((part) => Number(part.slice(part.indexOf('=') + 1)));
  return textOfUnit(numbers.slice(0, 3));
}

/** A condition for the rows of a unit. */
export function isOfUnit({ unitBy }: Feed, { values }: Unit): string {
  if (unitBy.length === 0) return 'true';
  return unitBy.map((name, at) => `${quoteIdentifier(name)} = ${values[at]}`).join(' AND ');
}

/** The units of the view `keyed`, or those of them that are in the table `touched`, in their order. */
export async function unitsOf(
  engine: QueryEngine,
  { unitBy }: Feed,
  isPart: boolean,
): Promise<Unit[]> {
  const names = unitBy.map(quoteIdentifier);
  const columns = [...names, 'number'].join(', ');
  const wanted =
    isPart && names.length > 0
      ? `WHERE (${names.join(', ')}) IN (SELECT (${names.join(', ')}) FROM touched)`
      : '';
  const { rows } = await engine.query(`SELECT ${names.map((name) => `${name}, `).join('')}
      list(number ORDER BY number) AS files, sum(rows) AS rows, sum(file_rows) AS file_rows, sum(repeats) AS repeats
    FROM (SELECT ${columns}, count(*) AS rows FROM keyed GROUP BY ALL) own
    JOIN (SELECT number, count(*) AS file_rows FROM keyed GROUP BY ALL) files USING (number)
    LEFT JOIN (SELECT ${columns}, count(*) AS repeats FROM losers GROUP BY ALL) lost USING (${columns})
    ${wanted} GROUP BY ALL ORDER BY ALL`);
  return rows.map((row) => {
    const [files, ...counts] = row.slice(names.length);
    const [own = 0, rowsOfFiles = 0, repeats = 0] = counts.map(Number);
    return {
      values: row.slice(0, names.length).map(Number),
      files: JSON.parse(String(files)) as number[],
      rows: own,
      rowsOfFiles,
      repeats,
    };
  });
}
