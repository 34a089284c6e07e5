import type { Command } from 'commander';
import { example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** The flags of `argosy docs`. */
export interface DocsFlags {
  out?: string;
  toBucket?: string;
}

/** Adds `argosy docs`. */
export function addDocs(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const docs = program
    .command('docs')
    .description('write the data catalogue of every pipeline as a web site of static pages')
    .option('--out <folder>', 'where to write it (default: catalogue-site)')
    .option('--to-bucket <pipeline/prefix>', 'write it into the bucket of a pipeline instead')
    .option('--json', 'print where it is as JSON')
    .option('--sample', 'describe the generated sample');
  example(
    docs,
    'argosy docs',
    'argosy docs --out public/data',
    'argosy docs --to-bucket commerce/docs',
  );
  on(docs, async () => (await import('../commands/docs.ts')).docs);
}
