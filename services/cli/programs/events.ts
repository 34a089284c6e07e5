import type { Command } from 'commander';
import { collect, example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** The flags of `watch` and `setup`, as commander names them. */
export interface EventFlags {
  dir?: string;
  sweepEvery?: string;
  once?: boolean;
  retryFailed?: boolean;
  atOnce?: string;
  webhook?: string;
  lifecycle?: boolean;
}

/** Adds the commands about what arrives in buckets. */
export function addEvents(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const watch = program
    .command('watch')
    .argument('<pipeline>', 'a pipeline, for example fama-french')
    .description('run a pipeline for every object that arrives in its bucket, until Ctrl-C')
    .option('--dir <folder>', 'watch this folder, and put its files into the bucket first')
    .option('--sweep-every <time>', 'look for what events have missed: 500ms, 60s, 5m', '60s')
    .option('--once', 'see to all that is there now, then end')
    .option('--retry-failed', 'try again what has failed before')
    .option('--at-once <n>', 'how many runs beside each other', '4')
    .option('-p, --parameter <name=value>', 'set a workflow parameter; repeatable', collect, [])
    .option('--json', 'print one JSON object for every arrival that is done');
  example(
    watch,
    'argosy watch fama-french',
    'argosy watch csv-intake --dir uploads/',
    'argosy watch fama-french --once',
  );
  on(watch, async () => (await import('../commands/watch.ts')).watch);

  const setup = program
    .command('setup')
    .argument('[pipelines...]', 'which pipelines; all when none is named')
    .description(
      'create the buckets of pipelines, set up their notifications, register their tables',
    )
    .option('--webhook <arn>', 'send news of arrivals to this target of MinIO')
    .option('--lifecycle', 'have the store itself remove or move what has grown old')
    .option('--engine <name>', 'athena: register the tables with its catalogue (ARGOSY_ENGINE)')
    .option('--dry-run', 'say what would be done')
    .option('--json', 'print JSON');
  example(
    setup,
    'argosy setup',
    'argosy setup fama-french --webhook arn:minio:sqs::ARGO:webhook',
    'argosy setup --dry-run',
    'argosy setup commerce --engine athena',
  );
  on(setup, async () => (await import('../commands/setup.ts')).setup);
}
