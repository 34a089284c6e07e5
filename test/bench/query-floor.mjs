// The floor of the query benchmark: DuckDB alone answers the same SQL over the same Parquet files.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const [folder = '', sql = ''] = process.argv.slice(2);
const files = readdirSync(folder).map((name) => `'${join(folder, name)}'`);
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run(`CREATE VIEW raw_data AS FROM read_parquet([${files.join(', ')}])`);
const reader = await connection.runAndReadAll(sql);
process.stdout.write(`${JSON.stringify(reader.getRowObjectsJson(), null, 2)}\n`);
