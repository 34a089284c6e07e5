import type { RunIdentity } from '../../ports/step.ts';
import type { RecordStore } from '../../ports/record-store.ts';
import { stepCollection } from '../../stages/observe/run-record.ts';

/** Beside the records of the steps of a run: where transform has put its report, even when it refused the day. */
const NOTE = 'report';

interface Note {
  key: string;
}

/** Notes where the report of this run lies; a step that fails has no outputs to say it in. */
export async function noteReport(
  records: RecordStore,
  run: RunIdentity,
  key: string,
): Promise<void> {
  const note: Note = { key };
  await records.put(stepCollection(run), NOTE, note);
}

/** The key of the report of a run; null when transform did not come to write one. */
export async function reportKeyOf(
  records: RecordStore,
  run: Pick<RunIdentity, 'pipeline' | 'runId'>,
): Promise<string | null> {
  return (await records.get<Note>(stepCollection(run), NOTE))?.key ?? null;
}
