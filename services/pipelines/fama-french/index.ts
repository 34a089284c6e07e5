import type { Pipeline } from '../../ports/step.ts';
import { exit } from '../../stages/observe/exit.ts';
import { catalogue } from './catalogue.ts';
import { extract } from './extract.ts';
import { fetch } from './fetch.ts';
import { tables } from './tables.ts';
import { transform } from './transform.ts';

/** Fama-French portfolio files from their archive page to Parquet and SQL (requirements chapter 1). */
export const famaFrench: Pipeline = {
  name: 'fama-french',
  summary: 'Fama-French portfolio files, every vintage, to Parquet and SQL',
  steps: [fetch, extract, transform, catalogue, tables, exit],
};
