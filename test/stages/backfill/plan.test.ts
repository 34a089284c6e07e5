import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../../services/adapters/object-store/memory.ts';
import { partitionTable } from '../../../services/core/partition.ts';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { holdPlan, isHeld } from '../../../services/stages/observe/backfill/hold.ts';
import { failIfOverlapped } from '../../../services/stages/observe/backfill/overlap.ts';
import type { ObjectStore } from '../../../services/ports/object-store.ts';
import {
  givenHash,
  keepPlan,
  type PlanContent,
  planKey,
  readPlan,
  readPlans,
} from '../../../services/stages/observe/backfill/plan.ts';
import { selectUnits } from '../../../services/stages/observe/backfill/select.ts';
import type { PartitionSource } from '../../../services/stages/observe/partitions/source.ts';

const NOW = new Date('2026-11-21T10:00:00Z');
const clock = manualClock(NOW);
const { signal } = new AbortController();
const how = { createdAt: NOW, hasEnded: async () => false, signal };

const SOURCE: PartitionSource = {
  unit: 'day',
  lane: 'feed',
  atOnce: { max: 1, reason: '' },
  runsMax: 1,
  sources: ['rows'],
  read: async () => partitionTable(SOURCE).build(),
  workOf: async ({ work }) => {
    return { parameters: { day: work }, reads: [], writes: [], sql: [], rows: null };
  },
};

async function contentOf(given: Record<string, string> = {}): Promise<PlanContent> {
  const table = partitionTable(SOURCE);
  const note = (work: string | null, reason: string) => ({ runId: null, rows: null, reason, work });
  const add = (day: string, lane: string, work: string | null) =>
    table.add({
      day,
      lane,
      state: 'missing',
      note: note(work, work === null ? 'nothing came' : 'late'),
    });
  add('2026-01-06', 'a', '2026-01-06');
  add('2026-01-05', 'b', '2026-01-05');
  add('2026-01-05', 'a', '2026-01-05');
  add('2026-01-07', 'a', null);
  table.add({ day: '2026-01-07', lane: 'b', state: 'done' });
  const store = memoryStore({ bucket: 'b', clock });
  return selectUnits(SOURCE, table.build(), {
    wish: {
      pipeline: 'shop',
      from: '2026-01-05',
      to: '2026-01-07',
      only: new Set(['missing', 'failed']),
      order: 'desc',
      given,
    },
    ports: { planDay: '2026-11-21', store, records: objectRecords(store), signal },
  });
}

describe('selectUnits', () => {
  it('puts partitions of one work into one run, in the order that was asked for', async () => {
    const { units } = await contentOf();
    expect(units.map(({ work, partitions }) => [work, partitions])).toEqual([
      ['2026-01-06', ['2026-01-06/a']],
      ['2026-01-05', ['2026-01-05/a', '2026-01-05/b']],
    ]);
  });

  it('leaves out and names what there is nothing to make of, unless its source is given', async () => {
    expect((await contentOf()).leftOut).toEqual([
      { reason: 'nothing came', partitions: 1, first: '2026-01-07/a' },
    ]);
    const given = await contentOf({ rows: 'inbox/' });
    expect([given.leftOut, given.units[0]?.work]).toEqual([[], '2026-01-07']);
  });
});

describe('keepPlan', () => {
  it('gives the same plan for the same content, and another one for another', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const first = await keepPlan(store, await contentOf(), how);
    const later = { ...how, createdAt: new Date('2027-01-01') };
    expect(await keepPlan(store, await contentOf(), later)).toEqual(first);
    const other = await keepPlan(store, await contentOf({ x: '1' }), how);
    expect(other.id).not.toBe(first.id);
    expect(await readPlan(store, first.id)).toEqual(first);
  });

  it('names each run for the plan and its work', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const { id, units } = await keepPlan(store, await contentOf(), how);
    expect(units.map(({ runId }) => runId)).toEqual([
      `shop-backfill-${id}-20260106`,
      `shop-backfill-${id}-20260105`,
    ]);
  });

  it('makes a new plan when the one of the same content has ended', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const first = await keepPlan(store, await contentOf(), how);
    const again = { ...how, hasEnded: async ({ id }: { id: string }) => id === first.id };
    const second = await keepPlan(store, await contentOf(), again);
    expect([second.repeat, second.id === first.id]).toEqual([1, false]);
  });

  it('holds no value of a parameter that was given, for it may be a secret', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const { id } = await keepPlan(store, await contentOf({ url: 'https://x/?key=s3cret' }), how);
    const bytes = await store.get(planKey(id));
    expect(Buffer.from(bytes ?? []).toString()).not.toContain('s3cret');
    expect(givenHash({ a: '1', b: '2' })).toEqual(givenHash({ b: '2', a: '1' }));
  });

  it('is refused when anybody has changed what it says', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const { id } = await keepPlan(store, await contentOf(), how);
    const text = Buffer.from((await store.get(planKey(id))) ?? []).toString();
    for (const [from, to] of [
      ['"2026-01-06"', '"2026-01-16"'],
      [`-20260105"`, `-20260104"`],
      ['"shop"', '"shap"'],
      ['{', ''],
    ] as const) {
      await store.put(planKey(id), Buffer.from(text.replace(from, to)));
      await expect(readPlan(store, id)).rejects.toMatchObject({ kind: 'input-invalid' });
    }
  });
});

describe('what is damaged below _backfills/', () => {
  const me = { host: 'here', pid: 1 };
  const isDead = () => false;
  const put = (store: ObjectStore, key: string) => store.put(key, Buffer.from('{"cut'));

  it('counts as nobody where it is a holder: the plan can be taken, and is not held', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const { id } = await keepPlan(store, await contentOf(), how);
    await put(store, `_backfills/${id}/holders/000001.json`);
    await put(store, `_backfills/${id}/holders/zzz.json`);
    expect(await isHeld(store, { id, isDead, clock, signal })).toBe(false);
    const hold = await holdPlan(store, { id, me, isDead, clock, signal });
    expect(await isHeld(store, { id, isDead, clock, signal })).toBe(true);
    await hold.release();
    expect(await isHeld(store, { id, isDead, clock, signal })).toBe(false);
  });

  it('hides no other plan where it is one', async () => {
    const store = memoryStore({ bucket: 'b', clock });
    const good = await keepPlan(store, await contentOf(), how);
    await put(store, planKey('0123456789ab'));
    expect(await readPlans(store)).toEqual({ plans: [good], damaged: ['0123456789ab'] });
  });
});

it('a plan is refused while another that is held has a run for the same, and goes on after that', async () => {
  const store = memoryStore({ bucket: 'b', clock });
  const one = await keepPlan(store, await contentOf(), how);
  const other = await keepPlan(store, await contentOf({ x: '1' }), how);
  const request = { isDead: () => false, clock, signal };
  const hold = await holdPlan(store, { id: one.id, me: { host: 'here', pid: 1 }, ...request });
  await expect(failIfOverlapped(store, other, request)).rejects.toMatchObject({
    kind: 'conflict',
    message: expect.stringContaining(`${one.id} is being worked on, and makes 2026-01-0`),
  });
  await failIfOverlapped(store, one, request);
  await hold.release();
  await failIfOverlapped(store, other, request);
});
