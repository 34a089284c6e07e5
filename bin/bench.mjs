import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';

ensureInstalled();
await ensureBuilt();
const { benchStart } = await import('../test/bench/start.mjs');
const { benchVintages } = await import('../test/bench/vintages.mjs');
const { benchRivals } = await import('../test/bench/rivals.mjs');
const { benchProfile } = await import('../test/bench/profile.mjs');
const { benchFinance } = await import('../test/bench/finance.mjs');
const { benchMarket } = await import('../test/bench/market.mjs');
const { benchCommerce } = await import('../test/bench/commerce.mjs');
const { benchQuery } = await import('../test/bench/query.mjs');

const rounds = Number(process.env['ARGOSY_TEST_BENCH_ROUNDS'] ?? 5);
const folder = mkdtempSync(join(tmpdir(), 'argosy-bench-'));
try {
  const all = [
    benchStart,
    benchVintages,
    benchRivals,
    benchProfile,
    benchFinance,
    benchMarket,
    benchCommerce,
    benchQuery,
  ];
  for (const bench of all) print(await bench(folder, rounds));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Figures as JSON, one object a benchmark, so that two runs can be compared by a program. */
function print(figures) {
  const rounded = Object.entries(figures).map(([name, value]) => [
    name,
    typeof value === 'number' ? Number(value.toFixed(3)) : value,
  ]);
  process.stdout.write(`${JSON.stringify(Object.fromEntries(rounded), null, 2)}\n`);
}
