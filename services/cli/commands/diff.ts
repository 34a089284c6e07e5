import { openDatabase } from '../../stages/serve/database.ts';
import { findDatabase, findWing } from '../commands.ts';
import { PipelineError } from '../../core/error.ts';
import { asking, serving } from '../host.ts';
import { printJson, printResult, widthOf } from '../view/print-result.ts';
import type { Work } from '../program.ts';
import { wholeNumber } from '../session.ts';
import { formatResult, toJsonRows } from '../view/text-table.ts';

/** `argosy diff PIPELINE A B`: what was revised between two vintages. */
export const diff: Work = async (session, given) => {
  const [pipeline = '', a = '', b = ''] = given.args;
  const diffOf = await findWing(pipeline).diff?.();
  if (!diffOf)
    throw new PipelineError('config-invalid', `pipeline ${pipeline} has no vintages to compare`);
  const limit = wholeNumber('--limit', given.flags.limit);
  const ports = serving(session, pipeline);
  const engine = await openDatabase(ports, await findDatabase(pipeline, asking(session, pipeline)));
  try {
    const found = await diffOf(engine, a, b);
    if (given.flags.csv === true) await printResult(session, found.values, given);
    else if (given.flags.json === true) {
      printJson(session, { a: found.a, b: found.b, values: toJsonRows(found.values) });
    } else {
      const options = { widthMax: widthOf(session) };
      const { rows, columns } = found.values;
      const { stdout } = session.io;
      if (rows.length === 0) {
        stdout.write(`${found.a} and ${found.b} hold the same values\n`);
        return 0;
      }
      stdout.write(`from ${found.a} to ${found.b}\n\n${formatResult(found.summary, options)}\n`);
      stdout.write(formatResult({ columns, rows: rows.slice(0, limit) }, options));
      if (rows.length > limit)
        stdout.write(`… ${rows.length - limit} more; --limit, --csv or --json show them\n`);
    }
    return 0;
  } finally {
    await engine.close();
  }
};
