import type { Command } from 'commander';
import { example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** The flags of `argosy query` and `argosy history`, beside those that others have too. */
export interface QueryFlags {
  /** What answers. */
  engine?: string;
  scanLimit?: string;
  rowLimit?: string;
  /** False with `--no-cache`. */
  cache?: boolean;
  failed?: boolean;
}

type On = (command: Command, load: () => Promise<Work>) => void;

/** Adds `argosy query` and `argosy history`. */
export function addQuery(program: Command, on: On): void {
  const query = program
    .command('query')
    .argument('[sql]', 'one SELECT statement; - reads it from standard input')
    .description('ask the tables with SQL')
    .option('--named <name>', 'ask this instead: top_products, customer_ltv, daily_kpis, ...')
    .option('--pipeline <name>', 'whose tables; else those of the database that the SQL names')
    .option('--as-of <date>', 'only what was known on that day, YYYY-MM-DD')
    .option('--engine <name>', 'what answers: duckdb, here, or athena (ARGOSY_ENGINE)')
    .option('--scan-limit <bytes>', 'refuse what reads more, for example 10GB')
    .option('--row-limit <n>', 'refuse an answer of more rows (default: 1000000)')
    .option('--no-cache', 'ask again, though nothing was published since the last time')
    .option('--warehouse', 'ask the warehouse (ARGOSY_WAREHOUSE), in the SQL of PostgreSQL')
    .option('--csv', 'print CSV')
    .option('--json', 'print JSON: one array of objects')
    .option('--sample', 'ask the tables of the generated sample');
  example(
    query,
    'argosy query "SELECT metric_type, count(*) FROM current_data GROUP BY ALL"',
    'argosy query --as-of 2018-06-30 "SELECT DISTINCT ingestion_date FROM current_data"',
    'argosy query --csv "FROM data_ingestion_map" > map.csv',
    `argosy query 'SELECT * FROM csv_intake."sales" LIMIT 5'`,
    'argosy query --named top_products --as-of 2026-01-31',
    'argosy query --engine athena --scan-limit 10GB --named customer_ltv',
    'argosy query --warehouse "SELECT * FROM vw_daily_transaction_summary LIMIT 7"',
  );
  on(query, async () => (await import('../commands/query.ts')).query);

  const history = program
    .command('history')
    .description('show what was asked: when, by whom, how long it took and what it read')
    .option('--limit <n>', 'how many questions', '20')
    .option('--pipeline <name>', 'only those to the tables of this pipeline')
    .option('--engine <name>', 'only those that duckdb, athena or postgres answered')
    .option('--failed', 'only those that had no answer')
    .option('--json', 'print JSON: one array, the newest first')
    .option('--sample', 'show those to the generated sample');
  example(
    history,
    'argosy history',
    'argosy history --failed --limit 5',
    'argosy history --engine athena --json',
  );
  on(history, async () => (await import('../commands/history.ts')).history);
}
