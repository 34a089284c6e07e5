import { encodeEventKey } from '../../core/key.ts';
import type { Pipeline } from '../../ports/step.ts';
import { exit } from '../../stages/observe/exit.ts';
import { plan } from './plan.ts';
import { profile } from './profile.ts';
import { record } from './record.ts';
import { ENDINGS, UPLOADS } from './upload.ts';

/** Any CSV that arrives, profiled: schema, statistics, quality, one record a version (requirements chapter 5). */
export const csvIntake: Pipeline = {
  name: 'csv-intake',
  summary: 'Any CSV that arrives: schema, statistics, quality issues, and SQL over its rows',
  steps: [plan, profile, record, exit],
  checks: [
    { name: 'csv-readable', summary: 'files that are no table, or break off' },
    { name: 'row-whole', summary: 'rows with fewer or more fields than the header' },
    { name: 'cell-valid', summary: "cells that are not of their column's type" },
  ],
  arrivals: {
    prefix: UPLOADS,
    suffixes: ENDINGS,
    isDeep: true,
    // Encoded as in a notification: a key may hold braces, in which the engine would look for tags.
    parameters: ([arrival]) => (arrival ? { 'event-key': encodeEventKey(arrival.key) } : {}),
  },
};
