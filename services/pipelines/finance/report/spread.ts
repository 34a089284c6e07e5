import { quoteText } from '../../../core/column.ts';
import type { Cell, QueryEngine } from '../../../ports/query-engine.ts';
import type { Bar, Bin } from '../../../stages/observe/plot/bars.ts';
import { localise, type ServePorts } from '../../../stages/serve/localise.ts';
import type { CleanObject } from '../load/load-source.ts';
import { RISK_LEVELS } from '../rules.ts';

/** Bins of one decade of amounts. */
const BINS_PER_DECADE = 4;
const CATEGORIES = ['small', 'medium', 'large', 'very_large', 'exceptional'];

/** How the clean transactions of a day are spread. */
export interface Spread {
  amounts: readonly Bin[];
  riskScores: readonly Bar[];
  riskLevels: readonly Bar[];
  amountCategories: readonly Bar[];
  /** Every day from the first to the last; a day without transactions has zeros. */
  days: readonly { day: string; count: number; sum: number }[];
}

/** Counts the clean transactions in the query engine, from the object that the manifest names. */
export async function readSpread(ports: ServePorts, object: CleanObject): Promise<Spread> {
  const { paths, folders } = await localise(ports, [object]);
  const engine = await ports.openEngine(folders);
  try {
    const from = `read_parquet(${quoteText(paths.get(object.key) ?? '')})`;
    await engine.run(`CREATE VIEW clean AS SELECT * FROM ${from}`);
    return {
      amounts: await amountBins(engine),
      riskScores: await bars(engine, 'risk_score'),
      riskLevels: inOrder(await bars(engine, 'risk_level'), RISK_LEVELS),
      amountCategories: inOrder(await bars(engine, 'amount_category'), CATEGORIES),
      days: await dayTotals(engine),
    };
  } finally {
    await engine.close();
  }
}

async function amountBins(engine: QueryEngine): Promise<Bin[]> {
  const { rows } = await engine.query(`
    SELECT CAST(floor(log10(CAST(amount AS DOUBLE)) * ${BINS_PER_DECADE} + 1e-9) AS INTEGER) AS bin, count(*)
    FROM clean WHERE amount > 0 GROUP BY bin ORDER BY bin`);
  const counts = new Map(rows.map(([bin, count]) => [Number(bin), Number(count)]));
  const [first, last] = [Math.min(...counts.keys()), Math.max(...counts.keys())];
  if (counts.size === 0) return [];
  return Array.from({ length: last - first + 1 }, (_, at) => ({
    from: borderOf(first + at),
    to: borderOf(first + at + 1),
    count: counts.get(first + at) ?? 0,
  }));
}

function borderOf(bin: number): number {
  return Number((10 ** (bin / BINS_PER_DECADE)).toPrecision(12));
}

async function bars(engine: QueryEngine, column: 'risk_score' | 'risk_level' | 'amount_category') {
  const { rows } = await engine.query(
    `SELECT ${column}, count(*) FROM clean GROUP BY ${column} ORDER BY ${column}`,
  );
  return rows.map(([value, count]) => ({ label: labelOf(value), value: Number(count) }));
}

/** `30.00` as `30`. */
function labelOf(value: Cell | undefined): string {
  if (value === null || value === undefined) return 'none';
  const text = String(value);
  return /^\d+\.0+$/.test(text) ? text.slice(0, text.indexOf('.')) : text;
}

/** The bars of these names in this order, zeros among them; what has another name comes behind. */
function inOrder(found: readonly Bar[], names: readonly string[]): Bar[] {
  const known = names.map(
    (label) => found.find((bar) => bar.label === label) ?? { label, value: 0 },
  );
  return [...known, ...found.filter(({ label }) => !names.includes(label))];
}

async function dayTotals(engine: QueryEngine): Promise<Spread['days']> {
  const { rows } = await engine.query(`
    WITH days AS (SELECT CAST(transaction_date AS DATE) AS day, count(*) AS n, sum(amount) AS s
                  FROM clean WHERE transaction_date IS NOT NULL GROUP BY day),
         span AS (SELECT min(day) AS first, max(day) AS last FROM days)
    SELECT CAST(CAST(every_day AS DATE) AS VARCHAR), coalesce(n, 0), CAST(coalesce(s, 0) AS DOUBLE)
    FROM (SELECT unnest(generate_series(first, last, INTERVAL 1 DAY)) AS every_day FROM span
          WHERE first IS NOT NULL)
    LEFT JOIN days ON day = CAST(every_day AS DATE) ORDER BY every_day`);
  return rows.map(([day, count, sum]) => ({
    day: String(day),
    count: Number(count),
    sum: Number(sum),
  }));
}
