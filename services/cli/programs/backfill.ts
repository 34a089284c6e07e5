import { type Command, Option } from 'commander';
import { withCluster } from '../cluster/program.ts';
import { collect, example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** The flags of `argosy backfill`, beside those of `run` and `status`. */
export interface BackfillFlags {
  only?: string;
  all?: boolean;
  order?: 'asc' | 'desc';
  concurrency?: string;
  failFast?: boolean;
  resume?: string;
  list?: boolean;
  yes?: boolean;
}

/** Adds `argosy backfill`. */
export function addBackfill(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const backfill = program
    .command('backfill')
    .argument('[pipeline]', 'which pipeline; with --resume and --list it may be left out')
    .description('make partitions that are missing or failed: first a plan, then its runs')
    .option('--from <day>', 'the first day of the partitions: YYYY-MM-DD or YYYY-MM')
    .option('--to <day>', 'the last one')
    .option('--only <states>', 'partitions in these states (default: missing,failed)')
    .option('--all', 'those that are done or stale too: made again from what is landed')
    .addOption(
      new Option('--order <order>', 'oldest or newest first')
        .choices(['asc', 'desc'])
        .default('asc'),
    )
    .option('--concurrency <n>', 'runs at a time; some pipelines take one only', '1')
    .option('--fail-fast', 'begin no other run after one has failed')
    .option('--dry-run', 'show the plan, its objects and its SQL, and change nothing')
    .option('--yes', 'run the plan without asking')
    .option('--resume <plan>', 'go on with a plan: what is done is not done again')
    .option('--list', 'show the plans and how far they are')
    .option('-p, --parameter <name=value>', 'set a workflow parameter; repeatable', collect, [])
    .option('--sample', 'work on the generated sample')
    .option('--cluster', 'run in the cluster, from the WorkflowTemplate there')
    .option('--json', 'print JSON');
  withCluster(backfill);
  example(
    backfill,
    'argosy backfill finance --from 2026-01-01 --to 2026-01-31 --dry-run',
    'argosy backfill finance --from 2026-01-01 --to 2026-01-31 --yes',
    'argosy backfill market-data --from 2026-01-05 --only missing,failed,stale --yes',
    'argosy backfill csv-intake --from 2026-01 --to 2026-01 --concurrency 4 --yes',
    'argosy backfill --list',
    'argosy backfill --resume 3f2a9c1d77aa',
  );
  on(backfill, async () => (await import('../commands/backfill.ts')).backfill);
}
