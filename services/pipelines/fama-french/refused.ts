import { PipelineError } from '../../core/error.ts';
import type { RunIdentity, StepPorts } from '../../ports/step.ts';
import {
  allRecords,
  EXTRACT_PLAN,
  type ExtractPlan,
  PARSER_VERSION,
  REFUSED_CSVS,
  type RefusedCsvRecord,
  SHARD_COUNT,
  SHARD_PREFIX,
  type ShardCount,
  type TransformPlan,
} from './ledger.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';
import { csvStem } from './vintage.ts';

/**
 * Throws `input-invalid` when the run had CSVs to transform and all of them, in whichever shard, were refused: a run
 * never succeeds with no file (decisions). One bad CSV among good ones is a problem of the run, not its end.
 */
export async function refuseWhenNoneIsRead(
  { records }: Pick<StepPorts, 'records'>,
  run: RunIdentity,
): Promise<void> {
  const plans = stepCollection(run);
  const extract = await records.get<ExtractPlan>(plans, EXTRACT_PLAN);
  const count = await records.get<ShardCount>(plans, SHARD_COUNT);
  // What an earlier try of the run has planned beyond this is not of this one.
  const shards = extract?.archives.length === 0 ? 0 : (count?.shards ?? 0);
  const refused = await allRecords<RefusedCsvRecord>(records, REFUSED_CSVS);
  const messages: string[] = [];
  for (let shard = 0; shard < shards; shard++) {
    const plan = await records.get<TransformPlan>(plans, `${SHARD_PREFIX}${shard}`);
    for (const csv of plan?.csvs ?? []) {
      const record = refused.get(csvStem(csv.key));
      if (record?.sha256 !== csv.sha256 || record.parser !== PARSER_VERSION) return;
      messages.push(record.message);
    }
  }
  if (messages.length === 0) return;
  throw new PipelineError(
    'input-invalid',
    `none of ${messages.length} CSVs could be read; the first: ${messages[0]}`,
    { hint: 'open the CSV: its layout has changed' },
  );
}
