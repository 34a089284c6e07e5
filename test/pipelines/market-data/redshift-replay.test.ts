import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { redshiftWarehouse } from '../../../services/adapters/warehouse/redshift.ts';
import { landThree } from '../../support/market-landed.ts';
import { marketBench } from '../../support/market.ts';
import { type WireAnswer, wireServer, type WireServer } from '../../support/wire-server.ts';

const servers: WireServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const one = (name: string, value: string): WireAnswer => ({
  tag: 'SELECT 1',
  columns: [name],
  rows: [[value]],
});
const none: WireAnswer = { tag: 'SELECT 0', columns: ['nothing'], rows: [] };

/** What a cluster answers at the first load of two replies with twelve rows; of each COPY as many as were sent. */
function answers(copied: string[]): (sql: string) => WireAnswer {
  return (sql) => {
    if (sql.includes('pg_last_copy_count')) return one('count', copied.shift() ?? '0');
    if (sql.startsWith('SELECT COUNT(replaced_id)')) return one('count', '0');
    if (/SUM\(row_count\)|COUNT\(\*\) FROM changed_prices/.test(sql)) return one('count', '12');
    if (/^SELECT count\(\*\)/i.test(sql)) return one('count', '0');
    if (sql.startsWith('SELECT')) return none;
    return { tag: sql.trim().split(/\s/)[0] ?? '' };
  };
}

describe('market-data on Redshift, replayed', () => {
  it('stages by COPY, merges in one transaction, and empties staging by DELETE', async () => {
    const server = await wireServer(answers(['11592', '12', '2']));
    servers.push(server);
    const bucket = memoryStore({ bucket: 'argosy-market-data', clock: manualClock(new Date(0)) });
    const warehouse = redshiftWarehouse({
      address: `redshift://awsuser:secret@127.0.0.1:${server.port}/dev`,
      stage: {
        store: { ...bucket, url: 's3://argosy-market-data' },
        iamRoleArn: 'arn:aws:iam::123456789012:role/RedshiftS3Role',
        region: 'us-east-1',
      },
    });
    const bench = marketBench({ warehouse });
    await landThree(bench);
    const identity = { logicalDate: '2026-01-12' };
    const loaded = await bench.step('load', { 'catch-up-days': '0' }, identity);
    expect(loaded.outputs).toEqual({ replies: '2', rows: '12' });
    const at = server.statements.length;
    const merged = await bench.step('transform', {}, identity);
    expect(merged.outputs).toEqual({ inserted: '12', revised: '0', unchanged: '0', rejected: '0' });
    await warehouse.close();

    const all = server.statements.map((sql) => sql.trim().split('\n')[0] ?? '');
    const copies = all.filter((sql) => sql.startsWith('COPY'));
    expect(copies.map((sql) => sql.split(' ')[1])).toEqual([
      '"market_data"."dim_sessions"',
      '"market_data"."stg_stock_prices"',
      '"market_data"."stg_replies"',
    ]);
    // A session that was idle is asked for a sign of life first.
    const merge = all.slice(at).filter((sql) => sql !== '');
    expect(merge.filter((sql) => /^(?:BEGIN|COMMIT|ROLLBACK)/.test(sql))).toEqual([
      'BEGIN',
      'COMMIT',
    ]);
    expect([merge[0], merge.at(-1)]).toEqual(['BEGIN', 'COMMIT']);
    expect(merge).toEqual(
      expect.arrayContaining([
        'LOCK "market_data"."stg_stock_prices"',
        'DELETE FROM market_data.stg_stock_prices',
        'DELETE FROM market_data.stg_replies',
      ]),
    );
    const whole = server.statements.join('\n');
    for (const absent of [
      /advisory/,
      /set_config/,
      /JSONB/,
      /now\(\)/,
      /SAVEPOINT/,
      /TRUNCATE/,
      /CREATE (?:UNIQUE )?INDEX/,
    ]) {
      expect(whole).not.toMatch(absent);
    }
  });
});
