import { describe, expect, it } from 'vitest';
import { objectRecords } from '../../../services/adapters/record-store/object.ts';
import { csvPartitions } from '../../../services/pipelines/csv-intake/partitions.ts';
import { intake } from '../../support/intake.ts';
import { putRun, standings, statuses } from '../../support/partitions.ts';

const WANTED = { pipeline: 'csv-intake' };

describe('the partitions of csv-intake', () => {
  it('are files on the day they were put there: missing, done, failed, stale when they change', async () => {
    const own = intake();
    await own.upload('a.csv', 'x,y\n1,2\n');
    await own.upload('bad.csv', 'x,y\n1,"2\n');
    expect(await standings(csvPartitions, own.store, WANTED)).toEqual({
      '2026-11-21/a.csv': 'missing',
      '2026-11-21/bad.csv': 'missing',
    });
    await own.run();
    const done = await statuses(csvPartitions, own.store, WANTED);
    expect(done.map(({ lane, state, rows }) => [lane, state, rows])).toEqual([
      ['a.csv', 'done', 1],
      ['bad.csv', 'failed', null],
    ]);
    expect(done[1]?.reason).toContain('never closed');
    await own.upload('a.csv', 'x,y\n1,2\n3,4\n');
    const states = await standings(csvPartitions, own.store, WANTED);
    expect(states['2026-11-21/a.csv']).toBe('stale');
  });

  it('are running or failed when a run is, or was, to profile them', async () => {
    const own = intake();
    await own.upload('a.csv', 'x\n1\n');
    const info = await own.store.head('uploads/a.csv');
    const plan = { files: [{ key: 'uploads/a.csv', etag: info?.etag }] };
    const put = async (name: string, status: 'running' | 'failed', started_at: string) => {
      await objectRecords(own.store).put(`steps/csv-intake/${name}`, 'shard-001', plan);
      const run = { run_id: name, workflow: 'csv-intake', logical_date: '2026-11-21' };
      await putRun(own.store, { ...run, status, started_at });
    };
    await put('one', 'failed', '2026-11-21T09:00:00.000Z');
    const [failed] = await statuses(csvPartitions, own.store, WANTED);
    expect([failed?.state, failed?.runId]).toEqual(['failed', 'one']);
    await put('two', 'running', '2026-11-21T10:00:00.000Z');
    const [running] = await statuses(csvPartitions, own.store, WANTED);
    expect([running?.state, running?.runId]).toEqual(['running', 'two']);
  });

  it('are missing when the summary is gone, and a run for them makes it again', async () => {
    const own = intake();
    await own.upload('a.csv', 'x\n1\n');
    await own.run();
    await own.store.delete('processed/a_summary.json');
    const partitions = await statuses(csvPartitions, own.store, WANTED);
    expect(partitions.map(({ state, reason }) => [state, reason])).toEqual([
      ['missing', 'its summary is gone'],
    ]);
    const { parameters } = await csvPartitions.workOf({
      work: 'uploads/a.csv',
      partitions,
      planDay: '2026-11-21',
      store: own.store,
      records: objectRecords(own.store),
      signal: new AbortController().signal,
    });
    expect(parameters['force']).toBe('true');
  });
});
