import { expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { faultPlan, faultStore } from '../../services/layers/fault.ts';
import { quarantine } from '../../services/stages/land/quarantine.ts';
import { listOf, textOf } from '../support/bytes.ts';

const KEY = '_quarantine/raw_data/2017-07-31/july17_x.jsonl';
const from = {
  dataset: 'raw_data',
  partition: '2017-07-31/july17_x',
  object: 'raw_data/csv/july17_x.CSV',
  rejects: [
    { line: 12, text: '201713, 1.0', rule: 'date_invalid' },
    { line: 7, text: '"quoted",\u001b[31m é', rule: 'not_a_row' },
  ],
};

function setUp() {
  const bare = memoryStore({ bucket: 'b', clock: manualClock(new Date('2026-11-21')) });
  const plan = faultPlan();
  return { bare, plan, store: faultStore(bare, plan) };
}

it('every reject is one line of JSON with its object, line, rule and text, in the order of lines', async () => {
  const { store } = setUp();
  await quarantine(store, from);
  const lines = (textOf(await store.get(KEY)) ?? '').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { object: from.object, line: 7, rule: 'not_a_row', text: '"quoted",\u001b[31m é' },
    { object: from.object, line: 12, rule: 'date_invalid', text: '201713, 1.0' },
  ]);
});

it('without rejects nothing is written', async () => {
  const { store } = setUp();
  await quarantine(store, { ...from, rejects: [] });
  expect(await listOf(store.list(''))).toEqual([]);
});

it('the same rejects, in whatever order, are written once', async () => {
  const { store, plan } = setUp();
  await quarantine(store, from);
  await quarantine(store, { ...from, rejects: from.rejects.toReversed() });
  expect(plan.calls.filter((call) => call.startsWith('put '))).toHaveLength(1);
});

it('other rejects of the same file replace them', async () => {
  const { store } = setUp();
  await quarantine(store, from);
  await quarantine(store, { ...from, rejects: from.rejects.slice(0, 1) });
  expect(textOf(await store.get(KEY))).toContain('"line":12');
  expect(textOf(await store.get(KEY))).not.toContain('"line":7');
});
