import type { Pipeline } from '../../ports/step.ts';
import { exit } from '../../stages/observe/exit.ts';
import { extract } from './extract.ts';
import { load } from './load.ts';
import { plan } from './plan.ts';
import { quality } from './quality.ts';
import { marketRules } from './rules.ts';
import { transform } from './transform.ts';

/** A day for names alone: those of the rules are the same on every day. */
const SOME_DAY = { expected: '2026-01-05', today: '2026-01-05', movesFrom: '2026-01-05' };

/** Daily prices from Alpha Vantage to a warehouse, re-runnable for any day (requirements chapter 2). */
export const marketData: Pipeline = {
  name: 'market-data',
  summary: 'Daily prices from Alpha Vantage to a warehouse fact table, re-runnable for any day',
  steps: [plan, extract, load, transform, quality, exit],
  checks: [
    { name: 'symbol-landed', summary: 'symbols for which the service gave no prices' },
    { name: 'reply-readable', summary: 'landed replies that are gone or hold no prices' },
    { name: 'row-castable', summary: 'days in quarantine, whose date or a value is none' },
    ...marketRules({ ...SOME_DAY, zeroVolume: 'block' }).map(({ name, severity }) => ({
      name,
      summary: `rows, symbols or days that break the rule${severity === 'block' ? '; stops the run' : ''}`,
    })),
  ],
};
