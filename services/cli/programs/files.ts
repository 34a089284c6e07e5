import type { Command } from 'commander';
import type { Work } from '../program.ts';

/** The flags of `argosy files`. */
export interface FilesFlags {
  status?: string;
  since?: string;
  history?: boolean;
}

/** Adds `argosy files` and `argosy files show`. */
export function addFiles(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const files = program
    .command('files')
    .description('list the files that csv-intake has profiled')
    .option('--status <status>', 'only those with this status: success or error')
    .option('--since <moment>', 'only those profiled since a day, a moment, or 30m, 2h, 7d ago')
    .option('--json', 'print JSON')
    .option('--sample', 'list those of the generated sample')
    .addHelpText(
      'after',
      `
Examples:
  argosy files --status error --since 24h
  argosy files show sales.csv
  argosy files show --history sales.csv
  argosy files show --json reports/2026/sales.csv`,
    );
  on(files, async () => (await import('../commands/files.ts')).files);

  const show = files
    .command('show')
    .argument('<name>', 'the path of the file below uploads/')
    .description('show the profile of a file')
    .option('--history', 'list every version of it instead')
    .option('--json', 'print JSON')
    .option('--sample', 'show one of the generated sample');
  on(show, async () => (await import('../commands/files.ts')).showFile);
}
