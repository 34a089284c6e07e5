import type { Pipeline, QualityCheck } from '../../ports/step.ts';
import { arrivals } from './upload/arrivals.ts';
import { exit } from './exit.ts';
import { extract } from './extract/extract.ts';
import { load } from './load/load.ts';
import { processStep, UPLOAD_CHECK } from './upload/process.ts';
import { quality } from './quality.ts';
import { inFlightRules, nineRules, postLoadRules } from './rules.ts';
import { transform } from './clean/transform.ts';

/** Card transactions and customers to the warehouse, every reject accounted for (requirements chapter 4). */
export const finance: Pipeline = {
  name: 'finance',
  summary: 'Card transactions cleaned, checked, risk-scored and loaded to the warehouse',
  steps: [extract, transform, load, quality, processStep, exit],
  checks: [
    ...checksOfRules(),
    { name: UPLOAD_CHECK, summary: 'rows of an upload that are not in its output' },
  ],
  arrivals,
  sideBuckets: ['processed'],
};

/** The names of the rules do not depend on their thresholds. */
function checksOfRules(): QualityCheck[] {
  const rules = [
    ...inFlightRules({ rowsMin: 0, nullShareMax: 0, duplicateShareMax: 0 }),
    ...nineRules({ rowsMin: 0 }, '1970-01-01'),
    ...postLoadRules({ logicalDate: '1970-01-01', missingSql: 'SELECT 0' }),
  ];
  return rules.map(({ name, summary }) => ({ name, summary: `rows that break: ${summary}` }));
}
