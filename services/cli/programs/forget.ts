import type { Command } from 'commander';
import { example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** The flags of `argosy forget`. */
export interface ForgetFlags {
  customer?: string;
  yes?: boolean;
}

/** Adds `argosy forget`. */
export function addForget(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const forget = program
    .command('forget')
    .description('remove a customer from all zones of commerce; without --yes say where they are')
    .requiredOption('--customer <id>', 'the identifier as the feeds have it, such as cust_000123')
    .option(
      '--yes',
      'do it: rewrite the raw files, run the pipeline, remove the tables as they were',
    )
    .option('--json', 'print JSON')
    .option('--sample', 'in the generated sample');
  example(
    forget,
    'argosy forget --customer cust_000123',
    'argosy forget --customer cust_000123 --yes',
  );
  on(forget, async () => (await import('../commands/forget.ts')).forget);
}
