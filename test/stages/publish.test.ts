import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { type Commit, commitKey, sha256 } from '../../services/core/manifest.ts';
import { faultPlan, faultStore } from '../../services/layers/fault.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import {
  latestCommit,
  latestCommits,
  publish,
  type Publication,
} from '../../services/stages/shape/publish.ts';
import { listOf, textOf, utf8 } from '../support/bytes.ts';

let store: ObjectStore;

beforeEach(() => {
  store = memoryStore({ bucket: 'b', clock: manualClock(new Date('2026-11-21')) });
});

function publication(text: string, base: Commit | null, more: Partial<Publication> = {}) {
  const parts = [
    { key: 'data/b.parquet', bytes: utf8(`b ${text}`), rows: 2, attributes: { metric: 'b' } },
    { key: 'data/a.parquet', bytes: utf8('a'), rows: 1, attributes: { metric: 'a' } },
  ];
  return { dataset: 'd', partition: 'p', attributes: { day: 'x' }, parts, base, ...more };
}

const keys = async (prefix = '') => (await listOf(store.list(prefix))).map(({ key }) => key);

describe('publish', () => {
  it('writes the parts at their keys and one commit that names them with bytes, rows and hash', async () => {
    const { outcome, commit } = await publish(store, publication('1', null));
    expect(outcome).toBe('committed');
    expect(await keys()).toEqual([commitKey('d', 'p', 1), 'data/a.parquet', 'data/b.parquet']);
    expect(commitKey('d', 'p', 1)).toBe('_commits/d/p/00000000000000000001.json');
    expect(commit).toMatchObject({
      version: 1,
      attributes: { day: 'x' },
      parts: [
        { key: 'data/a.parquet', sizeBytes: 1, rows: 1, sha256: sha256('a') },
        { key: 'data/b.parquet', sizeBytes: 3, rows: 2, attributes: { metric: 'b' } },
      ],
    });
    expect(await latestCommit(store, 'd', 'p')).toEqual(commit);
  });

  it('twice, from the old base or the new one, is once', async () => {
    const { commit } = await publish(store, publication('1', null));
    const before = await listOf(store.list(''));
    expect(await publish(store, publication('1', null))).toEqual({ outcome: 'already', commit });
    expect(await publish(store, publication('1', commit))).toEqual({ outcome: 'already', commit });
    expect(await listOf(store.list(''))).toEqual(before);
  });

  it('of other content puts only what changed beside the old and leaves the old as it was', async () => {
    const { commit: old } = await publish(store, publication('1', null));
    const { commit } = await publish(store, publication('2', old));
    const beside = `data/b-${sha256('b 2').slice(0, 8)}.parquet`;
    expect(commit.version).toBe(2);
    expect(commit.parts.map(({ key }) => key)).toEqual(['data/a.parquet', beside]);
    expect(textOf(await store.get('data/b.parquet'))).toBe('b 1');
    expect(textOf(await store.get(beside))).toBe('b 2');
    expect(await keys('_commits/')).toHaveLength(2);
  });

  it('of what an older version held makes a new version of the old objects', async () => {
    const first = await publish(store, publication('1', null));
    const second = await publish(store, publication('2', first.commit));
    const third = await publish(store, publication('1', second.commit));
    expect(third).toMatchObject({ outcome: 'committed', commit: { version: 3 } });
    expect(third.commit.parts).toEqual(first.commit.parts);
    expect(third.commit.digest).toBe(first.commit.digest);
  });

  it('of equal parts with other attributes is a new version', async () => {
    const { commit } = await publish(store, publication('1', null));
    const next = await publish(store, publication('1', commit, { attributes: { day: 'y' } }));
    expect(next).toMatchObject({ outcome: 'committed', commit: { version: 2 } });
  });

  it('from a base that another writer has left behind is a conflict, and what he wrote stays', async () => {
    const { commit: base } = await publish(store, publication('1', null));
    const { commit: winner } = await publish(store, publication('2', base));
    await expect(publish(store, publication('3', base))).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('another writer committed version 2'),
      hint: expect.stringContaining('run again'),
    });
    expect(await latestCommit(store, 'd', 'p')).toEqual(winner);
  });

  it('of no parts is a commit too', async () => {
    const { commit } = await publish(store, publication('', null, { parts: [] }));
    expect(await latestCommit(store, 'd', 'p')).toEqual(commit);
  });

  it.each([1, 2, 3, 4, 5])('commits nothing when call %i is denied', async (call) => {
    const plan = faultPlan([{ fromCall: call, error: 'denied' }]);
    const publishing = publish(faultStore(store, plan), publication('1', null));
    await expect(publishing).rejects.toMatchObject({ kind: 'denied' });
    expect(await keys('_commits/')).toEqual([]);
  });

  it('with a signal that is aborted commits nothing', async () => {
    const signal = AbortSignal.abort();
    const publishing = publish(store, publication('1', null, { signal }));
    await expect(publishing).rejects.toMatchObject({ kind: 'interrupted' });
    expect(await keys()).toEqual([]);
  });
});

describe('the newest commits', () => {
  it('are null and none where nothing was committed', async () => {
    expect(await latestCommit(store, 'd', 'p')).toBeNull();
    expect(await latestCommits(store, 'd')).toEqual(new Map());
  });

  it('are found beyond the ninth version, for keys sort as versions do', async () => {
    let base: Commit | null = null;
    for (let version = 1; version <= 12; version += 1) {
      base = (await publish(store, publication(`v${version}`, base))).commit;
    }
    expect((await latestCommit(store, 'd', 'p'))?.version).toBe(12);
    expect((await latestCommits(store, 'd')).get('p')?.version).toBe(12);
  });

  it('are those of the partition itself, not of one whose name begins alike or lies below', async () => {
    for (const partition of ['p', 'p2', 'p/q', 'P']) {
      await publish(store, publication(partition, null, { partition }));
    }
    expect((await latestCommit(store, 'd', 'p'))?.partition).toBe('p');
    expect([...(await latestCommits(store, 'd')).keys()].toSorted()).toEqual([
      'P',
      'p',
      'p/q',
      'p2',
    ]);
    expect(await latestCommits(store, 'd2')).toEqual(new Map());
  });

  it('pass over what is no commit below the prefix', async () => {
    const { commit } = await publish(store, publication('1', null));
    await store.put('_commits/d/p/notes.txt', utf8('x'));
    await store.put('_commits/d/p/9.json', utf8('x'));
    expect(await latestCommit(store, 'd', 'p')).toEqual(commit);
    expect(await latestCommits(store, 'd')).toEqual(new Map([['p', commit]]));
  });
});
