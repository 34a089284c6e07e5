import { dirname } from 'node:path';
import { quoteText } from '../../core/column.ts';
import type { Warehouse } from '../../ports/warehouse.ts';
import { type CleanObject, type CleanPorts, localParquet } from './load-source.ts';

/** How many of these clean transactions wait for their customer now; other loads may have released some since. */
export async function stillHeld(
  ports: CleanPorts,
  warehouse: Warehouse,
  transactions: CleanObject,
): Promise<number> {
  const { rows } = await warehouse.query('SELECT transaction_id FROM held_transactions', [], {
    signal: ports.signal,
  });
  if (rows.length === 0) return 0;
  const parquet = await localParquet(ports, transactions);
  const engine = await ports.openEngine([ports.scratch, dirname(parquet)]);
  try {
    await engine.run('CREATE OR REPLACE TABLE held_now (transaction_id VARCHAR)');
    await engine.append('held_now', [{ type: 'VARCHAR', values: rows.map(([id]) => String(id)) }]);
    const found = await engine.query(
      `SELECT count(*) FROM read_parquet(${quoteText(parquet)})
       WHERE transaction_id IN (SELECT transaction_id FROM held_now)`,
    );
    return Number(found.rows[0]?.[0]);
  } finally {
    await engine.close();
  }
}
