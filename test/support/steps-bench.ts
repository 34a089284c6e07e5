import { manualClock } from '../../services/adapters/clock/manual.ts';
import { memoryStore } from '../../services/adapters/object-store/memory.ts';
import { dartmouthDb } from '../../services/pipelines/fama-french/database.ts';
import type { ObjectStore } from '../../services/ports/object-store.ts';
import type { QueryEngine } from '../../services/ports/query-engine.ts';
import type { Source } from '../../services/ports/source.ts';
import { openDatabase } from '../../services/stages/serve/database.ts';
import { listOf, textOf } from './bytes.ts';
import { type Bench, openOwnEngine, START } from './pipeline.ts';
import { tempFolder } from './temp-folder.ts';

/** An empty bucket in memory with what a test of the pipeline asks of it. */
export interface StepsBench extends AsyncDisposable {
  bench: Bench;
  store: ObjectStore;
  /** The keys below a prefix. */
  keys(prefix?: string): Promise<string[]>;
  /** The text of an object; fails when it is not there. */
  text(key: string): Promise<string>;
  /** Opens dartmouth_db for the work and closes it. */
  withDatabase<T>(work: (engine: QueryEngine) => Promise<T>, asOf?: string): Promise<T>;
}

/** Makes a bench for a site; `source` may be of any kind. */
export async function stepsBench(site: { source: Source; pageUrl: string }): Promise<StepsBench> {
  const folder = await tempFolder();
  const store = memoryStore({ bucket: 'dartmouth-etl', clock: manualClock(START) });
  const { source, pageUrl } = site;
  const bench: Bench = { store, source, pageUrl, openEngine: openOwnEngine, folder: folder.path };
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  const { signal } = new AbortController();
  const cache = `${folder.path}/cache`;
  return {
    bench,
    store,
    keys: async (prefix = '') => (await listOf(store.list(prefix))).map(({ key }) => key),
    text: async (key) => {
      const text = textOf(await store.get(key));
      if (text === null) throw new Error(`no object ${key}`);
      return text;
    },
    withDatabase: async (work, asOf) => {
      const ports = { store, openEngine: openOwnEngine, log, signal, cache };
      const engine = await openDatabase(ports, dartmouthDb, asOf ?? null);
      try {
        return await work(engine);
      } finally {
        await engine.close();
      }
    },
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

function ignore(): void {}
