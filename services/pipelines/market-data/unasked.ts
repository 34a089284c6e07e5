import { PipelineError } from '../../core/error.ts';
import { type Parameters, switchParameter } from '../../core/parameter.ts';
import type { RunIdentity, StepPorts } from '../../ports/step.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import { type Extraction, extractionsOf, type ShardPlan } from './ledger.ts';

/** Kinds of failure that are no answer about the symbol: it has not been asked for. */
const NO_ANSWER = new Set<string | null>(['unavailable', 'denied']);

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
  for (const symbol of await plannedSymbols(ports, run, parameters['shards'] ?? '[]')) {
    const { records, signal } = ports;
    const found = await records.get<Extraction>(extractionsOf(run.logicalDate), symbol, { signal });
    const isAnswered = found?.runId === run.runId && !NO_ANSWER.has(found.kind);
    if (!isAnswered || (isStrict && found.outcome !== 'landed')) lost.push(symbol);
  }
  if (lost.length === 0) return;
  throw new PipelineError('not-found', `not extracted: ${lost.join(', ')}`, {
    hint: 'their extract steps tell why; the others are loaded and checked, and the next run goes on with these',
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
