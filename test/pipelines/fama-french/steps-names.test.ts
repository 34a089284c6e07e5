import { afterEach, describe, expect, it } from 'vitest';
import { brokenInvariants } from '../../support/invariants.ts';
import { contentOf, goodRun, resultOf, type RunOutcome } from '../../support/pipeline.ts';
import { type StepsBench, stepsBench } from '../../support/steps-bench.ts';
import { siteOf, tinyCsv, type TinySite, zipOf, zipPath } from '../../support/tiny-site.ts';

const MEMBER = '6_Portfolios_2x3.CSV';

let steps: StepsBench;
let site: TinySite;
let runs = 0;

async function begin(files: Record<string, Uint8Array | null>): Promise<void> {
  site = siteOf(files);
  steps = await stepsBench(site);
  runs = 0;
}

const run = (parameters: Record<string, string> = {}, logicalDate = '2026-11-21') =>
  goodRun(steps.bench, { runId: `run-${(runs += 1)}`, parameters, logicalDate });

const steppedOver = ({ results }: RunOutcome) => [...results.keys()].join(' ');
const NOTHING_NEW = 'fetch catalogue tables exit';
const good = (made: string, nudge = 0) => zipOf({ [MEMBER]: tinyCsv({ made, nudge }) });

async function visible(sql: string): Promise<unknown[][]> {
  return (await steps.withDatabase((db) => db.select(sql))).rows;
}

afterEach(async () => {
  const broken = await brokenInvariants(steps.bench, steps.bench.folder);
  await steps[Symbol.asyncDispose]();
  if (broken.length > 0) throw new Error(broken.join('\n'));
});

describe('two ZIPs that map to one name', () => {
  const [one, two] = ['a/6_Portfolios_CSV_201707.zip', 'b/6_Portfolios_CSV_201707.zip'];
  const csvKey = 'raw_data/csv/july17_6_Portfolios_2x3.CSV';
  const texts = [tinyCsv({ nudge: 1 }), tinyCsv({ nudge: 2 })];
  const both = () =>
    begin({ [one]: zipOf({ [MEMBER]: texts[0]! }), [two]: zipOf({ [MEMBER]: texts[1]! }) });

  it('of one day give one of them, the same in every bucket, and the other is named', async () => {
    await both();
    const outcome = await run();
    const { problems } = resultOf(outcome, 'extract');
    expect(problems).toEqual([
      { object: expect.stringMatching(/201707\.zip$/), message: expect.stringContaining('newer') },
    ]);
    const winner = await steps.text(csvKey);
    expect(texts).toContain(winner);
    const other = await stepsBench(siteOf(Object.fromEntries([...site.files].toReversed())));
    await goodRun(other.bench);
    expect(await other.text(csvKey)).toBe(winner);
    await other[Symbol.asyncDispose]();
  });

  it('give nothing new the second time, today or tomorrow', async () => {
    await both();
    await run();
    const before = await contentOf(steps.store);
    expect(steppedOver(await run())).toBe(NOTHING_NEW);
    expect(steppedOver(await run({}, '2026-11-22'))).toBe(NOTHING_NEW);
    expect(await contentOf(steps.store)).toEqual(before);
  });

  it.each([one, two])(
    'of which %s changes the next day give that one, for its download is the newest',
    async (changed) => {
      await both();
      await run();
      const text = tinyCsv({ nudge: 3 });
      site.files.set(changed, zipOf({ [MEMBER]: text }));
      await run({}, '2026-11-22');
      expect(await steps.text(csvKey)).toBe(text);
      const before = await contentOf(steps.store);
      expect(steppedOver(await run({}, '2026-11-23'))).toBe(NOTHING_NEW);
      expect(await contentOf(steps.store)).toEqual(before);
    },
  );

  it('with force give the same winner again', async () => {
    await both();
    await run();
    const before = await contentOf(steps.store);
    await run({ force: 'true' });
    expect(await contentOf(steps.store)).toEqual(before);
  });
});

describe('a ZIP with several CSVs', () => {
  it('gives each its own objects, told apart by src_filename', async () => {
    const members = { 'One.CSV': tinyCsv(), 'Two.csv': tinyCsv(), 'notes.txt': 'x' };
    await begin({ [zipPath('201707')]: zipOf(members) });
    await run();
    expect(await steps.keys('raw_data/csv/')).toEqual([
      'raw_data/csv/july17_One.CSV',
      'raw_data/csv/july17_Two.CSV',
    ]);
    expect(
      await visible('SELECT src_filename, count(*) FROM raw_data GROUP BY 1 ORDER BY 1'),
    ).toEqual([
      ['july17_One.CSV', 8],
      ['july17_Two.CSV', 8],
    ]);
  });

  it('whose names differ only in case keeps both, or refuses the ZIP by name', async () => {
    const members = { 'one.csv': tinyCsv({ nudge: 1 }), 'ONE.csv': tinyCsv({ nudge: 2 }) };
    await begin({ [zipPath('201707')]: zipOf(members), [zipPath('201801')]: good('201801') });
    const outcome = await run();
    const seen = await visible(
      "SELECT DISTINCT src_filename FROM raw_data WHERE ingestion_date = '2017-07-31'",
    );
    const { problems } = resultOf(outcome, 'extract');
    expect(seen.length === 2 || (seen.length === 0 && problems.length === 1)).toBe(true);
    expect(resultOf(outcome, 'transform').problems).toEqual([]);
  });

  it('whose stem and metric read alike when joined keeps the rows of both', async () => {
    const block = (title: string) => `\n  ${title}\n,A\n201701, 1\n`;
    const members = { 'x.csv': block('big firms'), 'x_big.csv': block('firms') };
    await begin({ [zipPath('201707')]: zipOf(members) });
    await run();
    const sql = 'SELECT src_filename, metric_type FROM raw_data ORDER BY 1';
    expect(await visible(sql)).toEqual([
      ['july17_x.CSV', 'big_firms_x'],
      ['july17_x_big.CSV', 'firms_x_big'],
    ]);
    const before = await contentOf(steps.store);
    await run({ force: 'true' });
    expect(await contentOf(steps.store)).toEqual(before);
  });

  it('in folders of it loses the folders only', async () => {
    await begin({ [zipPath('201707')]: zipOf({ 'deep/er/One.CSV': tinyCsv() }) });
    await run();
    expect(await steps.keys('raw_data/csv/')).toEqual(['raw_data/csv/july17_One.CSV']);
  });
});
