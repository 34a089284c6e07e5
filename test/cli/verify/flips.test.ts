import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { randomBySeed } from '../../../services/sample/random.ts';
import { cli } from '../../support/cli.ts';
import { type Bucket, bucketOf, missedFlips, verdictOf } from '../../support/flipped-store.ts';
import { describeLong, isEverythingRequired } from '../../support/require-component.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const QUICK = ['fama-french'];
const ALL = ['fama-french', 'csv-intake', 'finance', 'market-data', 'commerce'];
const PARTS_AT_ONCE = 60;

let folder: Awaited<ReturnType<typeof tempFolder>>;
const buckets: Bucket[] = [];

beforeAll(async () => {
  folder = await tempFolder();
  for (const pipeline of isEverythingRequired() ? ALL : QUICK) {
    const end = await cli(['run', pipeline, '--sample'], { cwd: folder.path });
    if (end.exitCode !== 0) throw new Error(end.stderr);
    buckets.push(await bucketOf(join(folder.path, '.argosy/sample/store'), pipeline));
  }
}, 300_000);

afterAll(() => folder.remove());

it('what a run has left behind is as recorded, every object of it', async () => {
  for (const bucket of buckets) {
    const { findings, strays } = await verdictOf(bucket, true);
    expect({ pipeline: bucket.pipeline, findings, strays }).toEqual({
      pipeline: bucket.pipeline,
      findings: [],
      strays: [],
    });
    expect(bucket.parts.length).toBeGreaterThan(3);
  }
});

it('60 random flips of stored bytes are all found', async () => {
  expect(await flip(60, 1)).toEqual([]);
}, 60_000);

describeLong('1,000 random flips', () => {
  it('1,000 random flips of stored bytes, in what is named and in what names it, are all found', async () => {
    expect(await flip(1_000, 20_261_121)).toEqual([]);
  }, 600_000);
});

/**
 * So many flips over all buckets, a fifth of them in objects that name others. Such a flip is alone in its bucket, for
 * nothing tells any more what the objects are that a damaged commit names. Returns those that were not found.
 */
async function flip(count: number, seed: number): Promise<string[]> {
  const random = randomBySeed(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const missed: string[] = [];
  let done = 0;
  while (done < count) {
    const bucket = pick(buckets);
    const isNaming = bucket.naming.length > 0 && random() < 0.85;
    const parts = new Set(Array.from({ length: PARTS_AT_ONCE }, () => pick(bucket.parts)));
    const keys = (isNaming ? [pick(bucket.naming)] : [...parts]).slice(0, count - done);
    missed.push(...(await missedFlips(bucket, keys, random)));
    done += keys.length;
  }
  return missed;
}
