import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ARGOSY = fileURLToPath(new URL('../../../bin/argosy.mjs', import.meta.url));
const WAIT_MS_MAX = 60_000;

/** Runs a command of argosy in an environment to its end: exit code and stdout. */
export async function argosy(place, args) {
  const child = spawn(process.execPath, [ARGOSY, ...args], {
    cwd: place.home,
    env: { ...process.env, ...place.env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const stdout = [];
  child.stdout.on('data', (chunk) => stdout.push(chunk));
  const [code] = await once(child, 'close');
  return { code, stdout: String(Buffer.concat(stdout)) };
}

/** A watcher of the bucket that has begun to listen; `settled` resolves with what is told of a key. */
export async function startWatcher(place) {
  const child = spawn(
    process.execPath,
    [ARGOSY, 'watch', 'csv-intake', '--json', '--sweep-every', '2s'],
    {
      cwd: place.home,
      env: { ...process.env, ...place.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const closed = once(child, 'close');
  const told = new Map();
  const waiting = new Map();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const entry = { ...JSON.parse(line), at: performance.now() };
    told.set(entry.key, entry);
    waiting.get(entry.key)?.(entry);
  });
  await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (/ listening$| by sweeps alone/.test(line)) resolve();
    });
    void closed.then(() => reject(new Error('the watcher has ended before it listened')));
  });
  return {
    told,
    settled: (key) =>
      new Promise((resolve, reject) => {
        if (told.has(key)) return resolve(told.get(key));
        const timer = setTimeout(() => reject(new Error(`${key}: no record`)), WAIT_MS_MAX);
        waiting.set(key, (entry) => {
          clearTimeout(timer);
          resolve(entry);
        });
      }),
    end: async (signal = 'SIGINT') => {
      child.kill(signal);
      await closed;
    },
  };
}
