import { openSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { type Segment, type SegmentedFile, tallySegment } from './segment.ts';

/** What a worker thread is started with. */
export interface WorkerStart {
  path: string;
  file: SegmentedFile;
}

// The thread ends with its file open: whoever started it terminates it.
const { path, file } = workerData as WorkerStart;
const fd = openSync(path, 'r');
parentPort?.on('message', (segment: Segment) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  parentPort?.postMessage(tallySegment(fd, file, segment));
});
