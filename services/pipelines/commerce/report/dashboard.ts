import { join } from 'node:path';
import type { Step, StepResult } from '../../../ports/step.ts';
import { publishedParts } from '../answer/database.ts';
import { commerceReport } from '../report.ts';

/** Where the dashboard page is: the newest one, and that of each day. */
export const DASHBOARD = 'reports/dashboard/';

/**
 * Writes the dashboard of what readers see to the bucket (requirements 3.14: hourly), as of the newest published day. A
 * page that says the same is not written again; before anything is published there is none.
 */
export const dashboard: Step = {
  name: 'dashboard',
  summary: 'Write the dashboard page to the bucket',
  parameters: [],
  async run(ports): Promise<StepResult> {
    const { store, signal, scratch, records } = ports;
    const cache = join(scratch, 'cache');
    if ((await publishedParts(ports)).length === 0) return nothingYet();
    const page = await commerceReport({ ports: { ...ports, cache }, records, logicalDate: null });
    const bytes = Buffer.from(page.html);
    let written = 0;
    for (const name of [`${page.logicalDate}.html`, 'index.html']) {
      const stored = await store.get(`${DASHBOARD}${name}`, { signal });
      if (stored !== null && Buffer.compare(stored, bytes) === 0) continue;
      await store.put(`${DASHBOARD}${name}`, bytes, { signal });
      written += 1;
    }
    return {
      // It says nothing of whether the pipeline is well.
      outputs: { key: `${DASHBOARD}index.html`, whole: 'false' },
      counts: { objectsWritten: written, objectsSkipped: 2 - written },
      problems: [],
    };
  },
};

function nothingYet(): StepResult {
  const message = 'nothing is published yet';
  return {
    outputs: { key: '', whole: 'false' },
    counts: {},
    problems: [{ object: DASHBOARD, message }],
  };
}
