import { afterEach, describe, expect, it } from 'vitest';
import { famaFrench } from '../../../services/pipelines/fama-french/index.ts';
import type { QueryEngine } from '../../../services/ports/query-engine.ts';
import { goodRun, type RunOutcome, runPipeline } from '../../support/pipeline.ts';
import { type StepsBench, stepsBench } from '../../support/steps-bench.ts';
import { siteOf, tinyCsv, zipOf, zipPath } from '../../support/tiny-site.ts';

const MEMBER = '6_Portfolios_2x3.CSV';
const good = (made: string) => zipOf({ [MEMBER]: tinyCsv({ made }) });
const NAMES = famaFrench.checks.map(({ name }) => name);

let steps: StepsBench;
afterEach(() => steps[Symbol.asyncDispose]());

async function begin(files: Record<string, Uint8Array | null>): Promise<void> {
  steps = await stepsBench(siteOf(files));
}

const failuresOf = ({ checks }: RunOutcome) =>
  Object.fromEntries([...checks].filter(([, failures]) => failures > 0));

describe('the checks of fama-french', () => {
  it('are all made by a first run, and none fails over good files', async () => {
    await begin({ [zipPath('201707')]: good('201707'), [zipPath('201801')]: good('201801') });
    const { checks } = await goodRun(steps.bench);
    expect([...checks.keys()].toSorted()).toEqual(NAMES.toSorted());
    expect([...checks.values()].every((failures) => failures === 0)).toBe(true);
  });

  it('count what each of them is about, and nothing else', async () => {
    const words = tinyCsv({ made: '201907', rejects: 2 }).replace('1.5000', '  oops');
    await begin({
      [zipPath('201707')]: good('201707'),
      [zipPath('201801')]: null,
      [zipPath('201807')]: good('201807').subarray(0, 200),
      [zipPath('201901')]: zipOf({ [MEMBER]: 'This file was moved.\n' }),
      [zipPath('201907')]: zipOf({ [MEMBER]: words }),
    });
    expect(failuresOf(await goodRun(steps.bench))).toEqual({
      'link-downloaded': 1,
      'archive-readable': 1,
      'csv-readable': 1,
      'row-valid': 2,
      'cell-numeric': 1,
    });
  });

  it('tell of a committed object that is gone', async () => {
    await begin({ [zipPath('201707')]: good('201707'), [zipPath('201801')]: good('201801') });
    await goodRun(steps.bench);
    await steps.store.delete('transformed_data/july17_6_Portfolios_2x3_num_firms.parquet');
    const only = { runId: 'run-2', parameters: { vintage: '2018' } };
    expect(failuresOf(await goodRun(steps.bench, only))).toEqual({ 'object-present': 2 });
  });

  it.each([
    ['row-count', 'COPY', { run: (rows: number) => rows - 1 }],
    ['table-whole', 'SELECT count(*) FROM raw_data', { query: () => [[7]] }],
  ])('tell that %s failed before it stops the run', async (check, sql, lie) => {
    await begin({ [zipPath('201707')]: good('201707') });
    const openEngine = async (folders: readonly string[]) =>
      lying(await steps.bench.openEngine(folders), sql, lie);
    const outcome = await runPipeline({ ...steps.bench, openEngine });
    expect(outcome.error).not.toBeNull();
    expect(failuresOf(outcome)).toEqual({ [check]: 1 });
  });
});

interface Lie {
  run?: (rows: number) => number;
  query?: () => number[][];
}

/** An engine that tells something else than what is so, of statements that begin so. */
function lying(engine: QueryEngine, sql: string, lie: Lie): QueryEngine {
  const isMeant = (text: string) => text.trim().startsWith(sql);
  return {
    ...engine,
    run: async (text, ...more) => {
      const rows = await engine.run(text, ...more);
      return isMeant(text) && lie.run ? lie.run(rows) : rows;
    },
    query: async (text, ...more) => {
      const result = await engine.query(text, ...more);
      return isMeant(text) && lie.query ? { ...result, rows: lie.query() } : result;
    },
  };
}
