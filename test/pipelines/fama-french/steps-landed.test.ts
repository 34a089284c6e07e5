import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { PipelineError } from '../../../services/core/error.ts';
import { GET_BYTES_MAX } from '../../../services/core/limit.ts';
import { famaFrench } from '../../../services/pipelines/fama-french/index.ts';
import { landedByHand, landedZips } from '../../../services/pipelines/fama-french/landed.ts';
import { readKnown } from '../../../services/pipelines/fama-french/pending.ts';
import { MAP_KEY } from '../../../services/pipelines/fama-french/ingestion-map.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import { readTotals } from '../../../services/stages/observe/totals.ts';
import { isArrival } from '../../../services/events/arrival.ts';
import { brokenInvariants } from '../../support/invariants.ts';
import { contentOf, goodRun, recordOf, resultOf, runPipeline } from '../../support/pipeline.ts';
import { type StepsBench, stepsBench } from '../../support/steps-bench.ts';
import { siteOf, tinyCsv, type TinySite, zipOf, zipPath } from '../../support/tiny-site.ts';

const MEMBER = '6_Portfolios_2x3.CSV';
const good = (made: string, nudge = 0) => zipOf({ [MEMBER]: tinyCsv({ made, nudge }) });
const undated = (text = tinyCsv()) =>
  zipOf({ [MEMBER]: text.replace(/^.*CRSP database\.\n/, '\n') });

let site: TinySite;
let steps: StepsBench;
let runs = 0;

beforeEach(async () => {
  site = siteOf({ [zipPath('201707')]: good('201707') });
  // Whoever asks the archive in these runs without a fetch has done what he was told not to.
  const source: TinySite['source'] = {
    fetch: (request) => {
      asked++;
      return site.source.fetch(request);
    },
  };
  asked = 0;
  steps = await stepsBench({ source, pageUrl: site.pageUrl });
  runs = 0;
});
let asked = 0;

afterEach(async () => {
  const broken = await brokenInvariants(steps.bench, steps.bench.folder);
  await steps[Symbol.asyncDispose]();
  if (broken.length > 0) throw new Error(broken.join('\n'));
});

const land = (name: string, bytes: Uint8Array) => steps.store.put(`raw_data/${name}`, bytes);
const options = (fetch: 'true' | 'false') => ({
  runId: `run-${(runs += 1)}`,
  parameters: { fetch },
});
const runLanded = () => goodRun(steps.bench, options('false'));
const vintages = async () =>
  (
    await steps.withDatabase((db) =>
      db.select('SELECT DISTINCT CAST(ingestion_date AS VARCHAR) FROM raw_data ORDER BY 1'),
    )
  ).rows.flat();

describe('a ZIP that somebody has put into raw_data/', () => {
  it('is extracted, transformed and served without a fetch', async () => {
    await land('6_Portfolios_2x3_CSV_201801.zip', good('201801'));
    await runLanded();
    expect(asked).toBe(0);
    expect(await vintages()).toEqual(['2018-01-31']);
    expect(await steps.keys('raw_data/csv/')).toEqual([
      'raw_data/csv/january18_6_Portfolios_2x3.CSV',
    ]);
  });

  it('gives the objects that it gives when it is fetched', async () => {
    const name = '6_Portfolios_2x3_CSV_201707.zip';
    await land(name, good('201707'));
    await runLanded();
    const fetched = await stepsBench(site);
    await goodRun(fetched.bench);
    const shown = async (of: StepsBench) =>
      [...(await contentOf(of.store))]
        .filter(([key]) => /^(?:raw_data\/csv|transformed_data)\//.test(key))
        .toSorted(([one], [other]) => (one < other ? -1 : 1));
    expect((await shown(steps)).length).toBeGreaterThan(2);
    expect(await shown(steps)).toEqual(await shown(fetched));
    await fetched[Symbol.asyncDispose]();
  });

  it('is worked on once: the next run changes nothing', async () => {
    await land('x_201801.zip', good('201801'));
    await runLanded();
    const before = await contentOf(steps.store);
    const again = await runLanded();
    expect(resultOf(again, 'extract').counts.objectsRead).toBe(0);
    const data = (content: ReadonlyMap<string, string>) =>
      [...content].filter(([key]) => !key.startsWith('_records/'));
    expect(data(await contentOf(steps.store))).toEqual(data(before));
  });

  it('is found by a run that fetches, too', async () => {
    await land('x_201801.zip', good('201801'));
    await goodRun(steps.bench, options('true'));
    expect(await vintages()).toEqual(['2017-07-31', '2018-01-31']);
  });

  it('is dated by the tag of its CSV when its name tells no month', async () => {
    await land('from-a-colleague.zip', good('201902'));
    await runLanded();
    expect(await vintages()).toEqual(['2019-02-28']);
  });

  it('is not dated by the eight digits of a download in its name', async () => {
    await land('fama_french_6portfolios_2017_20261121_0a1b2c3d.zip', undated());
    await runLanded();
    expect(await vintages()).toEqual(['2017-07-31']);
  });

  it('that nothing dates is refused, kept and told of, and does not stop the others', async () => {
    await land('mystery.zip', undated());
    await land('x_201801.zip', good('201801'));
    await runLanded();
    const { problems } = await recordOf(steps.store, 'run-1');
    expect(problems).toEqual([
      {
        object: expect.stringContaining('raw_data/mystery.zip'),
        message: expect.stringContaining('names a vintage'),
      },
    ]);
    expect(await vintages()).toEqual(['2018-01-31']);
    expect(await steps.keys('raw_data/mystery.zip')).toHaveLength(1);
    await runLanded();
    expect((await recordOf(steps.store, 'run-2')).problems).toEqual([]);
  });

  it('is worked on again when it is replaced by other bytes', async () => {
    await land('x_201801.zip', zipOf({ 'readme.txt': 'no CSV' }));
    await runPipeline(steps.bench, options('false'));
    expect(await steps.keys('transformed_data/')).toEqual([]);
    await land('x_201801.zip', good('201801'));
    await runLanded();
    expect(await vintages()).toEqual(['2018-01-31']);
    await land('x_201801.zip', good('201801', 1));
    await runLanded();
    const { rows } = await steps.withDatabase((db) =>
      db.select("SELECT max(value) FROM raw_data WHERE metric_type LIKE 'value%'"),
    );
    expect(rows).toEqual([[3.5]]);
  });

  it('gives way to a download of the same vintage, whichever came first, and that is told', async () => {
    const valueOf = async () =>
      (await steps.withDatabase((db) => db.select('SELECT max(value) FROM raw_data'))).rows;
    await land('x_201707.zip', good('201707', 5_000));
    await runLanded();
    expect(await valueOf()).toEqual([[5_002.5]]);
    await goodRun(steps.bench, options('true'));
    expect(await valueOf()).toEqual([[200]]);
    await land('y_201707.zip', good('201707', 7_000));
    await runLanded();
    expect(await valueOf()).toEqual([[200]]);
    expect((await recordOf(steps.store, 'run-3')).problems).toEqual([
      expect.objectContaining({ message: expect.stringContaining('a newer download holds') }),
    ]);
  });

  it('that is damaged is named, and the run goes on', async () => {
    await land('x_201801.zip', good('201801').subarray(0, 100));
    await land('y_201802.zip', good('201802'));
    await runLanded();
    expect((await recordOf(steps.store, 'run-1')).problems).toHaveLength(1);
    expect(await vintages()).toEqual(['2018-02-28']);
  });
});

describe('a ZIP too large to be read', () => {
  const HUGE = 'raw_data/huge_201803.zip';
  const LARGE_BYTES = GET_BYTES_MAX + 1;
  beforeEach(async () => {
    await steps.store.put(HUGE, Buffer.alloc(LARGE_BYTES));
    await land('x_201801.zip', good('201801'));
  });
  // Nobody could read it to look for secrets, links and the like in it.
  afterEach(() => steps.store.delete(HUGE));

  it.each(['true', 'false'] as const)(
    'is told once and kept, and the others go on (fetch=%s)',
    async (fetch) => {
      await goodRun(steps.bench, options(fetch));
      expect(await vintages()).toContain('2018-01-31');
      expect((await recordOf(steps.store, 'run-1')).problems).toEqual([
        {
          object: `${steps.store.url}/${HUGE}`,
          message: expect.stringContaining(`${LARGE_BYTES} bytes`),
        },
      ]);
      expect(await steps.keys(HUGE)).toEqual([HUGE]);
      await goodRun(steps.bench, options(fetch));
      expect((await recordOf(steps.store, 'run-2')).problems).toEqual([]);
    },
  );

  it('is worked on when it is replaced by one that can be read', async () => {
    await runLanded();
    await steps.store.put(HUGE, good('201803'));
    await runLanded();
    expect(await vintages()).toEqual(['2018-01-31', '2018-03-31']);
  });
});

it('what earlier runs extracted is gone through once, however many ZIPs lie there', async () => {
  for (const month of ['01', '02', '03']) await land(`x_2018${month}.zip`, good(`2018${month}`));
  await runLanded();
  const { signal } = new AbortController();
  const ports = { store: steps.store, records: objectRecords(steps.store), signal };
  const known = await readKnown(ports, false);
  const gone = vi.spyOn(known.archives, 'values');
  const from = { zips: await landedZips(ports), downloads: [], known, withOwnNames: true };
  expect(await landedByHand(ports, from)).toEqual([]);
  expect(gone).toHaveBeenCalledTimes(1);
});

describe('a run without a fetch', () => {
  it('takes up what a fetch has landed before it was stopped', async () => {
    const { bench } = steps;
    const fetch = famaFrench.steps.filter(({ name }) => name === 'fetch');
    expect(fetch).toHaveLength(1);
    await goodRun(bench, options('true'));
    for (const key of await steps.keys('_commits/')) await steps.store.delete(key);
    await runLanded();
    expect(await vintages()).toEqual(['2017-07-31']);
  });

  it('ends after extract when nothing is pending and readers see all there is', async () => {
    await land('x_201801.zip', good('201801'));
    await runLanded();
    const again = await runLanded();
    expect(resultOf(again, 'extract').outputs).toMatchObject({ pending: '0', behind: 'false' });
    expect([...again.results.keys()]).toEqual(['extract', 'exit']);
  });

  it.each([
    ['the map is lost', MAP_KEY],
    ['the tables were not asked', '_records/catalogue/tables.json'],
  ])('makes up for what an earlier run has left behind: %s', async (_name, key) => {
    await land('x_201801.zip', good('201801'));
    await runLanded();
    expect(await steps.keys(key)).toEqual([key]);
    await steps.store.delete(key);
    const again = await runLanded();
    expect([...again.results.keys()]).toEqual(['extract', 'catalogue', 'tables', 'exit']);
    expect(await vintages()).toEqual(['2018-01-31']);
  });

  it('that an event has started is told of when it had work or failed, else not', async () => {
    const swept = (store = steps.store) =>
      runPipeline({ ...steps.bench, store }, { ...options('false'), trigger: 'event' });
    const totals = () => readTotals(objectRecords(steps.store), 'fama-french');
    await land('x_201801.zip', good('201801'));
    expect((await swept()).notices).toMatchObject([{ severity: 'info' }]);
    expect((await swept()).notices).toEqual([]);
    expect(await totals()).toMatchObject({ runs: { success: 1, failed: 0 } });
    const list: ObjectStore['list'] = (prefix, given) => {
      if (prefix === 'raw_data/') throw new PipelineError('unavailable', 'no answer');
      return steps.store.list(prefix, given);
    };
    expect((await swept({ ...steps.store, list })).notices).toMatchObject([{ severity: 'error' }]);
    expect(await totals()).toMatchObject({ runs: { success: 1, failed: 1 } });
  });

  it('over an empty bucket ends well and publishes nothing', async () => {
    await runLanded();
    expect(asked).toBe(0);
    expect(await steps.keys('transformed_data/')).toEqual([]);
  });
});

it.each([
  ['raw_data/x.zip', true],
  ['raw_data/X.ZIP', true],
  ['raw_data/csv/x.zip', false],
  ['raw_data/x.zip.part', false],
  ['raw_data/csv/july17_6_Portfolios_2x3.CSV', false],
  ['other/x.zip', false],
])('the object %s starts a run: %s', (key, starts) => {
  if (!famaFrench.arrivals) throw new Error('nothing arrives');
  expect(isArrival(famaFrench.arrivals, key)).toBe(starts);
  expect(famaFrench.arrivals.parameters([])).toEqual({ fetch: 'false' });
});
