import type { Command } from 'commander';
import { example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** The flags of `argosy lifecycle`, beside `--yes`. */
export interface LifecycleFlags {
  s3?: boolean;
}

/** Adds `argosy lifecycle`. */
export function addLifecycle(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const lifecycle = program
    .command('lifecycle')
    .description('say what has grown old in the bucket of commerce, by prefix')
    .option('--yes', 'remove what has expired; colder classes are left to the store')
    .option('--s3', 'print the rules as S3 takes them, for a bucket that applies them itself')
    .option('--json', 'print JSON')
    .option('--sample', 'in the generated sample');
  example(
    lifecycle,
    'argosy lifecycle',
    'argosy lifecycle --yes',
    'argosy lifecycle --s3 > rules.json',
  );
  on(lifecycle, async () => (await import('../commands/lifecycle.ts')).lifecycle);
}
