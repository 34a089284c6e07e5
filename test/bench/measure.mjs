import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const HOOK = fileURLToPath(new URL('./peak-memory.mjs', import.meta.url));

/**
 * Runs a Node program to its end. Gives its wall clock in seconds, its peak memory in MiB and its CPU time in seconds as
 * the kernel counted them, and its stdout; throws with its stderr when it fails.
 */
export async function measure(args, { cwd, env = {} } = {}) {
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', HOOK, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [stdout, stderr, counted] = [[], [], []];
  child.stdout.on('data', (chunk) => stdout.push(chunk));
  child.stderr.on('data', (chunk) => stderr.push(chunk));
  child.stdio[3].on('data', (chunk) => counted.push(chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0)
    throw new Error(`exit ${code}: ${args.join(' ')}\n${String(Buffer.concat(stderr))}`);
  const [memoryKiB, cpuMicroseconds] = String(Buffer.concat(counted)).split(' ').map(Number);
  return {
    seconds,
    peakMiB: memoryKiB / 1024,
    cpuSeconds: cpuMicroseconds / 1e6,
    stdout: String(Buffer.concat(stdout)),
  };
}

/** Seconds from the start of a Node program to the first byte that it writes to stderr; it is ended then. */
export async function secondsToFirstLine(args, { cwd, env = {} } = {}) {
  const started = performance.now();
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const line = await new Promise((resolve, reject) => {
    child.stderr.once('data', resolve);
    child.once('close', () => reject(new Error(`no log line: ${args.join(' ')}`)));
  });
  const seconds = (performance.now() - started) / 1000;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await closed;
  return { seconds, line: String(line) };
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
