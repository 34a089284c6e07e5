import type { Command } from 'commander';
import { example } from '../command-help.ts';
import type { Work } from '../program.ts';

/** The flags of `argosy report`. */
export interface ReportFlags {
  output?: string;
  logicalDate?: string;
}

/** Adds `argosy report`. */
export function addReport(
  program: Command,
  on: (command: Command, load: () => Promise<Work>) => void,
): void {
  const report = program
    .command('report')
    .argument('<pipeline>', 'which pipeline')
    .description('write a page about a day of a pipeline: rules, rejects, distributions, runs')
    .option(
      '--output <file>',
      'where to write it, - for standard output (default: PIPELINE-report.html)',
    )
    .option(
      '--logical-date <day>',
      'the day that it is about, YYYY-MM-DD; else that of the newest run',
    )
    .option('--json', 'print where the page is as JSON')
    .option('--sample', 'report on the generated sample');
  example(
    report,
    'argosy report finance',
    'argosy report finance --logical-date 2026-01-31 --output day.html',
    'argosy report finance --output - > day.html',
  );
  on(report, async () => (await import('../commands/report.ts')).report);
}
