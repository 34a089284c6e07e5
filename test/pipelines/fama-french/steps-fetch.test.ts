import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PipelineError } from '../../../services/core/error.ts';
import type { Source } from '../../../services/ports/source.ts';
import { csvRecords } from '../../support/csv-rows.ts';
import { contentOf, goodRun, recordOf, resultOf, runPipeline } from '../../support/pipeline.ts';
import { type StepsBench, stepsBench } from '../../support/steps-bench.ts';
import {
  siteOf,
  tinyCsv,
  tinySite,
  type TinySite,
  zipOf,
  zipPath,
} from '../../support/tiny-site.ts';

const LOG = 'logs/download_logs/ingestion_log_20261121_120000.csv';

let steps: StepsBench;
let site: TinySite;

async function begin(of: TinySite): Promise<void> {
  site = of;
  steps = await stepsBench(site);
}

const good = (made: string) => zipOf({ '6_Portfolios_2x3.CSV': tinyCsv({ made }) });

/** The source of the site, but for what `fails` names. */
function failing(fails: (url: string) => PipelineError | null): Source {
  return {
    fetch: async (request) => {
      const error = fails(request.url);
      if (error) throw error;
      return site.source.fetch(request);
    },
  };
}

beforeEach(() => begin(tinySite()));
afterEach(() => steps[Symbol.asyncDispose]());

describe('a run that cannot fetch', () => {
  it.each([
    ['no link at all', () => siteOf({})],
    ['only links before 2017', () => siteOf({ [zipPath('201507')]: good('201507') })],
    ['only links that are no CSV', () => siteOf({ 'ftp/readme_2017.html': good('201707') })],
  ])('(%s) is input-invalid, and says that the page has changed', async (_what, makeSite) => {
    await steps[Symbol.asyncDispose]();
    await begin(makeSite());
    const { error } = await runPipeline(steps.bench);
    expect(error).toMatchObject({
      kind: 'input-invalid',
      message: expect.stringContaining('no link to a CSV ZIP'),
      hint: expect.stringContaining('the page has changed'),
    });
    expect(await contentOf(steps.store)).toEqual(new Map());
  });

  it.each(['unavailable', 'not-found', 'denied'] as const)(
    'because the page is %s fails as that, sends a notice and leaves a failed record',
    async (kind) => {
      const source = failing(() => new PipelineError(kind, 'the page: no answer'));
      const { error, notices } = await runPipeline({ ...steps.bench, source });
      expect(error).toMatchObject({ kind });
      expect(notices).toMatchObject([
        { severity: 'error', title: expect.stringContaining('the page: no answer') },
      ]);
      expect(await recordOf(steps.store)).toMatchObject({ status: 'failed', error_class: kind });
      expect(await contentOf(steps.store)).toEqual(new Map());
    },
  );

  it.each([
    ['not-found', 'not-found', 'not-found'],
    ['throttled', 'throttled', 'throttled'],
    ['not-found', 'unavailable', 'unavailable'],
  ] as const)(
    'any ZIP (%s, %s) fails as %s and names each in the log',
    async (one, other, kind) => {
      const source = failing((url) =>
        url.endsWith('.zip')
          ? new PipelineError(url.includes('201707') ? one : other, `${url}: failed, "badly"`)
          : null,
      );
      const { error } = await runPipeline({ ...steps.bench, source });
      expect(error).toMatchObject({
        kind,
        message: expect.stringContaining('all 4 downloads failed'),
      });
      const records = csvRecords(await steps.text(LOG));
      expect(records.map(({ status }) => status)).toEqual(
        site.links.map((path) => expect.stringMatching(`^failed: .*${path}: failed, "badly"$`)),
      );
      expect(await steps.keys('raw_data/')).toEqual([]);
      expect(await steps.keys('ingestion_map/')).toEqual([]);
    },
  );

  it('after a good one changes nothing that is visible, and the next good run is clean', async () => {
    await goodRun(steps.bench);
    const before = await contentOf(steps.store);
    const source = failing(() => new PipelineError('unavailable', 'the site is down'));
    const { error } = await runPipeline({ ...steps.bench, source }, { runId: 'run-2' });
    expect(error).toMatchObject({ kind: 'unavailable' });
    expect(await contentOf(steps.store)).toEqual(before);
    await goodRun(steps.bench, { runId: 'run-3' });
    expect(await contentOf(steps.store)).toEqual(before);
  });
});

describe('fetch', () => {
  it('goes on when the site goes away in the middle, and the next run fetches only what is missing', async () => {
    let left = 2;
    const source = failing(() =>
      (left -= 1) < 0 ? new PipelineError('unavailable', 'gone') : null,
    );
    const first = await goodRun({ ...steps.bench, source });
    expect(resultOf(first, 'fetch')).toMatchObject({
      outputs: { landed: '1', pending: '1' },
      counts: { objectsFailed: 3 },
    });
    const second = await goodRun(steps.bench, { runId: 'run-2' });
    expect(resultOf(second, 'fetch').outputs).toEqual({ landed: '2', pending: '2' });
    const clean = await stepsBench(site);
    await goodRun(clean.bench);
    expect(await contentOf(steps.store)).toEqual(await contentOf(clean.store));
    await clean[Symbol.asyncDispose]();
  });

  it('with min-year takes what is older or newer', async () => {
    const { error } = await runPipeline(steps.bench, { parameters: { 'min-year': '2018' } });
    expect(error).toBeNull();
    expect(await steps.keys('raw_data/csv/')).toEqual([
      'raw_data/csv/january18_6_Portfolios_2x3.CSV',
    ]);
  });

  it.each([
    ['2017', ['july17']],
    ['2017-07', ['july17']],
    ['2018-01', ['january18']],
    ['2018', ['january18']],
  ])('with vintage %s takes that and leaves the others', async (vintage, months) => {
    await goodRun(steps.bench, { parameters: { vintage } });
    expect(await steps.keys('raw_data/csv/')).toEqual(
      months.map((month) => `raw_data/csv/${month}_6_Portfolios_2x3.CSV`),
    );
  });

  it('with a vintage that is not there is not-found and names those that are', async () => {
    const { error } = await runPipeline(steps.bench, { parameters: { vintage: '2017-08' } });
    expect(error).toMatchObject({
      kind: 'not-found',
      hint: expect.stringContaining('2017-07, 2018-01'),
    });
  });

  it('of one vintage keeps the others visible that were there', async () => {
    await goodRun(steps.bench, { parameters: { vintage: '2018' } });
    await goodRun(steps.bench, { runId: 'run-2', parameters: { vintage: '2017' } });
    const { rows } = await steps.withDatabase((db) =>
      db.select('SELECT DISTINCT ingestion_date FROM raw_data ORDER BY 1'),
    );
    expect(rows).toEqual([['2017-07-31'], ['2018-01-31']]);
  });

  it('as a dry run says what it would fetch and changes nothing', async () => {
    const outcome = await goodRun(steps.bench, { parameters: { 'dry-run': 'true' } });
    expect(resultOf(outcome, 'fetch')).toMatchObject({ outputs: { pending: '0' } });
    expect(outcome.logged.filter(({ event }) => event === 'fetch.planned')).toHaveLength(4);
    expect(await contentOf(steps.store)).toEqual(new Map());
    expect(await steps.keys('logs/')).toEqual([]);
  });

  it('quotes what a log CSV must quote', async () => {
    const message = 'said "no", twice,\r\nand left';
    const source = failing((url) =>
      url.includes('201801') ? new PipelineError('denied', message) : null,
    );
    await goodRun({ ...steps.bench, source });
    const records = csvRecords(await steps.text(LOG));
    expect(records[1]).toMatchObject({ status: `failed: ${message}`, s3_path: '' });
    expect(records).toHaveLength(4);
  });

  it('lands a ZIP again that has been removed from the store', async () => {
    await goodRun(steps.bench);
    const before = await contentOf(steps.store);
    const zip = [...before.keys()].find((key) => key.endsWith('.zip')) ?? '';
    await steps.store.delete(zip);
    await goodRun(steps.bench, { runId: 'run-2' });
    expect(await contentOf(steps.store)).toEqual(before);
  });
});
