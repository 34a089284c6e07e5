import type { Pipeline, QualityCheck } from '../../ports/step.ts';
import { catalogue } from './catalogue.ts';
import { FEED_CHECK, gate } from './gate.ts';
import { merge } from './merge.ts';
import { FEED_NAMES } from './raw-key.ts';
import { refresh } from './refresh.ts';
import { rulesOf } from './rules.ts';
import { exit } from './spend.ts';
import { transformStep } from './transform.ts';
import { FILE_CHECK, validate } from './validate.ts';
import { verdict } from './verdict.ts';

/** Three zones from raw shop files to curated tables behind a quality gate (requirements chapter 3). */
export const commerce: Pipeline = {
  name: 'commerce',
  summary: 'Shop feeds checked, cleaned and joined to curated tables behind a quality gate',
  steps: [
    validate,
    catalogue,
    transformStep('transactions'),
    transformStep('products'),
    transformStep('clickstream'),
    transformStep('reviews'),
    gate,
    merge,
    refresh,
    verdict,
    exit,
  ],
  checks: [
    { name: FILE_CHECK, summary: 'files that were refused' },
    { name: FEED_CHECK, summary: 'feeds that have not brought a table' },
    ...checksOfRules(),
  ],
};

/** The names of the rules do not depend on their thresholds. */
function checksOfRules(): QualityCheck[] {
  const thresholds = {
    minTransactions: 0,
    minProducts: 0,
    maxNullShare: 0,
    freshnessHours: 48,
    anomalyDeviations: 3,
  };
  return FEED_NAMES.flatMap((name) => rulesOf(name, thresholds, '1970-01-01')).map(
    ({ name, summary }) => ({ name, summary: `rows that break: ${summary}` }),
  );
}
