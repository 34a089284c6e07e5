import { join } from 'node:path';
import { folderEvents } from '../../services/adapters/bucket-events/folder.ts';
import { systemClock } from '../../services/adapters/clock/system.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { objectRecords } from '../../services/adapters/record-store/object.ts';
import { openLedger } from '../../services/events/ledger.ts';
import { watch } from '../../services/events/watch.ts';
import { BUCKET, CSV_ARRIVALS } from './watch-bench.ts';

/** How long a run takes: long enough to be killed in. */
const RUN_MS = 10;

/** A watcher over a folder as a process of its own, to be killed: `node FILE STORE-FOLDER`. */
const folder = process.argv[2] ?? '';
const store = filesystemStore({ folder, bucket: BUCKET });
const clock = systemClock();
const watcher = `process-${process.pid}`;

await watch({
  rule: CSV_ARRIVALS,
  store,
  bucket: BUCKET,
  ledger: openLedger(objectRecords(store), BUCKET),
  clock,
  events: folderEvents({ root: join(folder, BUCKET), clock }),
  landing: null,
  run: async () => {
    await clock.sleep(RUN_MS);
    return { runName: watcher, error: null };
  },
  watcher,
  runsMax: 4,
  quietMs: 5,
  sweepEveryMs: 60_000,
  isOnce: false,
  retriesFailed: false,
  drainMs: 1_000,
  signal: new AbortController().signal,
  onEvent: ({ type }) => void process.stdout.write(`${type}\n`),
});
