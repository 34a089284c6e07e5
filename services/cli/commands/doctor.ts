import { PipelineError, toPipelineError } from '../../core/error.ts';
import { describeConfig } from '../config.ts';
import { WINGS } from '../commands.ts';
import { openHost } from '../host.ts';
import { printJson, widthOf } from '../print-result.ts';
import type { Work } from '../program.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../text-table.ts';
import { probeBucket } from '../wire.ts';

interface Check {
  what: string;
  ok: boolean;
  answer: string;
}

/** `argosy doctor`: every setting with where it comes from, and what of it can be reached. */
export const doctor: Work = async (session, given) => {
  const settings = describeConfig(session.config);
  const checks: Check[] = [nodeCheck()];
  for (const pipeline of Object.keys(WINGS)) checks.push(await storeCheck(session, pipeline));
  checks.push(await engineCheck());
  if (given.flags.json === true) printJson(session, { settings, checks });
  else print(session, settings, checks);
  const failed = checks.find(({ ok }) => !ok);
  if (failed) {
    throw new PipelineError('config-invalid', `${failed.what}: ${failed.answer}`, {
      hint: 'the table above names each setting and where its value comes from',
    });
  }
  return 0;
};

function nodeCheck(): Check {
  return { what: 'node', ok: true, answer: process.version };
}

async function storeCheck(session: Session, pipeline: string): Promise<Check> {
  const host = openHost(session);
  const what = `store of ${pipeline}`;
  try {
    return {
      what,
      ok: true,
      answer: `${await probeBucket(host, host.openBucket, pipeline)}: put-if-absent holds`,
    };
  } catch (error) {
    const { message, hint } = toPipelineError(error);
    return { what, ok: false, answer: hint === undefined ? message : `${message} (${hint})` };
  }
}

async function engineCheck(): Promise<Check> {
  try {
    const { version } = await import('@duckdb/node-api');
    return { what: 'query engine', ok: true, answer: `DuckDB ${version()}` };
  } catch (error) {
    return { what: 'query engine', ok: false, answer: toPipelineError(error).message };
  }
}

function print(
  session: Session,
  settings: readonly { name: string; value: string; origin: string }[],
  checks: readonly Check[],
): void {
  const options = { widthMax: widthOf(session) };
  const heads = (...names: string[]) => names.map((name) => ({ name, align: 'left' as const }));
  const { stdout } = session.io;
  const rows = settings.map(({ name, value, origin }) => [name, value, origin]);
  stdout.write(`${formatTable(heads('setting', 'value', 'from'), rows, options)}\n`);
  const answers = checks.map(({ what, ok, answer }) => [ok ? 'ok' : 'FAILED', what, answer]);
  stdout.write(formatTable(heads('check', 'of', 'answer'), answers, options));
}
