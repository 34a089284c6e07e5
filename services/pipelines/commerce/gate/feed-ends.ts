import type { Parameters } from '../../../core/parameter.ts';
import type { ParameterSpec } from '../../../ports/step.ts';
import { FEED_NAMES, type FeedName } from '../door/raw-key.ts';

/** How the steps of the feeds ended, in the words of the workflow engine: what comes after them is told so. */
export const FEED_ENDS: readonly ParameterSpec[] = FEED_NAMES.map((name) => ({
  name,
  description: `How the step ${name} ended`,
  default: 'Succeeded',
}));

/** Feeds of which this run has made nothing, for their step failed or did not come to its turn. */
export function failedFeeds(parameters: Parameters): readonly FeedName[] {
  return FEED_NAMES.filter((name) => /^(?:Failed|Error|Omitted)$/.test(parameters[name] ?? ''));
}
