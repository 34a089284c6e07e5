import { existsSync, mkdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { median } from './measure.mjs';

const RIVAL = fileURLToPath(new URL('../../../shared/bench/ff_pandas.py', import.meta.url));

/** The same CSVs by pandas, one Parquet a block, where Python has pandas; else the reason why it was not run. */
export async function benchRivals(folder, rounds) {
  const name = 'rival: pandas, the same CSVs to Parquet';
  const csvs = join(folder, 'home-0/.argosy/store/argosy-fama-french/raw_data/csv');
  if (!existsSync(RIVAL)) return { name, notRun: 'the rival script is not here' };
  const hasPandas = spawnSync('python3', ['-c', 'import pandas, pyarrow']).status === 0;
  if (!hasPandas) return { name, notRun: 'python3 with pandas and pyarrow is not here' };
  const seconds = [];
  for (let round = 0; round <= rounds; round += 1) {
    const out = join(folder, `pandas-${round}`);
    mkdirSync(out);
    const started = performance.now();
    const { status, stderr } = spawnSync('python3', [RIVAL, csvs, out]);
    if (status !== 0) throw new Error(String(stderr));
    if (round > 0) seconds.push((performance.now() - started) / 1000);
  }
  return { name, seconds: median(seconds) };
}
