import { quoteText } from '../../core/column.ts';
import type { KnownTable } from '../../stages/serve/database.ts';
import { keepInCache, type ServePorts } from '../../stages/serve/localise.ts';
import { MAP_KEY } from './ingestion-map.ts';

/** What the ingestion map tells of the views and of itself, so that no row of a vintage is read for it. */
export async function knownOfMap(ports: ServePorts): Promise<Map<string, KnownTable>> {
  const map = await ports.store.get(MAP_KEY, { signal: ports.signal });
  if (!map) return new Map();
  const path = await keepInCache(ports.cache, map);
  const engine = await ports.openEngine([ports.cache]);
  try {
    const { rows } = await engine.query(
      `WITH map AS (FROM read_parquet(${quoteText(path)})),
       good AS (SELECT *, max(ingestion_date) OVER () AS newest,
                max(ingestion_date) OVER (PARTITION BY metric_type) AS newest_of_metric
                FROM map WHERE status = 'success')
       SELECT (SELECT count(*) FROM map), CAST(max(newest) AS VARCHAR), sum(record_count),
         sum(record_count) FILTER (ingestion_date = newest),
         sum(record_count) FILTER (ingestion_date = newest_of_metric) FROM good`,
    );
    const [entries, newest, all, current, byMetric] = rows[0] ?? [];
    const known = (count: unknown): KnownTable => ({
      rows: Number(count ?? 0),
      newest: typeof newest === 'string' ? newest : null,
    });
    return new Map([
      ['data_ingestion_map', known(entries)],
      ['pit_data', known(all)],
      ['current_data', known(current)],
      ['current_data_by_metric', known(byMetric)],
    ]);
  } finally {
    await engine.close();
  }
}
