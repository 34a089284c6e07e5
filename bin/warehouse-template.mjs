import crypto from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/*
 * Makes a fresh data folder of the embedded PostgreSQL and packs it into the file named, for a first load to start from:
 * making one takes seconds and hundreds of megabytes, unpacking one a moment. The clock stands still and chance is none,
 * so that the same PGlite gives the same bytes on every machine. Runs as a process of its own because of that.
 */
const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: node bin/warehouse-template.mjs FILE');

stopClock(Date.UTC(2026, 0, 1));
const folder = mkdtempSync(join(tmpdir(), 'argosy-template-'));
try {
  const { PGlite } = await import('@electric-sql/pglite');
  const database = await PGlite.create(folder);
  await database.close();
  writeFileSync(`${target}.new`, pack(folder));
  renameSync(`${target}.new`, target);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Each look at the clock finds it one millisecond on; each draw of random bytes finds the same ones. */
function stopClock(start) {
  let ticks = 0;
  const tick = () => (ticks += 1);
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...parts) {
      if (parts.length === 0) super(start + tick());
      else super(...parts);
    }
    static now() {
      return start + tick();
    }
  };
  performance.now = tick;
  const fill = (bytes) => {
    new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).fill(7);
    return bytes;
  };
  crypto.randomFillSync = fill;
  Object.defineProperty(globalThis, 'crypto', { value: { getRandomValues: fill } });
}

/** A line of JSON that names every folder and every file with its bytes, then the bytes. */
function pack(root) {
  const folders = [];
  const files = [];
  const bodies = [];
  const walk = (path) => {
    const entries = readdirSync(join(root, path), { withFileTypes: true });
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        folders.push(name);
        walk(name);
      } else {
        const body = readFileSync(join(root, name));
        files.push([name, body.length]);
        bodies.push(body);
      }
    }
  };
  walk('');
  const whole = Buffer.concat([Buffer.from(`${JSON.stringify({ folders, files })}\n`), ...bodies]);
  return brotliCompressSync(whole, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 9,
      // The databases in it are copies of one another, megabytes apart.
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: whole.length,
    },
  });
}
