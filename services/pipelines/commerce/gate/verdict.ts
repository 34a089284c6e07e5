import { PipelineError } from '../../../core/error.ts';
import type { Step, StepResult } from '../../../ports/step.ts';
import { fileRecords, isRefused } from '../door/file-record.ts';
import { refusalOf } from '../door/refusal.ts';
import { failedFeeds, FEED_ENDS } from './feed-ends.ts';

/**
 * Ends the run as failed when a file or a feed was refused on the way (requirements 3.4), after everything that does not
 * depend on it is done.
 */
export const verdict: Step = {
  name: 'verdict',
  summary: 'Fail the run when a file or a feed was refused, after all the rest is done',
  parameters: [
    { name: 'refused', description: 'Files that validate has refused', default: '0' },
    ...FEED_ENDS,
  ],
  async run(ports, parameters, run): Promise<StepResult> {
    const failed = failedFeeds(parameters);
    if (failed.length > 0)
      throw new PipelineError(
        'quality-failed',
        `feeds that could not be made: ${failed.join(', ')}`,
        {
          hint: 'what does not depend on them is published; argosy status commerce tells why they failed',
        },
      );
    const refused = (await fileRecords(ports)).filter(
      (record) => record.runId === run.runId && isRefused(record),
    );
    if (refused.length > 0) throw refusalOf(refused, wordsFor(ports.store.url));
    return { outputs: {}, counts: {}, problems: [] };
  },
};

function wordsFor(url: string): { end: string; hint: string } {
  return { end: '; all others are published', hint: `all reasons are below ${url}/quarantine/` };
}
