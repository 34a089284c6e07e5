import { PipelineError } from '../../core/error.ts';
import type { RunIdentity, StepPorts } from '../../ports/step.ts';
import {
  allRecords,
  PARSER_VERSION,
  planCollection,
  REFUSED_CSVS,
  type RefusedCsvRecord,
  SHARD_PREFIX,
  type TransformPlan,
} from './ledger.ts';
import { csvStem } from './vintage.ts';

/**
 * Throws `input-invalid` when the run had CSVs to transform and all of them, in whichever shard, were refused: a run
 * never succeeds with no file (decisions). One bad CSV among good ones is a problem of the run, not its end.
 */
export async function refuseWhenNoneIsRead(
  { records }: Pick<StepPorts, 'records'>,
  run: RunIdentity,
): Promise<void> {
  const refused = await allRecords<RefusedCsvRecord>(records, REFUSED_CSVS);
  const messages: string[] = [];
  for await (const { id, value } of records.scan<TransformPlan>(planCollection(run))) {
    if (!id.startsWith(SHARD_PREFIX)) continue;
    for (const csv of value.csvs) {
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
