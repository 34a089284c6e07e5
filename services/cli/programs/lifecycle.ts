import type { Command } from 'commander';
import { example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** The flags of `argosy lifecycle`, beside `--yes`. */
export interface LifecycleFlags {
  s3?: boolean;
  runDays?: string;
}

/** Adds `argosy lifecycle`. */
export function addLifecycle(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const lifecycle = program
    .command('lifecycle')
    .argument('[pipelines...]', 'whose buckets are looked at; all when none is named')
    .description('say what has grown old in the buckets, by prefix, and which records of runs')
    .option('--yes', 'remove what has expired; colder classes are left to the store')
    .option('--run-days <n>', 'how long records of runs are kept', '90')
    .option('--s3', 'print the rules as S3 takes them, for a bucket that applies them itself')
    .option('--json', 'print JSON')
    .option('--sample', 'in the generated sample');
  example(
    lifecycle,
    'argosy lifecycle',
    'argosy lifecycle commerce --yes',
    'argosy lifecycle commerce --s3 > rules.json',
  );
  on(lifecycle, async () => (await import('../commands/lifecycle.ts')).lifecycle);
}
