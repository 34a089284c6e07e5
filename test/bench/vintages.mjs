import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { measure, median } from './measure.mjs';
import { buildSample } from './sample.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ARGOSY = join(ROOT, 'bin/argosy.mjs');
const FLOOR = join(ROOT, 'test/bench/vintages-floor.mjs');
const VINTAGES = 50;

/**
 * 50 real-sized vintages (history from 1926) from a folder to tables, against the floor of writing the finished Parquet
 * once more. Runs take turns; ratios are taken run by run. The first pair is a warm-up and not counted.
 */
export async function benchVintages(folder, rounds) {
  const site = join(folder, 'site');
  await writeSite(site);
  const rows = [];
  for (let round = 0; round <= rounds; round += 1) {
    // A folder of its own for each round: a file system is slower just after it has deleted thousands of files.
    const home = join(folder, `home-${round}`);
    mkdirSync(home, { recursive: true });
    const run = ['run', 'fama-french', '-p', `archive-url=file:${site}`];
    const first = await measure([ARGOSY, ...run], { cwd: home });
    const parquet = join(home, '.argosy/store/argosy-fama-french/transformed_data');
    const floor = await measure([FLOOR, parquet, join(home, 'floor')]);
    const shaped = secondsOfSteps(home, 'extract', 'catalogue');
    const second = await measure([ARGOSY, ...run], { cwd: home });
    if (round > 0) rows.push({ first, floor, shaped, second, files: readdirSync(parquet).length });
  }
  const of = (pick) => median(rows.map(pick));
  return {
    name: `fama-french, ${VINTAGES} vintages, ${rows[0].files} Parquet objects`,
    floorSeconds: of(({ floor }) => floor.seconds),
    extractToCatalogueSeconds: of(({ shaped }) => shaped),
    extractToCatalogueOfFloor: of(({ shaped, floor }) => shaped / floor.seconds),
    wholeRunSeconds: of(({ first }) => first.seconds),
    wholeRunOfFloor: of(({ first, floor }) => first.seconds / floor.seconds),
    peakMiB: of(({ first }) => first.peakMiB),
    secondRunSeconds: of(({ second }) => second.seconds),
    secondRunOfFirst: of(({ first, second }) => second.seconds / first.seconds),
  };
}

async function writeSite(site) {
  const { makeArchive, monthlyVintages, pageAt, ARCHIVE_PAGE } = await buildSample();
  const vintages = monthlyVintages({ year: 2024, month: 12 }, VINTAGES);
  const archive = makeArchive({ vintages, seed: 1, firstYear: 1926, hasDefects: false });
  for (const [path, bytes] of archive.files) {
    const file = join(site, decodeURIComponent(path));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
  writeFileSync(join(site, ARCHIVE_PAGE), pageAt(archive, null), 'latin1');
}

/** From the start of one step to the end of another, as the run record has it. */
function secondsOfSteps(home, from, to) {
  const folder = join(home, '.argosy/store/argosy-fama-french/_records/runs/fama-french');
  const [name] = existsSync(folder) ? readdirSync(folder) : [];
  const { steps } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const start = Math.min(
    ...steps.filter(({ step }) => step === from).map((step) => Date.parse(step.started_at)),
  );
  const end = Math.max(
    ...steps.filter(({ step }) => step === to).map((step) => Date.parse(step.ended_at)),
  );
  return (end - start) / 1000;
}
