import { PipelineError } from '../../core/error.ts';
import { WINGS } from '../commands.ts';
import { checkedEngine, definitionsOf } from '../ddl/definitions.ts';
import type { Work } from '../program.ts';
import { printJson } from '../view/print-result.ts';

/** `argosy tables --ddl ENGINE`: the statements that define the tables and views there. */
export const tableDdl: Work = async (session, { args, flags }) => {
  if (args.length > 0) {
    throw new PipelineError('config-invalid', '--ddl takes no name of a dataset', {
      hint: 'leave it out, or give --pipeline: what defines a view needs its tables too',
    });
  }
  const engine = checkedEngine(flags.ddl ?? '');
  const pipelines = flags.pipeline === undefined ? Object.keys(WINGS) : [flags.pipeline];
  const all: { pipeline: string; statement: string }[] = [];
  for (const pipeline of pipelines) {
    const { statements, notes } = await definitionsOf(session, pipeline, engine);
    for (const note of notes) session.io.stderr.write(`note: ${note}\n`);
    all.push(...statements.map((statement) => ({ pipeline, statement })));
  }
  if (flags.json === true) printJson(session, all);
  else for (const { statement } of all) session.io.stdout.write(`${ended(statement)}\n\n`);
  return 0;
};

function ended(statement: string): string {
  return statement.startsWith('--') ? statement : `${statement};`;
}
