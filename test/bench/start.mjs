import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { median, secondsToFirstLine } from './measure.mjs';

const ARGOSY = fileURLToPath(new URL('../../bin/argosy.mjs', import.meta.url));

/** From the start of a step's process to its first log line (JSON, as in a container), against `node -e 0`. */
export async function benchStart(folder, rounds) {
  const rows = [];
  for (let round = 0; round <= rounds; round += 1) {
    const bare = await measureBare();
    const step = await secondsToFirstLine([ARGOSY, 'step', 'fama-french', 'tables'], {
      cwd: folder,
      env: { ARGOSY_LOG_FORMAT: 'json', ARGOSY_STORE: `file:${join(folder, 'start')}` },
    });
    if (!step.line.includes('step.start')) throw new Error(`not the first log line: ${step.line}`);
    if (round > 0) rows.push({ bare, step: step.seconds });
  }
  return {
    name: 'start of a step, to its first log line',
    bareNodeSeconds: median(rows.map(({ bare }) => bare)),
    firstLineSeconds: median(rows.map(({ step }) => step)),
    firstLineOfBareNode: median(rows.map(({ step, bare }) => step / bare)),
  };
}

async function measureBare() {
  const started = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await new Promise((resolve) => child.once('close', resolve));
  return (performance.now() - started) / 1000;
}
