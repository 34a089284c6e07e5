import type { WarehouseBatch } from '../../ports/warehouse.ts';
import type { SqlSession } from './sql-session.ts';

export interface CursorRequest {
  sql: string;
  batchRows: number;
  values: readonly (string | null)[];
}

/** The rows of one SELECT in batches, by a cursor in a read-only transaction that is open as long as somebody reads. */
export async function* readBatches(
  session: SqlSession,
  { sql, batchRows, values }: CursorRequest,
): AsyncGenerator<WarehouseBatch> {
  await session.exec('BEGIN READ ONLY');
  try {
    await session.query(`DECLARE argosy_rows NO SCROLL CURSOR FOR\n${sql}`, values);
    for (let isFirst = true; ; isFirst = false) {
      const batch = await session.query(`FETCH FORWARD ${batchRows} FROM argosy_rows`, []);
      const { fields, rows } = batch;
      if (rows.length > 0 || isFirst) yield { columns: fields.map(({ name }) => name), rows };
      if (rows.length < batchRows) return;
    }
  } finally {
    // What went wrong before is what is told; nothing was written.
    await session.exec('ROLLBACK').catch(() => undefined);
  }
}
