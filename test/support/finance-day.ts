import { readFile } from 'node:fs/promises';
import { sha256 } from '../../services/core/manifest.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { RecordStore } from '../../services/ports/record-store.ts';
import { inFlightRules, nineRules, postLoadRules } from '../../services/pipelines/finance/rules.ts';
import { checkTable } from '../../services/stages/observe/check.ts';
import { type RunRecord, runCollection } from '../../services/stages/observe/run-record.ts';
import { openOwnEngine } from './pipeline.ts';

/** A text that would be markup, a script, an attribute's end or another order of letters, were it not escaped. */
export const HOSTILE = `<script>alert(1)</script>"'><img src=x onerror=alert(1)> &amp; \u202Eabc\u0007`;

const CLEAN_SQL = `
  CREATE TABLE clean AS
  WITH drawn AS (
    SELECT i, (i * 7919) % 1000 / 1000.0 + 0.0005 AS u, (i * 104729) % 1000 / 1000.0 + 0.0005 AS v FROM range(4000) t(i))
  SELECT printf('TXN%08d', i) AS transaction_id, printf('CUST%06d', i % 500) AS customer_id,
    TIMESTAMP '2026-06-01' + INTERVAL 1 MINUTE * CAST(hash(i) % 200000 AS INTEGER) AS transaction_date,
    CAST(greatest(0.01, exp(4 + 1.5 * sqrt(-2 * ln(u)) * cos(6.283185 * v))) AS DECIMAL(12,2)) AS amount,
    printf('MERCH%04d', i % 90) AS merchant_id, 'gas' AS category,
    CASE WHEN i % 30 = 0 THEN 'failed' WHEN i % 13 = 0 THEN 'pending' ELSE 'completed' END AS status, 'cash' AS payment_method,
    CASE WHEN amount <= 50 THEN 'small' WHEN amount <= 200 THEN 'medium' WHEN amount <= 500 THEN 'large'
      WHEN amount <= 1000 THEN 'very_large' ELSE 'exceptional' END AS amount_category,
    CAST(least(100, (CASE WHEN amount > 5000 THEN 30 ELSE 0 END) + (CASE WHEN status = 'failed' THEN 50 ELSE 0 END)
      + (CASE WHEN i % 7 > 4 THEN 10 ELSE 0 END) + (CASE WHEN i % 24 < 6 THEN 20 ELSE 0 END)) AS DECIMAL(5,2)) AS risk_score,
    CASE WHEN risk_score <= 20 THEN 'low' WHEN risk_score <= 50 THEN 'medium' WHEN risk_score <= 80 THEN 'high'
      ELSE 'critical' END AS risk_level
  FROM drawn`;

/** Writes a day of finance as its steps leave it, without running them: hostile text wherever text from outside may be. */
export async function writeFinanceDay(
  { store, records }: { store: ObjectStore; records: RecordStore },
  { day, folder, isBlocked = false }: { day: string; folder: string; isBlocked?: boolean },
): Promise<void> {
  const engine = await openOwnEngine([folder]);
  try {
    await engine.run(CLEAN_SQL);
    await engine.run('CREATE TABLE dim_customers AS SELECT DISTINCT customer_id FROM clean');
    await engine.run(`COPY clean TO '${folder}/clean-${day}.parquet' (FORMAT parquet)`);
    const rowsMin = isBlocked ? 5000 : 100;
    const common = { dataset: 'transactions', evaluatedAt: `${day}T00:00:00.000Z`, table: 'clean' };
    const look = (rules: Parameters<typeof checkTable>[1]['rules']) =>
      checkTable(engine, { ...common, rules });
    const inFlight = await look(
      inFlightRules({ rowsMin, nullShareMax: 0.05, duplicateShareMax: 0.01 }),
    );
    const rules = await look(nineRules({ rowsMin }, day));
    const bytes = await readFile(`${folder}/clean-${day}.parquet`);
    const object = {
      key: `clean/${day}/transactions-x.parquet`,
      rows: 4000,
      sha256: sha256(bytes),
    };
    const counts = { extracted: 4123, clean: 4000, rejected: 123 };
    const found = {
      logicalDate: day,
      riskVersion: '1',
      inputs: { manifest: 'm', sha256: 'a'.repeat(64) },
      counts,
      customersCounts: { extracted: 501, clean: 500, rejected: 1 },
      inFlight,
      rules,
    };
    await store.put(`clean/${day}/report.json`, Buffer.from(JSON.stringify(found)));
    await store.put(
      `_quarantine/transactions/${day}/${'a'.repeat(16)}.jsonl`,
      Buffer.from(rejectLines()),
    );
    await records.put(runCollection('finance'), `finance-${day}`, runOf(day, isBlocked));
    if (isBlocked) return;
    await store.put(object.key, bytes);
    const manifest = { ...found, transactions: object };
    await store.put(`clean/${day}/manifest.json`, Buffer.from(JSON.stringify(manifest)));
    const load = postLoadRules({ logicalDate: day, missingSql: 'SELECT 0' });
    await store.put(`quality/${day}.json`, Buffer.from(JSON.stringify(await look(load))));
  } finally {
    await engine.close();
  }
}

function rejectLines(): string {
  const object = 'extracted/2026-11-21/raw_transactions_20261121_000000.csv';
  const rules = [
    ['null-amount', 82],
    ['duplicate-id', 37],
    ['status-unknown', 4],
  ] as const;
  return rules
    .flatMap(([rule, count]) =>
      Array.from({ length: count }, (_, at) => {
        const values = {
          transaction_id: `TXN${at}`,
          amount: null,
          status: at === 0 ? HOSTILE : 'completed',
        };
        return `${JSON.stringify({ object, line: at + 2, rule, values })}\n`;
      }),
    )
    .join('');
}

function runOf(day: string, isBlocked: boolean): RunRecord {
  const loaded = isBlocked ? 0 : 3988;
  const step = {
    step: 'quality',
    outputs: {},
    counts: {},
    problems: [],
  } as unknown as RunRecord['steps'][number];
  const accounts = {
    extracted: 4123,
    rejected: 123,
    inserted: loaded,
    updated: 0,
    unchanged: 0,
    loaded,
    held: isBlocked ? 0 : 12,
  };
  return {
    run_id: `finance-${day}`,
    system: 'local',
    actor: 'local-user',
    workflow: 'finance',
    logical_date: day,
    trigger: 'cron',
    started_at: `${day}T02:00:00.000Z`,
    ended_at: `${day}T02:00:14.200Z`,
    status: isBlocked ? 'failed' : 'success',
    objects_read: 0,
    objects_written: 0,
    objects_failed: 0,
    records_extracted: 4123,
    records_transformed: 4000,
    records_loaded: loaded,
    records_rejected: 123,
    bytes_in: 0,
    bytes_out: 0,
    error_class: isBlocked ? 'quality-failed' : null,
    error_message: isBlocked ? HOSTILE : null,
    problems: [],
    quality: isBlocked
      ? { 'inflight-rows': 1, 'rows-enough': 1, 'status-known': 0 }
      : { 'status-known': 0 },
    cost_estimate: { compute: 0, requests: 0, storage: 0, total: 0 },
    steps: isBlocked ? [] : [step],
    accounts,
  };
}
