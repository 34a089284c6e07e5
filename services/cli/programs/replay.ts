import { type Command, Option } from 'commander';
import { example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** The flags of `argosy replay`, beside `--from` and `--yes`. */
export interface ReplayFlags {
  since?: string;
}

/** Adds `argosy replay`. */
export function addReplay(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const replay = program
    .command('replay')
    .argument('<pipeline>', 'which pipeline')
    .description('make everything again from what came from outside; says first what it would do')
    .addOption(
      new Option('--from <zone>', 'where it begins: what was landed')
        .choices(['raw'])
        .default('raw'),
    )
    .requiredOption('--since <day>', 'raw objects of this day and later, YYYY-MM-DD')
    .option('--yes', 'do it')
    .option('--json', 'print JSON')
    .option('--sample', 'that of the generated sample');
  example(
    replay,
    'argosy replay commerce --from raw --since 2026-01-01',
    'argosy replay commerce --from raw --since 2026-01-01 --yes',
  );
  on(replay, async () => (await import('../commands/replay.ts')).replay);
}
