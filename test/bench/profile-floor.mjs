// The floor of the profile benchmark: DuckDB counts the rows of the same CSV.
import { DuckDBInstance } from '@duckdb/node-api';

const [path] = process.argv.slice(2);
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const reader = await connection.runAndReadAll(
  `SELECT count(*) FROM read_csv('${path}', all_varchar = true, header = true, delim = ',',
   quote = '"', escape = '"', strict_mode = false, null_padding = false)`,
);
process.stdout.write(`${String(reader.getRows()[0]?.[0])}\n`);
