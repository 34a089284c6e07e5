import pLimit from 'p-limit';
import { PipelineError } from '../../core/error.ts';
import { switchParameter } from '../../core/parameter.ts';
import type { RunIdentity, Step, StepPorts, StepResult } from '../../ports/step.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import { allSettled } from '../../stages/shape/settle.ts';
import { keepVersion } from './ledger.ts';
import { resultId, type ShardResult } from './profile.ts';
import type { Summary } from './summary.ts';

const RECORDS_AT_ONCE = 8;

/** Keeps a record of every version that the run has profiled, and shows the newest of each file. */
export const record: Step = {
  name: 'record',
  summary: 'Keep the record of each profiled file and write its summary',
  parameters: [
    { name: 'shards', description: 'The shards that were profiled, as a JSON list' },
    { name: 'force', description: 'Replace a record that is there', default: 'false' },
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const isForced = switchParameter(parameters, 'force');
    const { summaries, missing } = await profiled(ports, run, parameters['shards'] ?? '[]');
    const limit = pLimit(RECORDS_AT_ONCE);
    const written = await allSettled(
      summaries.map((summary) => limit(() => keepVersion(ports, summary, isForced))),
    );
    if (missing.length > 0) throw lost(missing);
    const objectsWritten = written.filter(Boolean).length;
    const errors = summaries.filter(({ status }) => status === 'error').length;
    return {
      outputs: {
        recorded: String(summaries.length),
        errors: String(errors),
      },
      counts: { objectsWritten, objectsSkipped: summaries.length - objectsWritten },
      problems: [],
    };
  },
};

/** What the shards' steps have left behind, and the shards that left nothing. */
async function profiled(
  { records, signal }: StepPorts,
  run: RunIdentity,
  shards: string,
): Promise<{ summaries: Summary[]; missing: string[] }> {
  const summaries: Summary[] = [];
  const missing: string[] = [];
  for (const name of shardNames(shards)) {
    const result = await records.get<ShardResult>(stepCollection(run), resultId(name), { signal });
    if (result === null) missing.push(name);
    else summaries.push(...result.summaries);
  }
  return { summaries, missing };
}

/** The run of a shard that failed must fail, though the others were recorded. */
function lost(missing: readonly string[]): PipelineError {
  return new PipelineError('not-found', `not profiled: ${missing.join(', ')}`, {
    hint: 'their steps tell why; the next run profiles what has no record',
  });
}

function shardNames(text: string): string[] {
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list.filter((name) => typeof name === 'string') : [];
}
