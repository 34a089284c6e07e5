import { PipelineError } from '../../../core/error.ts';
import type { Step, StepResult } from '../../../ports/step.ts';
import { FEED_NAMES } from '../door/raw-key.ts';

/**
 * Ends the run as failed when a file or a feed was refused on the way (requirements 3.4), after everything that does not
 * depend on it is done.
 */
export const verdict: Step = {
  name: 'verdict',
  summary: 'Fail the run when a file or a feed was refused, after all the rest is done',
  parameters: [
    { name: 'refused', description: 'Files that validate has refused', default: '0' },
    ...FEED_NAMES.map((name) => ({
      name,
      description: `How the step ${name} ended`,
      default: 'Succeeded',
    })),
  ],
  async run(ports, parameters): Promise<StepResult> {
    const failed = FEED_NAMES.filter((name) =>
      /^(?:Failed|Error|Omitted)$/.test(parameters[name] ?? ''),
    );
    if (failed.length > 0)
      throw new PipelineError(
        'quality-failed',
        `feeds that could not be made: ${failed.join(', ')}`,
        {
          hint: 'the other feeds are published; argosy status commerce tells why these failed',
        },
      );
    const refused = Number(parameters['refused'] ?? '0');
    if (refused > 0)
      throw new PipelineError(
        'input-invalid',
        `${refused} ${refused === 1 ? 'file was' : 'files were'} refused; all others are published`,
        { hint: `read the reasons below ${ports.store.url}/quarantine/` },
      );
    return { outputs: {}, counts: {}, problems: [] };
  },
};
