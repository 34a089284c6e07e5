import { mkdirSync, readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

/**
 * Runs by-hand.sql with all that DuckDB takes by itself: every core, most of the memory. Prints seconds and CPU seconds
 * at the end of the transactions.
 */
const [, , raw, out, end] = process.argv;
const text = readFileSync(new URL('./by-hand.sql', import.meta.url), 'utf8')
  .replaceAll('$raw', raw)
  .replaceAll('$out', out)
  .replaceAll('$end', `TIMESTAMP '${end}'`);
const [alone, others] = text.split('-- End of the transactions alone.');
mkdirSync(out, { recursive: true });
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run(alone);
const { user, system } = process.cpuUsage();
const alonePart = { seconds: performance.now() / 1000, cpuSeconds: (user + system) / 1e6 };
await connection.run(others);
connection.closeSync();
process.stdout.write(JSON.stringify(alonePart));
