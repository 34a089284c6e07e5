import { describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { PipelineError } from '../../services/core/error.ts';
import {
  type Commit,
  commitKey,
  decodeCommit,
  encodeCommit,
  makeCommit,
} from '../../services/core/manifest.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import { latestCommits, publish } from '../../services/stages/shape/publish.ts';
import { seededBytes, seededRandom, textOf, utf8 } from '../support/bytes.ts';
import { allCommits } from '../support/invariants.ts';
import { START } from '../support/pipeline.ts';

const FLIPS = 1000;
const KEY = 'transformed_data/p.bin';
const emptyStore = (): ObjectStore => memoryStore({ bucket: 'b', clock: manualClock(START) });

function flipped(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = bytes.slice();
  const at = Math.floor(random() * copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  return copy;
}

/** A store that damages one bit of the parts it takes, the first `times` of them. */
function damaging(store: ObjectStore, random: () => number, times = Infinity): ObjectStore {
  let left = times;
  return {
    ...store,
    putIfAbsent: async (key, body, options) => {
      const isPart = key.startsWith('transformed_data/') && body instanceof Uint8Array;
      const isHit = isPart && left > 0;
      if (isHit) left -= 1;
      return store.putIfAbsent(key, isHit ? flipped(body, random) : body, options);
    },
  };
}

const bytes = seededBytes(500, 1);
const publication = {
  dataset: 'raw_data',
  partition: 'p',
  attributes: {},
  parts: [{ key: KEY, bytes, rows: 1, attributes: {} }],
  base: null,
};

function tryDecode(key: string, text: Uint8Array): { decoded: Commit | null; kind: string | null } {
  try {
    return { decoded: decodeCommit(key, text), kind: null };
  } catch (error) {
    return { decoded: null, kind: error instanceof PipelineError ? error.kind : String(error) };
  }
}

describe('a flipped bit', () => {
  it(`in a part on its way into the store is found before the commit, ${FLIPS} of ${FLIPS}`, async () => {
    const random = seededRandom(4711);
    for (let flip = 0; flip < FLIPS; flip += 1) {
      const store = emptyStore();
      await expect(publish(damaging(store, random), publication)).rejects.toMatchObject({
        kind: 'unavailable',
        message: expect.stringContaining('bytes read back are not those sent'),
      });
      expect(await allCommits(store)).toEqual([]);
    }
  });

  it('in one write only leaves that object unnamed: the commit names a good one beside it', async () => {
    const store = emptyStore();
    const { commit } = await publish(damaging(store, seededRandom(1), 1), publication);
    const [part] = commit.parts;
    expect(part?.key).toMatch(/^transformed_data\/p-[0-9a-f]{8}\.bin$/);
    expect(await store.get(part?.key ?? '')).toEqual(bytes);
  });

  it('in a part that was there before the commit is not taken for the part', async () => {
    const store = emptyStore();
    await store.put(KEY, flipped(bytes, seededRandom(2)));
    const { commit } = await publish(store, publication);
    expect(await store.get(commit.parts[0]?.key ?? '')).toEqual(bytes);
    expect(commit.parts[0]?.key).not.toBe(KEY);
  });

  it('anywhere in a commit makes it refused, or is no change of its content', () => {
    const commit = makeCommit({
      dataset: 'raw_data',
      partition: 'july17_x',
      version: 12,
      attributes: { ingestion_date: '2017-07-31' },
      parts: ['a', 'b'].map((name) => {
        const attributes = { metric_type: name };
        return { key: `${name}.parquet`, sizeBytes: 10, rows: 3, sha256: 'ab12', attributes };
      }),
    });
    const key = commitKey('raw_data', 'july17_x', 12);
    const encoded = encodeCommit(commit);
    let refused = 0;
    for (let bit = 0; bit < encoded.length * 8; bit += 1) {
      const altered = new Uint8Array(encoded);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const { decoded, kind } = tryDecode(key, altered);
      expect(decoded ?? kind).toEqual(decoded ? commit : 'input-invalid');
      if (kind !== null) refused += 1;
    }
    expect(refused).toBeGreaterThan(encoded.length * 5);
  });
});

describe('an altered commit', () => {
  const alter = async (change: (text: string) => string): Promise<unknown> => {
    const store = emptyStore();
    await publish(store, publication);
    const key = commitKey('raw_data', 'p', 1);
    await store.put(key, utf8(change(textOf(await store.get(key)) ?? '')));
    return latestCommits(store, 'raw_data');
  };

  it.each([
    ['cut short', (text: string) => text.slice(0, 100)],
    ['empty', () => ''],
    ['null', () => 'null'],
    ['a list', () => '[]'],
    ['without parts', (text: string) => text.replace(/"parts": \[.*\]/s, '"parts": null')],
    ['with a part that is none', (text: string) => text.replace(/"parts": \[/, '"parts": [null,')],
    ['with other rows', (text: string) => text.replace('"rows": 1', '"rows": 2')],
    ['with another key', (text: string) => text.replace('p.bin', 'q.bin')],
    ['with another version', (text: string) => text.replace('"version": 1', '"version": 7')],
    ['with another digest', (text: string) => text.replace(/"digest": "./, '"digest": "x')],
    [
      'of another partition',
      () => {
        const { dataset, attributes } = publication;
        const other = { dataset, attributes, partition: 'other', version: 1, parts: [] };
        return Buffer.from(encodeCommit(makeCommit(other))).toString();
      },
    ],
  ])('(%s) is refused with its key', async (_how, change) => {
    await expect(alter(change)).rejects.toMatchObject({
      kind: 'input-invalid',
      message: expect.stringContaining('_commits/raw_data/p/00000000000000000001.json'),
    });
  });
});
