import { createWriteStream, existsSync, mkdirSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { measure, median } from './measure.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ARGOSY = join(ROOT, 'bin/argosy.mjs');
const FLOOR = join(ROOT, 'test/bench/profile-floor.mjs');
const POLARS = fileURLToPath(new URL('../../../shared/bench/profile_polars.py', import.meta.url));
const ROWS = 1_000_000;

/**
 * A CSV of a million rows and twelve columns, profiled by one step as a container runs it, against DuckDB counting its
 * rows and, where Python has it, polars computing the same. Runs take turns; ratios are taken run by run.
 */
export async function benchProfile(folder, rounds) {
  const home = join(folder, 'profile');
  const uploads = join(home, '.argosy/store/argosy-csv-intake/uploads');
  mkdirSync(uploads, { recursive: true });
  const path = join(uploads, 'million.csv');
  await writeRows(path);
  const env = { ARGOSY_RUN_ID: 'bench' };
  await measure([ARGOSY, 'step', 'csv-intake', 'plan', '--key=uploads/million.csv'], {
    cwd: home,
    env,
  });
  const hasPolars =
    existsSync(POLARS) && spawnSync('python3', ['-c', 'import polars']).status === 0;
  const rows = [];
  for (let round = 0; round <= rounds; round += 1) {
    const floor = await measure([FLOOR, path], { cwd: home });
    const step = await measure([ARGOSY, 'step', 'csv-intake', 'profile', '--shard=shard-001'], {
      cwd: home,
      env,
    });
    const run = await measure(
      [ARGOSY, 'run', 'csv-intake', '-p', 'key=uploads/million.csv', '-p', 'force=true'],
      { cwd: home },
    );
    const polars = hasPolars ? secondsOfPolars(path) : null;
    if (round > 0) rows.push({ floor, step, run, polars });
  }
  const of = (pick) => median(rows.map(pick));
  return {
    name: `csv-intake, ${ROWS} rows, ${Math.round(statSync(path).size / 1e6)} MB`,
    floorSeconds: of(({ floor }) => floor.seconds),
    stepSeconds: of(({ step }) => step.seconds),
    stepOfFloor: of(({ step, floor }) => step.seconds / floor.seconds),
    stepPeakMiB: of(({ step }) => step.peakMiB),
    wholeRunSeconds: of(({ run }) => run.seconds),
    wholeRunOfFloor: of(({ run, floor }) => run.seconds / floor.seconds),
    wholeRunPeakMiB: of(({ run }) => run.peakMiB),
    ...(hasPolars
      ? {
          polarsSeconds: of(({ polars }) => polars),
          stepOfPolars: of(({ step, polars }) => step.seconds / polars),
        }
      : { polars: 'not run: python3 has no polars' }),
  };
}

function secondsOfPolars(path) {
  const started = performance.now();
  const { status, stderr } = spawnSync('python3', [POLARS, path, 'sniff']);
  if (status !== 0) throw new Error(String(stderr));
  return (performance.now() - started) / 1000;
}

/** Numbers, days, codes and words, with blanks and wrong cells among them; the same bytes every time. */
async function writeRows(path) {
  const out = createWriteStream(path);
  let state = 4;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const pick = (all) => all[Math.floor(random() * all.length)];
  const two = (value) => String(value).padStart(2, '0');
  const day = () => [
    2016 + Math.floor(random() * 10),
    two(1 + Math.floor(random() * 12)),
    two(1 + Math.floor(random() * 28)),
  ];
  const departments = ['Engineering', 'Sales', 'Marketing', 'Support', 'Finance'];
  const cities = ['"Portland, OR"', 'Berlin', 'Austin', 'Paris', 'Osaka', 'Lima'];
  out.write(
    'employee_id,name,age,salary,join_date,last_seen,department,city,zip,score,units,note\n',
  );
  for (let id = 1; id <= ROWS; id += 1_000) {
    let text = '';
    for (let row = id; row < id + 1_000; row += 1) {
      const age =
        random() < 0.02 ? '' : random() < 0.002 ? 'invalid' : 18 + Math.floor(random() * 52);
      const salary = random() < 0.03 ? '' : (random() * 9e4 + 3e4).toFixed(2);
      const joined = random() < 0.001 ? 'invalid_date' : day().join('-');
      const seen = random() < 0.05 ? '' : day().toReversed().join('/');
      const score = random() < 0.004 ? 'n/a' : ((random() - 0.5) * 18).toFixed(6);
      const note = `batch-${String(Math.floor(random() * 1e9)).padStart(10, '0')}`;
      const person = `Person ${String(Math.floor(random() * 9e4)).padStart(5, '0')}`;
      text += `${row},${person},${age},${salary},${joined},${seen},${random() < 0.01 ? '  ' : pick(departments)},${pick(cities)},${501 + Math.floor(random() * 99_000)},${score},${Math.floor(random() * 1_000)},${note}\n`;
    }
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}
