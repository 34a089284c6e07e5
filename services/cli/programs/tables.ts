import type { Command } from 'commander';
import { example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** Adds `argosy tables`. */
export function addTables(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const tables = program
    .command('tables')
    .argument('[name]', 'one dataset in full, for example raw_data or curated_local.sessions')
    .description('list the datasets of every pipeline: rows, bytes, partitions, freshness')
    .option('--pipeline <name>', 'only those of this pipeline')
    .option(
      '--ddl <engine>',
      'print what defines them in athena, trino, duckdb, postgres or redshift',
    )
    .option('--json', 'print JSON: one array, an object a dataset')
    .option('--sample', 'list those of the generated sample');
  example(
    tables,
    'argosy tables',
    'argosy tables --pipeline commerce',
    'argosy tables raw_data',
    'argosy tables --json',
    'argosy tables --pipeline fama-french --ddl athena',
  );
  on(tables, async () => (await import('../commands/tables.ts')).tables);
}
