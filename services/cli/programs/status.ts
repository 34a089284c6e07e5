import type { Command } from 'commander';
import { withCluster } from '../cluster/program.ts';
import { example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** The flags of `argosy status`, beside `--from` and `--to`. */
export interface StatusFlags {
  failOn?: string;
}

/** Adds `argosy status`. */
export function addStatus(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const status = program
    .command('status')
    .argument('<pipeline>', 'which pipeline')
    .description('show the runs of a pipeline and what it has published; with days, each partition')
    .option('--from <day>', 'how the partitions from this day on stand: YYYY-MM-DD or YYYY-MM')
    .option('--to <day>', 'up to this day; today when it is not given')
    .option('--fail-on <states>', 'end with code 21 when one is in such a state: missing,failed,…')
    .option('--limit <n>', 'how many runs', '10')
    .option('--json', 'print JSON')
    .option('--sample', 'show those of the generated sample')
    .option('--cluster', 'show the workflows and schedules of the cluster instead');
  withCluster(status);
  example(
    status,
    'argosy status fama-french',
    'argosy status finance --from 2026-01-01 --to 2026-01-31',
    'argosy status market-data --from 2026-01 --fail-on missing,failed,stale',
    'argosy status fama-french --cluster --namespace argosy',
  );
  on(status, async () => (await import('../commands/status.ts')).status);
}
