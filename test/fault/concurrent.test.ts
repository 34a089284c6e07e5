import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../services/adapters/clock/manual.ts';
import { filesystemStore } from '../../services/adapters/object-store/filesystem.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { s3Store } from '../../services/adapters/object-store/s3.ts';
import { PipelineError } from '../../services/core/error.ts';
import type { Body, CallOptions, ObjectStore } from '../../services/ports/object-store.ts';
import { latestCommit, publish } from '../../services/stages/shape/publish.ts';
import { seededRandom, utf8 } from '../support/bytes.ts';
import { allCommits, brokenInvariants, partFaults } from '../support/invariants.ts';
import { contentOf, goodRun, openOwnEngine, runPipeline, START } from '../support/pipeline.ts';
import { describeWith, isEverythingRequired, someOf } from '../support/require-component.ts';
import { minioProgram, type S3Server, startMinio } from '../support/s3-server.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { tinyCsv, tinySite, zipOf, zipPath } from '../support/tiny-site.ts';

const WRITERS = 10;
const LOOP_MS_MAX = 300_000;
const clock = manualClock(START);

/** Commits on top of what the writer saw; two of the ten bring the same content. */
async function writeOnce(store: ObjectStore, round: number, writer: number): Promise<string> {
  const base = await latestCommit(store, 'raw_data', 'p');
  const content = `round ${round}, writer ${writer === 1 ? 0 : writer}`;
  const parts = [{ key: 'transformed_data/p.bin', bytes: utf8(content), rows: 1, attributes: {} }];
  try {
    const publication = { dataset: 'raw_data', partition: 'p', attributes: {}, parts, base };
    return (await publish(store, publication)).outcome;
  } catch (error) {
    if (error instanceof PipelineError && error.kind === 'conflict') return 'conflict';
    throw error;
  }
}

/** What ten writers left behind after so many rounds, and what they were told. */
async function race(store: ObjectStore, rounds: number) {
  const outcomes = new Map<string, number>();
  let roundsWithoutCommit = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const writing = Array.from({ length: WRITERS }, (_, writer) => writeOnce(store, round, writer));
    const ends = await Promise.all(writing);
    if (!ends.includes('committed')) roundsWithoutCommit += 1;
    for (const end of ends) outcomes.set(end, (outcomes.get(end) ?? 0) + 1);
  }
  const versions = (await allCommits(store)).map(({ version }) => version);
  const told = (end: string): number => outcomes.get(end) ?? 0;
  return {
    roundsWithoutCommit,
    versions,
    committed: told('committed'),
    losers: told('conflict') + told('already'),
    hasConflicts: told('conflict') > 0,
    partFaults: await partFaults(store),
  };
}

/** One commit for each version from 1 on, and nobody who was told anything else than the truth. */
function wellRaced({ versions }: Awaited<ReturnType<typeof race>>, rounds: number) {
  return {
    roundsWithoutCommit: 0,
    versions: versions.map((_, at) => at + 1),
    committed: versions.length,
    losers: rounds * WRITERS - versions.length,
    hasConflicts: true,
    partFaults: [],
  };
}

const folderRounds = isEverythingRequired() ? 100 : 10;

describe('ten writers of one partition: each version has one commit, none is missing, losers get conflict or already', () => {
  it('100 rounds on the memory store', async () => {
    const raced = await race(memoryStore({ bucket: 'b', clock }), 100);
    expect(raced).toEqual(wellRaced(raced, 100));
  });

  it(
    `${folderRounds} rounds on the filesystem store (100 with ARGOSY_TEST_REQUIRE=all)`,
    async () => {
      await using folder = await tempFolder();
      const store = filesystemStore({ folder: folder.path, bucket: 'b' });
      const raced = await race(store, folderRounds);
      expect(raced).toEqual(wellRaced(raced, folderRounds));
    },
    LOOP_MS_MAX,
  );

  describeWith(minioProgram(), 'on MinIO', (program) => {
    const rounds = isEverythingRequired() ? 100 : 2;
    let server: S3Server;
    beforeAll(async () => {
      server = await startMinio(program);
      await server.createBucket('argosy-test');
    }, 60_000);
    afterAll(() => server.stop());

    it(
      `${rounds} rounds (100 with ARGOSY_TEST_REQUIRE=all)`,
      async () => {
        const { connection } = server;
        const raced = await race(s3Store({ bucket: 'argosy-test', connection }), rounds);
        expect(raced).toEqual(wellRaced(raced, rounds));
      },
      LOOP_MS_MAX,
    );
  });
});

/** The same store, each call of which lets others go first a few times. */
function unevenStore(store: ObjectStore, random: () => number): ObjectStore {
  const yielding = async (): Promise<void> => {
    for (let turns = Math.floor(random() * 6); turns > 0; turns -= 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  };
  const late =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await yielding();
      const result = await call(...args);
      await yielding();
      return result;
    };
  return {
    ...store,
    put: late((key: string, body: Body, options?: CallOptions) => store.put(key, body, options)),
    putIfAbsent: late((key: string, body: Body, options?: CallOptions) =>
      store.putIfAbsent(key, body, options),
    ),
    get: late((key: string, options?: CallOptions) => store.get(key, options)),
    head: late((key: string, options?: CallOptions) => store.head(key, options)),
    list: async function* list(prefix, options) {
      await yielding();
      yield* store.list(prefix, options);
    },
  };
}

describe('two whole runs that race', () => {
  let folder: TempFolder;
  beforeAll(async () => {
    folder = await tempFolder();
  });
  afterAll(() => folder.remove());

  it.each(someOf([1, 2, 3, 4]))('end in the bytes of a single run (seed %i)', async (seed) => {
    const site = tinySite();
    const { source, pageUrl } = site;
    const bench = { source, pageUrl, openEngine: openOwnEngine, folder: folder.path };
    const [single, raced] = [1, 2].map(() => memoryStore({ bucket: 'b', clock }));
    if (!single || !raced) throw new Error('no stores');
    const store = unevenStore(raced, seededRandom(seed * 7919));
    const sides = [
      { store: raced, runId: 'racer-1' },
      { store, runId: 'racer-2' },
    ];
    for (const logicalDate of ['2026-11-21', '2026-11-22']) {
      await goodRun({ ...bench, store: single }, { runId: logicalDate, logicalDate });
      const racing = sides.map((side) =>
        runPipeline(
          { ...bench, store: side.store },
          { runId: side.runId + logicalDate, logicalDate },
        ),
      );
      expect((await Promise.all(racing)).map(({ error }) => error)).toEqual([null, null]);
      expect(await contentOf(raced)).toEqual(await contentOf(single));
      expect(await brokenInvariants({ ...bench, store: raced }, folder.path)).toEqual([]);
      site.files.set(
        zipPath('201707'),
        zipOf({ '6_Portfolios_2x3.CSV': tinyCsv({ nudge: seed }) }),
      );
    }
  });
});
