// The floor of the vintages benchmark: DuckDB writes the finished Parquet files once more, one COPY a file.
import { mkdirSync, readdirSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const [from, to] = process.argv.slice(2);
mkdirSync(to, { recursive: true });
const connection = await (await DuckDBInstance.create(':memory:')).connect();
for (const name of readdirSync(from)) {
  await connection.run(
    `COPY (FROM '${from}/${name}') TO '${to}/${name}' (FORMAT parquet, COMPRESSION snappy)`,
  );
}
