import { afterAll, beforeAll, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { duckdbEngine } from '../../../services/adapters/query-engine/duckdb.ts';
import { curatedSet } from '../../support/commerce-curated.ts';
import { runCommerceStep } from '../../support/commerce-run.ts';
import { START } from '../../support/pipeline.ts';
import { describeLong } from '../../support/require-component.ts';
import { type TempFolder, tempFolder } from '../../support/temp-folder.ts';

const DAYS = 400;
const DAY_MS = 86_400_000;
const LAST = Date.parse('2026-01-31T00:00:00Z');
/** A quarter of what the program takes. */
const MEMORY_BYTES_MAX = 128 * 2 ** 20;

let folder: TempFolder;
beforeAll(async () => {
  folder = await tempFolder();
});
afterAll(() => folder.remove());

function clicksOf(day: string): Buffer {
  const lines = Array.from({ length: 24 }, (_, hour) =>
    JSON.stringify({
      session_id: `s-${day}-${hour}`,
      customer_id: 'cust_1',
      event_type: 'page_view',
      page: '/',
      timestamp: `${day}T${String(hour).padStart(2, '0')}:10:00Z`,
      device: 'mobile',
    }),
  );
  return Buffer.from(`${lines.join('\n')}\n`);
}

describeLong('400 days of hours', () => {
  it('are built at once in a quarter of the memory', async () => {
    const store = memoryStore({ bucket: 'commerce', clock: manualClock(START) });
    for (let back = 0; back < DAYS; back += 1) {
      const day = new Date(LAST - back * DAY_MS).toISOString().slice(0, 10);
      await store.put(`raw/clickstream/date=${day}/c.json`, clicksOf(day));
    }
    const bench = {
      store,
      folder: folder.path,
      openEngine: (folders: readonly string[]) =>
        duckdbEngine({ folders, memoryBytesMax: MEMORY_BYTES_MAX, threads: 1, connections: 4 }),
    };
    for (const name of ['validate', 'clickstream', 'gate', 'merge'])
      await runCommerceStep(bench, name);
    const { parts } = await curatedSet(store);
    const rowsOf = (table: string): number[] =>
      parts.filter(({ attributes }) => attributes['table'] === table).map(({ rows }) => rows);
    expect(rowsOf('clickstream')).toHaveLength(DAYS * 24);
    expect(rowsOf('sessions')).toEqual(Array.from({ length: DAYS }, () => 24));
  }, 300_000);
});
