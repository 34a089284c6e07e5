import { toPipelineError } from '../../core/error.ts';
import type { ParameterSpec, RunIdentity, Step, StepPorts, StepResult } from '../../ports/step.ts';
import { outcomeNotice, unrecordedNotice } from './outcome-notice.ts';
import { recordRunEnd, type RunFigures, type RunRecord, type StepRecord } from './run-record.ts';
import { addRun } from './totals.ts';
import { isWholeRun } from './whole-run.ts';

/** A run that has ended, as an addition to the exit handler sees it. */
export interface RunClosing {
  run: RunIdentity;
  record: RunRecord;
  parameters: Readonly<Record<string, string>>;
}

/** What a pipeline adds to the exit handler; each part may be left out. */
export interface ExitAddition {
  /** Parameters beside those that every exit handler has. */
  parameters?: readonly ParameterSpec[];
  /** Figures of the run that the sums over its steps do not give. */
  figures?: (
    steps: readonly StepRecord[],
    ports: StepPorts,
    run: RunIdentity,
  ) => Promise<RunFigures>;
  /** Bookkeeping of the pipeline's own, after the run record is kept and before the notice; it must not throw. */
  close?(ports: StepPorts, closing: RunClosing): Promise<void>;
  /** Lines of the notice, before those of the problems. */
  lines?(record: RunRecord): string[];
}

/**
 * The exit handler of a pipeline: the run record, the totals, then one notice for the run's outcome; none of a good
 * run that is not whole (`isWholeRun`).
 */
export function exitStep(addition: ExitAddition = {}): Step {
  return {
    name: 'exit',
    summary: 'Write the run record and send the notice of how the run ended',
    parameters: [
      { name: 'status', description: 'How the workflow ended: Succeeded, Failed or Error' },
      { name: 'duration', description: 'Seconds that the workflow took', default: '' },
      { name: 'dry-run', description: 'true: the run was to change nothing', default: 'false' },
      ...(addition.parameters ?? []),
    ],
    run: (ports, parameters, run) => endRun(ports, { parameters, run, addition }),
  };
}

/** The exit handler of a pipeline that adds nothing to it. */
export const exit: Step = exitStep();

async function endRun(
  ports: StepPorts,
  ending: Omit<RunClosing, 'record'> & { addition: ExitAddition },
): Promise<StepResult> {
  const { parameters, run, addition } = ending;
  const isSuccess = parameters['status'] === 'Succeeded';
  const record = await recordEnd(ports, ending, isSuccess);
  const isDryRun = parameters['dry-run'] === 'true';
  const isWhole = isWholeRun({ ...record, isSuccess, isDryRun });
  await addRun(ports.records, record, { isWhole });
  await addition.close?.(ports, { run, record, parameters });
  if (isDryRun || (isSuccess && !isWhole)) return { outputs: {}, counts: {}, problems: [] };
  await ports.notifier.send(outcomeNotice(run, record, addition.lines?.(record) ?? []));
  return { outputs: {}, counts: {}, problems: [] };
}

/** The record of the run; where it cannot be kept, people are told of a failed run all the same. */
async function recordEnd(
  ports: StepPorts,
  { parameters, run, addition }: Omit<RunClosing, 'record'> & { addition: ExitAddition },
  isSuccess: boolean,
): Promise<RunRecord> {
  try {
    return await recordRunEnd(ports.records, run, {
      isSuccess,
      endedAt: ports.clock.now(),
      figures: async (steps) => (await addition.figures?.(steps, ports, run)) ?? {},
    });
  } catch (thrown) {
    if (!isSuccess && parameters['dry-run'] !== 'true' && !ports.signal.aborted) {
      const { message } = toPipelineError(thrown);
      await ports.notifier.send(unrecordedNotice(run, parameters['status'] ?? '', message));
    }
    throw thrown;
  }
}
