import type { Pipeline } from '../../ports/step.ts';
import { exit } from '../../stages/observe/exit.ts';
import { transformStep } from './transform.ts';
import { FILE_CHECK, validate } from './validate.ts';

/** Three zones from raw shop files to curated tables behind a quality gate (requirements chapter 3). */
export const commerce: Pipeline = {
  name: 'commerce',
  summary: 'Shop feeds checked, cleaned and joined to curated tables behind a quality gate',
  steps: [
    validate,
    transformStep('transactions'),
    transformStep('products'),
    transformStep('clickstream'),
    transformStep('reviews'),
    exit,
  ],
  checks: [{ name: FILE_CHECK, summary: 'files that were refused' }],
};
