import * as cases from './cases.mjs';
import { argosy, startWatcher } from './watcher.mjs';

/** All parts of requirements 5.8 in one environment; `isQuick` for a trial of the suite itself. */
export async function runSuite(makePlace, { isQuick }) {
  const times = (full) => (isQuick ? 2 : full);
  const place = await makePlace();
  try {
    await argosy(place, ['setup', 'csv-intake']);
    const reliability = await cases.triggerReliability(place, isQuick ? 6 : 100);
    const watcher = await startWatcher(place);
    const found = {
      environment: place.name,
      A_deploy: await cases.deploy(makePlace, times(5)),
      B_end_to_end: await cases.endToEnd(place, watcher, times(20)),
      C_trigger_reliability: reliability,
      D_failures: await cases.failures(place, watcher),
      E_concurrency: await cases.concurrency(place, watcher, isQuick ? 4 : 20),
      F_sizes: await cases.sizes(place, watcher),
      G_parallel: await cases.parallel(place, watcher),
      H_permissions: await cases.permissions(place, watcher),
    };
    await watcher.end();
    return found;
  } finally {
    await place.close();
  }
}

/** True when all that is right or wrong, and not fast or slow, is right. */
export function isRight(found) {
  const { uploads, recorded } = found.C_trigger_reliability;
  return (
    uploads === recorded &&
    found.D_failures.every(({ isRight: right }) => right) &&
    Object.values(found.H_permissions).every(Boolean)
  );
}

/** The environments side by side, as Markdown. */
export function comparison(all) {
  const row = (name, pick) => `| ${name} | ${all.map(pick).join(' | ')} |`;
  const s = ({ median, p95 }) => `${median} s (p95 ${p95} s)`;
  return [
    `| | ${all.map(({ environment }) => environment).join(' | ')} |`,
    `| --- |${' --- |'.repeat(all.length)}`,
    row('A from nothing to listening', ({ A_deploy: a }) => s(a.seconds)),
    row('B upload to record, 1,000 rows', ({ B_end_to_end: b }) => s(b.seconds)),
    row(
      'C recorded of uploaded, watcher killed',
      ({ C_trigger_reliability: c }) => `${c.recorded} of ${c.uploads}`,
    ),
    row(
      'D failure cases as they must be',
      ({ D_failures: d }) => `${d.filter((one) => one.isRight).length} of ${d.length}`,
    ),
    row('E all at one moment', ({ E_concurrency: e }) => `${e.files} files: ${s(e.seconds)}`),
    row('F by rows', ({ F_sizes: f }) =>
      Object.entries(f.secondsByRows)
        .map(([rows, took]) => `${rows}: ${took} s`)
        .join(', '),
    ),
    row('G processed a second, by files at once', ({ G_parallel: g }) =>
      g.map(({ files, processedPerSecond: n }) => `${files}: ${n}`).join(', '),
    ),
    row(
      'H permissions',
      ({ H_permissions: h }) =>
        `${Object.values(h).filter(Boolean).length} of ${Object.keys(h).length}`,
    ),
    '',
  ].join('\n');
}
