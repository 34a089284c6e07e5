import { rowsOf } from './rows.mjs';
import { statistics } from './statistics.mjs';
import { argosy, startWatcher } from './watcher.mjs';

const UPLOADS = 'uploads/';
const SIZES = [100, 500, 1_000, 5_000, 10_000, 20_000];
const PARALLEL = [1, 5, 10, 20, 50, 100];

/** Puts a file and waits for its record: seconds. */
async function seconds(place, watcher, { name, text }) {
  const key = `${UPLOADS}${name}`;
  const begun = performance.now();
  await place.put(key, text);
  const { at } = await watcher.settled(key);
  return (at - begun) / 1000;
}

/** A: from nothing to a bucket that is listened to. */
export async function deploy(makePlace, runs) {
  const values = [];
  for (let run = 0; run < runs; run += 1) {
    const place = await makePlace();
    const begun = performance.now();
    await argosy(place, ['setup', 'csv-intake']);
    const watcher = await startWatcher(place);
    values.push((performance.now() - begun) / 1000);
    await watcher.end();
    await place.close();
  }
  return { seconds: statistics(values) };
}

/** B: one file after the other, from the upload to its record. */
export async function endToEnd(place, watcher, runs) {
  const values = [];
  for (let run = 0; run < runs; run += 1) {
    values.push(
      await seconds(place, watcher, { name: `b-${run}.csv`, text: rowsOf(1_000, run + 1) }),
    );
  }
  return { rows: 1_000, seconds: statistics(values) };
}

/** C: uploads before, while and after the watcher is killed; how many have a record when it is back. */
export async function triggerReliability(place, uploads) {
  const names = Array.from({ length: uploads }, (_, at) => `c-${at}.csv`);
  const first = await startWatcher(place);
  for (const [at, name] of names.entries()) {
    await place.put(`${UPLOADS}${name}`, rowsOf(50, at + 1));
    if (at === Math.floor(uploads / 2)) await first.end('SIGKILL');
  }
  const second = await startWatcher(place);
  const missing = names.filter((name) => !first.told.has(`${UPLOADS}${name}`));
  await Promise.all(missing.map((name) => second.settled(`${UPLOADS}${name}`)));
  await second.end();
  const recorded = await recordsOf(place);
  return { uploads, recorded: names.filter((name) => recorded.has(name)).length };
}

/** The status of every file that has a record. */
async function recordsOf(place) {
  const { stdout } = await argosy(place, ['files', '--json']);
  return new Map(JSON.parse(stdout).map(({ file_name: name, status }) => [name, status]));
}

/** D: six files with one fault each, and what must come of them, compared strictly. */
export async function failures(place, watcher) {
  const cases = [
    ['empty', '', 'error'],
    ['no-header', '1,2,3\n4,5,6\n', 'error'],
    ['malformed', 'a,b\n1,"2\n3,4\n', 'error'],
    ['single-column', 'a\n1\n2\n', 'success'],
    ['all-missing', 'a,b\n,\n,\n', 'success'],
    ['field-of-100-KB', `a,b\n1,${'x'.repeat(100_000)}\n`, 'success'],
  ];
  for (const [name, text] of cases) {
    await place.put(`${UPLOADS}d-${name}.csv`, text);
    await watcher.settled(`${UPLOADS}d-${name}.csv`);
  }
  const found = await recordsOf(place);
  return cases.map(([name, , expected]) => {
    const status = found.get(`d-${name}.csv`) ?? 'no record';
    return { case: name, expected, status, isRight: status === expected };
  });
}

/** E: files of 1,000 rows that all come at one moment; how long each of them takes. */
export async function concurrency(place, watcher, files) {
  const texts = Array.from({ length: files }, (_, at) => ({
    name: `e-${at}.csv`,
    text: rowsOf(1_000, at + 1),
  }));
  const values = await Promise.all(texts.map((file) => seconds(place, watcher, file)));
  return { files, seconds: statistics(values) };
}

/** F: files of growing size. */
export async function sizes(place, watcher) {
  const found = {};
  for (const rows of SIZES) {
    const took = await seconds(place, watcher, { name: `f-${rows}.csv`, text: rowsOf(rows) });
    found[rows] = Number(took.toFixed(4));
  }
  return { secondsByRows: found };
}

/** G: uploads beside each other, and how fast they go in and are done with. */
export async function parallel(place, watcher) {
  const found = [];
  for (const files of PARALLEL) {
    const names = Array.from({ length: files }, (_, at) => `g-${files}-${at}.csv`);
    const begun = performance.now();
    await Promise.all(names.map((name, at) => place.put(`${UPLOADS}${name}`, rowsOf(50, at + 1))));
    const uploaded = performance.now();
    await Promise.all(names.map((name) => watcher.settled(`${UPLOADS}${name}`)));
    const perSecond = (from) => Number((files / ((performance.now() - from) / 1000)).toFixed(1));
    const processed = perSecond(begun);
    found.push({
      files,
      uploadsPerSecond: Number((files / ((uploaded - begun) / 1000)).toFixed(1)),
      processedPerSecond: processed,
    });
  }
  return found;
}

/** H: what a run may do: read an upload, write a summary, keep a record; and that a reader's SQL may write nothing. */
export async function permissions(place, watcher) {
  const key = `${UPLOADS}h.csv`;
  await place.put(key, rowsOf(10));
  const { status } = await watcher.settled(key);
  const { code } = await argosy(place, [
    'query',
    `COPY (SELECT 1 FROM csv_intake.files) TO '${place.home}/stolen.csv'`,
  ]);
  return {
    readsUpload: status === 'success',
    writesSummary: (await place.get('processed/h_summary.json')) !== null,
    keepsRecord: (await recordsOf(place)).has('h.csv'),
    refusesWritingSql: code === 50,
  };
}
