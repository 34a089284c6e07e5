import { PipelineError } from '../../core/error.ts';
import { findWing, WINGS } from '../commands.ts';
import type { Work } from '../program.ts';
import { checkedDate } from '../run/run-identity.ts';
import { run } from './run.ts';

/** `argosy backfill`: a run that loads landed days again and asks their source for nothing. */
export const backfill: Work = async (session, given) => {
  const pipeline = given.args[0] ?? '';
  const wing = findWing(pipeline);
  if (wing.backfill === undefined) throw noBackfill(pipeline);
  const from = checkedDate(given.flags.from ?? '');
  const to = checkedDate(given.flags.to ?? '');
  if (from > to) {
    throw new PipelineError('config-invalid', `--from ${from} is after --to ${to}`, {
      hint: 'give the earlier day as --from',
    });
  }
  const own = Object.entries(wing.backfill({ from, to })).map(
    ([name, value]) => `${name}=${value}`,
  );
  // Those of -p come last, so that they win.
  const parameter = [...own, ...(given.flags.parameter ?? [])];
  return run(session, { ...given, flags: { ...given.flags, parameter } });
};

function noBackfill(pipeline: string): PipelineError {
  const those = Object.keys(WINGS).filter((name) => 'backfill' in (WINGS[name] ?? {}));
  return new PipelineError('config-invalid', `pipeline ${pipeline} has no backfill`, {
    hint: `those that have one: ${those.join(', ')}`,
  });
}
