import type { Pipeline } from '../../ports/step.ts';
import { exit } from '../../stages/observe/exit.ts';
import { plan } from './plan.ts';
import { profile } from './profile.ts';
import { record } from './record.ts';

/** Any CSV that arrives, profiled: schema, statistics, quality, one record a version (requirements chapter 5). */
export const csvIntake: Pipeline = {
  name: 'csv-intake',
  summary: 'Any CSV that arrives: schema, statistics, quality issues, and SQL over its rows',
  steps: [plan, profile, record, exit],
};
