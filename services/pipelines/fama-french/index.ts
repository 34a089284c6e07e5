import type { Pipeline } from '../../ports/step.ts';
import { exit } from '../../stages/observe/exit.ts';
import { catalogue } from './catalogue.ts';
import { extract } from './extract.ts';
import { fetch } from './fetch.ts';
import { isFetched, LANDING_PREFIX } from './landed.ts';
import { tables } from './tables.ts';
import { transform } from './transform.ts';

/** ZIPs are put there many at a time, and one run works on all that are there. */
const ARRIVALS_TOGETHER_MS = 2_000;

/** Fama-French portfolio files from their archive page to Parquet and SQL (requirements chapter 1). */
export const famaFrench: Pipeline = {
  name: 'fama-french',
  summary: 'Fama-French portfolio files, every vintage, to Parquet and SQL',
  steps: [fetch, extract, transform, catalogue, tables, exit],
  checks: [
    { name: 'link-downloaded', summary: 'links of the archive page that gave no ZIP' },
    { name: 'archive-kept', summary: 'landed ZIPs that are gone and that no link leads to' },
    { name: 'archive-readable', summary: 'ZIPs that are damaged, empty or without a CSV' },
    { name: 'csv-readable', summary: 'CSVs in which no table was found' },
    {
      name: 'row-valid',
      summary: 'lines in quarantine, and rows of another width than their header',
    },
    { name: 'cell-numeric', summary: 'cells that hold no number and have become NULL' },
    { name: 'row-count', summary: 'tables with other than dates × portfolios rows; stops the run' },
    {
      name: 'object-present',
      summary: 'committed objects that are gone, or of a vintage not whole',
    },
    { name: 'table-whole', summary: 'tables whose rows are not those of the map; stops the run' },
  ],
  arrivals: {
    prefix: LANDING_PREFIX,
    suffixes: ['.zip'],
    isDeep: false,
    isOurs: isFetched,
    togetherMs: ARRIVALS_TOGETHER_MS,
    parameters: () => ({ fetch: 'false' }),
  },
};
