import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'vitest';
import { filesystemStore } from '../../../services/adapters/object-store/filesystem.ts';
import { makeCommerceSample } from '../../../services/sample/commerce.ts';
import { runCommerce } from '../../support/commerce-run.ts';
it('thin', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'com-'));
  const store = filesystemStore({ folder: join(folder, 'store'), bucket: 'b' });
  for (const [k, b] of makeCommerceSample({ seed: 1, transactions: 5000, products: 100, events: 5000, reviews: 500, customers: 100, days: 5, lastDay: '2026-01-31' })) await store.put(k, b);
  const bench = { store, folder };
  const r = await runCommerce(bench); for (const [n, x] of r) console.log(n, JSON.stringify(x)); console.log(r.told.notices);
  const r2 = await runCommerce(bench); for (const [n, x] of r2) console.log(n, JSON.stringify(x.counts));
}, 60000);
