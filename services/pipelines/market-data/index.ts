import type { Pipeline } from '../../ports/step.ts';
import { exit } from '../../stages/observe/exit.ts';
import { extract } from './extract/extract.ts';
import { load } from './warehouse/load.ts';
import { plan } from './plan/plan.ts';
import { quality } from './quality/quality.ts';
import { transform } from './warehouse/transform.ts';

/** Daily prices from Alpha Vantage to a warehouse, re-runnable for any day (requirements chapter 2). */
export const marketData: Pipeline = {
  name: 'market-data',
  summary: 'Daily prices from Alpha Vantage to a warehouse fact table, re-runnable for any day',
  steps: [plan, extract, load, transform, quality, exit],
  checks: [
    { name: 'symbol-landed', summary: 'symbols for which the service gave no prices' },
    { name: 'reply-readable', summary: 'landed replies that are gone or hold no prices' },
    {
      name: 'day-real',
      summary: 'days of replies in quarantine: no day, one to come, or one twice',
    },
    { name: 'row-castable', summary: 'days in quarantine, of which a value cannot be cast' },
    { name: 'null-check', summary: 'prices that are absent from a row; stops the run' },
    { name: 'price-positive', summary: 'prices of zero or less; stops the run' },
    {
      name: 'zero-volume-check',
      summary: 'days without trade; stops the run, unless zero-volume=warn',
    },
    {
      name: 'price-order',
      summary: 'rows whose high is not the highest price, or low the lowest; stops the run',
    },
    { name: 'unique-key', summary: 'rows of a symbol and day that are there twice; stops the run' },
    { name: 'future-date-check', summary: 'prices of days to come; stops the run' },
    {
      name: 'freshness-check',
      summary: '1 when the session that has to be there is not; stops the run',
    },
    { name: 'symbol-freshness', summary: 'traded symbols without that session' },
    { name: 'session-over', summary: 'earlier sessions that are as they were before their close' },
    {
      name: 'session-gap',
      summary: 'sessions that are missing between the first and last day of a symbol',
    },
    { name: 'session-day', summary: 'prices of days on which the exchanges were closed' },
    {
      name: 'daily-move',
      summary: 'closes more than 50 % away from that before, of the last 30 days',
    },
  ],
};
