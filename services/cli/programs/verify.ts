import type { Command } from 'commander';
import { example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** The flags of `argosy verify`. */
export interface VerifyFlags {
  strays?: boolean;
}

/** Adds `argosy verify`. */
export function addVerify(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const verify = program
    .command('verify')
    .argument('[pipelines...]', 'whose objects are read; all when none is named')
    .description('read every stored object that is named and compare it with its recorded hash')
    .option('--strays', 'list objects that nothing names, too')
    .option('--json', 'print JSON')
    .option('--sample', 'verify those of the generated sample');
  example(verify, 'argosy verify', 'argosy verify fama-french commerce', 'argosy verify --strays');
  on(verify, async () => (await import('../commands/verify.ts')).verify);
}
