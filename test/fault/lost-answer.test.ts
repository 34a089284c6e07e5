import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { PipelineError } from '../../services/core/error.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { latestCommit, publish, type Published } from '../../services/stages/shape/publish.ts';
import { utf8 } from '../support/bytes.ts';
import { allCommits, brokenInvariants, partFaults } from '../support/invariants.ts';
import { contentOf, goodRun, sharedEngine, START } from '../support/pipeline.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { tinySite } from '../support/tiny-site.ts';

const clock = manualClock(START);
const emptyStore = (): ObjectStore => memoryStore({ bucket: 'b', clock });

interface Losing {
  store: ObjectStore;
  deletes: string[];
}

/** A store that loses the answers of put-if-absent for which `isLost` says `stored` or `unstored`. */
function losing(store: ObjectStore, isLost: (nth: number) => 'stored' | 'unstored' | null): Losing {
  const deletes: string[] = [];
  let count = 0;
  const putIfAbsent: ObjectStore['putIfAbsent'] = async (key, body, options) => {
    const lost = isLost((count += 1));
    const info = lost === 'unstored' ? null : await store.putIfAbsent(key, body, options);
    if (lost === null) return info;
    throw new PipelineError('commit-unknown', `put of ${key}: no answer`);
  };
  const remove: ObjectStore['delete'] = async (key) => {
    deletes.push(key);
  };
  return { store: { ...store, putIfAbsent, delete: remove }, deletes };
}

async function publishText(store: ObjectStore, text: string): Promise<Published> {
  const base = await latestCommit(store, 'raw_data', 'p');
  const parts = ['a', 'b'].map((name) => ({
    key: `transformed_data/${name}.bin`,
    bytes: utf8(`${name} ${text}`),
    rows: 1,
    attributes: {},
  }));
  return publish(store, { dataset: 'raw_data', partition: 'p', attributes: {}, parts, base });
}

const versions = async (store: ObjectStore) =>
  (await allCommits(store)).map(({ version }) => version);

describe('when the answers of put-if-absent are lost', () => {
  it('after they were stored, 100 of 100 commits are settled by reading, none twice, with no delete', async () => {
    const bare = emptyStore();
    const { store, deletes } = losing(bare, () => 'stored');
    for (let version = 1; version <= 100; version += 1) {
      const { outcome, commit } = await publishText(store, `version ${version}`);
      expect([outcome, commit.version]).toEqual(['committed', version]);
    }
    expect(await versions(bare)).toEqual(Array.from({ length: 100 }, (_, at) => at + 1));
    expect(await partFaults(bare)).toEqual([]);
    expect(deletes).toEqual([]);
  });

  it.each([1, 2, 3])(
    'before they were stored, %i times each, it is offered again',
    async (times) => {
      const bare = emptyStore();
      const { store, deletes } = losing(bare, (nth) =>
        nth % (times + 1) === 0 ? null : 'unstored',
      );
      for (const version of [1, 2, 3]) {
        // One part at a time, so that each write meets its own lost answers.
        const parts = [{ key: 't/a.bin', bytes: utf8(`v${version}`), rows: 1, attributes: {} }];
        const base = await latestCommit(store, 'raw_data', 'p');
        const publication = { dataset: 'raw_data', partition: 'p', attributes: {}, parts, base };
        expect(await publish(store, publication)).toMatchObject({ outcome: 'committed' });
      }
      expect(await versions(bare)).toEqual([1, 2, 3]);
      expect(await partFaults(bare)).toEqual([]);
      expect(deletes).toEqual([]);
    },
  );

  it('for good, it ends as commit-unknown with nothing visible, and the next try commits once', async () => {
    const bare = emptyStore();
    const isCommit = (nth: number) => (nth > 2 ? 'unstored' : null);
    const { store, deletes } = losing(bare, isCommit);
    await expect(publishText(store, 'x')).rejects.toMatchObject({ kind: 'commit-unknown' });
    expect(await versions(bare)).toEqual([]);
    expect(await publishText(bare, 'x')).toMatchObject({ outcome: 'committed' });
    expect(await versions(bare)).toEqual([1]);
    expect(deletes).toEqual([]);
  });

  it('while another writer took the version with other content, it is a conflict and the winner stays', async () => {
    const bare = emptyStore();
    const base = await latestCommit(bare, 'raw_data', 'p');
    await publishText(bare, 'winner');
    const { store } = losing(bare, (nth) => (nth === 2 ? 'unstored' : null));
    const parts = [{ key: 't/a.bin', bytes: utf8('loser'), rows: 1, attributes: {} }];
    const late = publish(store, {
      dataset: 'raw_data',
      partition: 'p',
      attributes: {},
      parts,
      base,
    });
    await expect(late).rejects.toMatchObject({ kind: 'conflict' });
    expect(await versions(bare)).toEqual([1]);
  });
});

describe('a run that loses the answer of one put-if-absent', () => {
  let folder: TempFolder;
  let engine: Awaited<ReturnType<typeof sharedEngine>>;
  beforeAll(async () => {
    folder = await tempFolder();
    engine = await sharedEngine(folder.path);
  });
  afterAll(async () => {
    await engine.close();
    await folder.remove();
  });

  it.each(['before', 'after'] as const)(
    'ends well and in the bytes of an undisturbed one (%s it was stored, every one of them)',
    async (when) => {
      const { source, pageUrl } = tinySite();
      const bench = { source, pageUrl, openEngine: engine.openEngine, folder: folder.path };
      const calm = emptyStore();
      let count = 0;
      await goodRun({ ...bench, store: losing(calm, (nth) => ((count = nth), null)).store });
      expect(count).toBeGreaterThan(10);
      // Counted by method: parts are written beside each other, so calls come in no certain order.
      for (let lost = 1; lost <= count; lost++) {
        const store = emptyStore();
        const fate = when === 'after' ? 'stored' : 'unstored';
        const forgetful = losing(store, (nth) => (nth === lost ? fate : null));
        await goodRun({ ...bench, store: forgetful.store });
        expect(await contentOf(store)).toEqual(await contentOf(calm));
        expect(await brokenInvariants({ ...bench, store }, folder.path)).toEqual([]);
      }
    },
  );
});
