import type { Pipeline, QualityCheck } from '../../ports/step.ts';
import { arrivals } from './door/arrivals.ts';
import { catalogue } from './door/catalogue.ts';
import { FEED_CHECK, gate } from './gate/gate.ts';
import { merge } from './merge/merge.ts';
import { FEED_NAMES } from './door/raw-key.ts';
import { refresh } from './set/refresh.ts';
import { rulesOf } from './gate/rules.ts';
import { dashboard } from './report/dashboard.ts';
import { exit } from './upkeep/spend.ts';
import { transformStep } from './feed/transform.ts';
import { FILE_CHECK, validate } from './door/validate.ts';
import { verdict } from './gate/verdict.ts';

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
    dashboard,
    exit,
  ],
  checks: [
    { name: FILE_CHECK, summary: 'files that were refused' },
    { name: FEED_CHECK, summary: 'feeds that have not brought a table' },
    ...checksOfRules(),
  ],
  arrivals,
};

/** The names of the rules do not depend on their thresholds. */
function checksOfRules(): QualityCheck[] {
  const thresholds = {
    minTransactions: 0,
    minProducts: 0,
    maxNullShare: 0,
    maxRejectShare: 0,
    freshnessHours: 48,
    anomalyDeviations: 3,
  };
  return FEED_NAMES.flatMap((name) => rulesOf(name, thresholds, '1970-01-01')).map(
    ({ name, summary }) => ({ name, summary: `rows that break: ${summary}` }),
  );
}
