import { PipelineError } from '../../core/error.ts';
import type { QueryEngine, QueryResult } from '../../ports/query-engine.ts';
import sql from './diff.sql';
import { ingestionDate } from './vintage.ts';

export interface VintageDiff {
  a: string;
  b: string;
  /** metric_type, change, values: how many values of each metric changed in which way. */
  summary: QueryResult;
  /** Every changed value; see diff.sql. */
  values: QueryResult;
}

/** What was revised between two vintages; `not-found` names the vintages that are there. */
export async function diffVintages(
  engine: QueryEngine,
  a: string,
  b: string,
): Promise<VintageDiff> {
  const [dayA, dayB] = [vintageDay(a), vintageDay(b)];
  const there = await engine.query(
    'SELECT DISTINCT CAST(ingestion_date AS VARCHAR) FROM raw_data ORDER BY 1',
  );
  const days = there.rows.map(([day]) => String(day));
  for (const day of [dayA, dayB]) {
    if (days.includes(day)) continue;
    throw new PipelineError('not-found', `there is no vintage ${day}`, {
      hint: days.length === 0 ? 'run the pipeline first' : `there are ${days.join(', ')}`,
    });
  }
  const counted = `SELECT metric_type, change, count(*) AS "values" FROM (${sql}) GROUP BY ALL ORDER BY ALL`;
  return {
    a: dayA,
    b: dayB,
    summary: await engine.query(counted, [dayA, dayB]),
    values: await engine.query(`${sql} ORDER BY change DESC, metric_type, date_format, portfolio`, [
      dayA,
      dayB,
    ]),
  };
}

/** `2017-07`, `2017-07-31` or `july17` as the vintage's last day. */
function vintageDay(text: string): string {
  const named = ingestionDate(`${text}_`);
  if (named !== null) return named;
  const match = /^(\d{4})-(0[1-9]|1[0-2])(-\d\d)?$/.exec(text);
  if (match)
    return new Date(Date.UTC(Number(match[1]), Number(match[2]), 0)).toISOString().slice(0, 10);
  throw new PipelineError('config-invalid', `"${text}" is not a vintage`, {
    hint: 'write it as 2017-07, 2017-07-31 or july17',
  });
}
