import { PipelineError } from '../../core/error.ts';
import type { PartitionTable } from '../../core/partition.ts';
import type { CataloguePipeline } from '../../stages/observe/catalogue/catalogue.ts';
import { readPartitions } from '../run/partitions.ts';
import type { Session } from '../session.ts';

/** How the partitions of the pipelines that have run stand. A ledger that cannot be read is told and left out. */
export async function partitionStates(
  session: Session,
  pipelines: readonly CataloguePipeline[],
): Promise<Map<string, PartitionTable>> {
  const states = new Map<string, PartitionTable>();
  for (const { name } of pipelines.filter(({ hasRun }) => hasRun)) {
    try {
      const found = await readPartitions(session, name, { from: null, to: null });
      if (found !== null) states.set(name, found.table);
    } catch (error) {
      if (!(error instanceof PipelineError) || error.kind === 'interrupted') throw error;
      session.log.warn('catalogue.partitions', { pipeline: name, reason: error.message });
    }
  }
  return states;
}
