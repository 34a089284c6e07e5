import type { Arrivals } from '../../../ports/step.ts';
import { RAW } from './raw-key.ts';

/** Feeds are put there many files at a time, and one run takes all that are there. */
const TOGETHER_MS = 5_000;
const ENDINGS = ['.csv', '.json', '.jsonl'] as const;

/** What arrives from outside in the bucket of commerce: files below `raw/`, which share one run. */
export const arrivals: Arrivals = {
  prefix: RAW,
  suffixes: ENDINGS.flatMap((ending) => [ending, `${ending}.gz`]),
  isDeep: true,
  togetherMs: TOGETHER_MS,
  parameters: () => ({}),
};
