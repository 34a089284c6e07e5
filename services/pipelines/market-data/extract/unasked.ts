import { type ErrorKind, PipelineError } from '../../../core/error.ts';
import { type Parameters, switchParameter } from '../../../core/parameter.ts';
import type { RunIdentity, StepPorts } from '../../../ports/step.ts';
import { stepCollection } from '../../../stages/observe/run-record.ts';
import { answersOf, type Extraction, type ShardPlan } from '../plan/ledger.ts';

/** Kinds of failure that are no word of the service about the symbol; a run that fails of several is of the first. */
const NO_ANSWER: readonly ErrorKind[] = ['denied', 'config-invalid', 'not-found', 'unavailable'];

/** Symbols of which the failure tells why; the problems of the run have them all. */
const TOLD_MAX = 3;

/**
 * The engine takes a run for good whose last step is: a symbol that this run was to ask for and could not, because the
 * service was out of reach or took no key, must fail it all the same. `strict` asks that every symbol was landed.
 */
export async function refuseUnasked(
  ports: StepPorts,
  run: RunIdentity,
  parameters: Parameters,
): Promise<void> {
  const isStrict = switchParameter(parameters, 'strict');
  const lost: string[] = [];
  const kinds = new Set<ErrorKind>();
  for (const symbol of await plannedSymbols(ports, run, parameters['shards'] ?? '[]')) {
    const { records, signal } = ports;
    const found = await records.get<Extraction>(answersOf(run), symbol, { signal });
    const kind = found === null ? 'not-found' : found.kind;
    if (kind === null || (!isStrict && !NO_ANSWER.includes(kind))) continue;
    lost.push(found?.message ?? `${symbol}: not asked for`);
    kinds.add(kind);
  }
  if (lost.length === 0) return;
  const kind = NO_ANSWER.find((one) => kinds.has(one)) ?? 'not-found';
  const more = lost.length > TOLD_MAX ? `; and ${lost.length - TOLD_MAX} more` : '';
  throw new PipelineError(kind, `not extracted: ${lost.slice(0, TOLD_MAX).join('; ')}${more}`, {
    hint: 'the others are loaded and checked; the next run goes on with these',
  });
}

async function plannedSymbols(
  { records, signal }: StepPorts,
  run: RunIdentity,
  shards: string,
): Promise<string[]> {
  const names: unknown = JSON.parse(shards);
  const symbols: string[] = [];
  for (const name of Array.isArray(names) ? names : []) {
    const plan = await records.get<ShardPlan>(stepCollection(run), String(name), { signal });
    symbols.push(...(plan?.calls ?? []).map(({ symbol }) => symbol));
  }
  return symbols;
}
